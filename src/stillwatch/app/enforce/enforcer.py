"""The round of enforcement: settle every second, and enforce a look when a new one is published.

Runs in a process of its own (`stillwatch enforce`), so that ruling a look slows no answer. A look
that fails is told and tried again; what people approve is put in force meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from stillwatch.app.enforce.enforcing import Enforced, Rules, enforce_look
from stillwatch.app.enforce.from_looks.looks import read_look
from stillwatch.app.enforce.leaving_out import LeavingOut
from stillwatch.app.enforce.settling import Settled, settle
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.domain.errors import StillwatchError
from stillwatch.domain.service_limits import COMMIT_BACK_OFF_S_MAX
from stillwatch.store.ledger import Ledger

_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(seconds=COMMIT_BACK_OFF_S_MAX)


@dataclass
class Enforcer:
    """What brings looks to effect, again and again."""

    ledger: Ledger
    rules: Rules
    results: ResultsFolder | None
    """None = nobody looks from here; what people propose and approve is put in force still."""
    lake: Path | None
    clock: Callable[[], datetime]
    _last: Path | None = field(default=None, repr=False)
    _pause: timedelta = field(default=_FIRST_PAUSE, repr=False)
    _not_before: datetime | None = field(default=None, repr=False)
    _leaving: LeavingOut = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Look for who has to be left out in the register of the lake."""
        self._leaving = LeavingOut(self.lake)

    def settle(self) -> Settled:
        """Put in force what is approved, and end what is over.

        Raises:
            LedgerError: the ledger can't be read or written.
        """
        channels = self.rules.enforce.channel_names()
        return settle(self.ledger, channels=channels, clock=self.clock, leaving=self._leaving)

    def enforce_newest(self) -> Enforced | None:
        """Enforce the newest look, if it is another than the last time; None where it isn't.

        Raises:
            StillwatchError, OSError: it can't be; it is tried again after a pause that doubles up
                to COMMIT_BACK_OFF_S_MAX.
        """
        newest = self.results.newest() if self.results is not None else None
        if newest is None or newest == self._last or self._is_pausing():
            return None
        try:
            look = read_look(newest, lake=self.lake)
            done = enforce_look(self.ledger, look, rules=self.rules, clock=self.clock)
        except (StillwatchError, OSError):
            self._not_before = self.clock() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            raise
        self._last, self._pause, self._not_before = newest, _FIRST_PAUSE, None
        return done

    def _is_pausing(self) -> bool:
        return self._not_before is not None and self.clock() < self._not_before
