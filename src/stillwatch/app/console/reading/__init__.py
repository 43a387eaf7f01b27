"""What a result tells the pages: its tables, read once and kept as long as it is the newest."""

from stillwatch.app.console.reading.newest import Readings, make_ready
from stillwatch.app.console.reading.reading import Reading

__all__ = ["Reading", "Readings", "make_ready"]
