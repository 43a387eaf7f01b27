"""The newest result, and what the pages of its largest campaigns need, made before anybody asks.

A result is opened when a page first asks for the newest. Then, in a thread, while a person still
reads the overview, `accounts`, `evidence` and TIE become what the campaigns' pages show; the
reading keeps it. Nothing made ahead depends on the effects in force, which may not be known yet.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread
from typing import Final

import polars as pl

from stillwatch.app.console.reading.graph import draw_together
from stillwatch.app.console.reading.members import weigh_members
from stillwatch.app.console.reading.reading import Reading
from stillwatch.app.console.reading.similar import find_similar
from stillwatch.app.service.telemetry import tell
from stillwatch.domain.errors import StillwatchError
from stillwatch.store.results import read_result

AHEAD_MAX: Final = 3
"""Campaigns that are made ready: those of many accounts are slow, and people open those first."""


def make_ready(reading: Reading) -> None:
    """Have the members, graph and likenesses of the largest campaigns made.

    A result that can't be read is left to the page that needs it, which says what is wrong.

    Cost:    half a second of one core for 20,000 accounts, once a result.
    """
    try:
        largest = reading.campaigns.sort("accounts", "campaign_id", descending=[True, False])
        for name in largest["campaign_id"].head(AHEAD_MAX):
            weigh_members(reading, name)
            draw_together(reading, name)
            find_similar(reading, name)
    except (StillwatchError, OSError, ValueError, pl.exceptions.PolarsError) as fault:
        tell("console.ahead", kind=type(fault).__name__)


class Readings:
    """The newest result, read; another one takes its place when there is one."""

    def __init__(
        self,
        results: Callable[[], Path | None],
        *,
        ahead: Callable[[Reading], None] | None = None,
    ) -> None:
        self._results = results
        self._ahead = ahead
        self._lock = Lock()
        self._newest: Reading | None = None

    def newest(self) -> Reading | None:
        """Give the newest result; None before the first.

        Raises:
            NotAResult: what is named is none.
        """
        place = self._results()
        with self._lock:
            if place is None:
                return None
            if self._newest is None or self._newest.place != place:
                self._newest = Reading(read_result(place))
                if self._ahead is not None:
                    arguments = (self._newest,)
                    Thread(target=self._ahead, args=arguments, name="ahead", daemon=True).start()
            return self._newest
