"""The app stage."""
