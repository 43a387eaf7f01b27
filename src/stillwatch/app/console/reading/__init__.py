"""What a result tells the pages: its tables, read once and kept as long as it is the newest."""

from stillwatch.app.console.reading.reading import Reading, Readings

__all__ = ["Reading", "Readings"]
