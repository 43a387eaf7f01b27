"""Deciding: what waits, what somebody wants, what it would do, and what becomes of a decision."""

from typing import Final

from stillwatch.app.console.desk.deciding import asking, decision, decisions, moves, rollout
from stillwatch.app.console.frame.page import Page

PAGES: Final[tuple[Page, ...]] = (
    decisions.PAGE,
    decisions.WAITING,
    asking.PAGE,
    decision.PAGE,
    rollout.PAGE,
    *moves.PAGES,
)
