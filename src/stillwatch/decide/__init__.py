"""The decide stage."""
