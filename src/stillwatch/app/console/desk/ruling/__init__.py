"""Ruling: policies with their versions, problems and backtests, and permissions."""

from typing import Final

from stillwatch.app.console.desk.ruling import backtest, editing, permissions, policies
from stillwatch.app.console.frame.page import Page

PAGES: Final[tuple[Page, ...]] = (
    *policies.PAGES,
    *editing.PAGES,
    *backtest.PAGES,
    *permissions.PAGES,
)
