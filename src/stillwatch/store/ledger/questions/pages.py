"""Reading a list of the ledger to its end: every question gives a page, and goes on after a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from stillwatch.domain.service_limits import LEDGER_PAGE_MAX

RowT = TypeVar("RowT")
PlaceT = TypeVar("PlaceT")


def all_pages(
    ask: Callable[[PlaceT], Sequence[RowT]], *, first: PlaceT, place: Callable[[RowT], PlaceT]
) -> Iterator[RowT]:
    """Read a list page by page."""
    at = first
    while True:
        rows = ask(at)
        yield from rows
        if len(rows) < LEDGER_PAGE_MAX:
            return
        at = place(rows[-1])
