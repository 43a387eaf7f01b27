"""Working: cases and the answers that close them, appeals and their reviews."""

from typing import Final

from stillwatch.app.console.desk.working import appeal, appeals, case, case_moves, cases
from stillwatch.app.console.frame.page import Page

PAGES: Final[tuple[Page, ...]] = (
    cases.PAGE,
    cases.OPEN,
    case.PAGE,
    *case_moves.PAGES,
    appeals.PAGE,
    *appeal.PAGES,
)
