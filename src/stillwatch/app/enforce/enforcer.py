"""The round of enforcement: settle every second, and enforce a look when a new one is published.

Runs in a process of its own (`stillwatch enforce`), so that ruling a look slows no answer. A look
that fails is told and tried again; what people approved is put in force meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from stillwatch.app.enforce.enforcing import Enforced, Rules, enforce_look
from stillwatch.app.enforce.from_looks.looks import read_look
from stillwatch.app.enforce.settling import Settled, settle
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.store.ledger import Ledger


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

    def settle(self) -> Settled:
        """Put in force what is approved, and end what is over.

        Raises:
            LedgerError: the ledger can't be read or written.
        """
        channels = self.rules.enforce.channel_names()
        return settle(self.ledger, channels=channels, clock=self.clock)

    def enforce_newest(self) -> Enforced | None:
        """Enforce the newest look, if it is another than the last time; None where it isn't.

        Raises:
            StillwatchError: it can't be; it is tried again at the next call.
        """
        newest = self.results.newest() if self.results is not None else None
        if newest is None or newest == self._last:
            return None
        look = read_look(newest, lake=self.lake)
        done = enforce_look(self.ledger, look, rules=self.rules, clock=self.clock)
        self._last = newest
        return done
