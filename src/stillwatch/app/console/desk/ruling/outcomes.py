"""Backtests that were run lately, so that their page has an address: sorted, exported, reloaded.

They are kept in memory, a few of them, each for whoever ran it; a restart forgets them, and the
page says so.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Final

KEPT_MAX: Final = 16
"""Backtests kept: some for each of a few people; 10,000 accounts of each are a megabyte or two."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One backtest that was run."""

    owner: str
    name: str
    text: str
    at: datetime
    outcome: Mapping[str, Any]


class Outcomes:
    """The newest backtests, by an id that nobody guesses."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def keep(self, run_id: str, kept: Kept) -> None:
        """Keep one; beyond KEPT_MAX the oldest is forgotten."""
        with self._lock:
            self._kept[run_id] = kept
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)

    def find(self, run_id: str, *, owner: str) -> Kept | None:
        """Give one; None where it is forgotten, or another person's."""
        with self._lock:
            found = self._kept.get(run_id)
        return found if found is not None and found.owner == owner else None


OUTCOMES: Final = Outcomes()
