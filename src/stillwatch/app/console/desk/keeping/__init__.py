"""Keeping: the audit log, users, keys and sessions, settings, and how people come in."""

from typing import Final

from stillwatch.app.console.desk.keeping import audit, entering, keys, settings, users
from stillwatch.app.console.frame.page import Page

PAGES: Final[tuple[Page, ...]] = (
    *audit.PAGES,
    *users.PAGES,
    *keys.PAGES,
    *settings.PAGES,
    *entering.PAGES,
)
