"""The pages of a result, a file each, in the order of the navigation."""

from __future__ import annotations

from typing import Final

from stillwatch.app.console.frame.page import Page
from stillwatch.app.console.pages import alive, groups

PAGES: Final[tuple[Page, ...]] = (groups.PAGE, alive.PAGE)
