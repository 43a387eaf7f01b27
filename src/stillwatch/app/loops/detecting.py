"""The detection loop: looks at the lake's window while there is something new to look at.

Calls `run_watch` as the command does, with a result in a folder of results each time, and says
which is the newest. A look at what was looked at before is passed by without opening the window.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from stillwatch.app.loops.beside_ledger import LookRules
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.app.pipeline import run_watch
from stillwatch.app.progress import Progress
from stillwatch.app.requests import ScanOutcome, WatchRequest
from stillwatch.app.settings import utc_now
from stillwatch.app.steps.facts import read_facts, read_looks
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import is_lake


@dataclass
class Detector:
    """What looks at a lake again and again."""

    lake: Path
    results: ResultsFolder
    key: PseudonymKey
    settings: Settings
    window_days: int | None = None
    seed: int = 0
    rules: LookRules = field(default_factory=LookRules)

    def look_if_new(self, progress: Progress) -> ScanOutcome | None:
        """Look, if anything was ingested since the look before; None where nothing was.

        Answers alone start no look: the next one goes by them.

        Raises:
            StillwatchError: as `run_watch`, or the rules can't be read; no result is left.
        """
        if not self._is_new():
            return None
        now = utc_now()
        policy, beforehand = self.rules.read(now=now)
        out = self.results.name_next(now)
        outcome = run_watch(
            WatchRequest(self.lake, out, self.window_days, self.seed, policy, beforehand),
            settings=self.settings,
            key=self.key,
            now=now,
            progress=progress,
        )
        self.results.publish(out)
        return outcome

    def _is_new(self) -> bool:
        if not is_lake(self.lake):
            return False
        lake = Lake(self.lake)
        ingests = read_facts(lake)
        if not any(one.counts.get("exchanges") for one in ingests):
            return False
        looks = read_looks(lake)
        seen = looks[-1].ingests if looks else 0
        return len(ingests) > seen or self.results.newest() is None
