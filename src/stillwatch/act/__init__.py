"""The act stage."""
