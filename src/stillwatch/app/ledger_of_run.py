"""What a run has done, written down as it goes: the content of `run.json`.

The pipeline opens a stage, says what came out of it, and says what stood aside; at the end the
records must add up. Read = exchanges + quarantined + duplicates + outside the window, at every
run, or nothing is written.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from stillwatch import __version__
from stillwatch.domain.errors import CountsDisagree
from stillwatch.domain.settings import Settings
from stillwatch.ingest.sources.unpack import InputFile

_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024
"""Bytes in which the system counts the peak: kibibytes everywhere but on macOS (getrusage(2))."""
_ACCOUNTED: Final = ("exchanges", "quarantined", "duplicates", "outside_window", "gone")
"""What a record that was read can have become; the last but one is 0 without --since and --until,
the last where nothing has left the lake."""


def describe_input(facts: InputFile, *, dialect: str, records: int | None = None) -> dict[str, Any]:
    """Name one input file as `run.json` does; the register's records are counted by kind."""
    return {
        "file": facts.name,
        "bytes": facts.size,
        "sha256": facts.sha256,
        "dialect": dialect,
        "records": records,
        "damage": facts.damage,
    }


@dataclass(slots=True)
class StageRecord:
    """One stage of the run."""

    stage: str
    rows_in: int
    rows_out: int = 0
    seconds: float = 0.0
    peak_bytes: int = 0
    """Peak of the whole process up to the end of the stage."""
    ended_s: float = 0.0
    """Seconds from the start of the run to the end of the stage, what lies between stages too."""


@dataclass(slots=True)
class RunLedger:
    """The run so far."""

    settings: Settings
    started_at: datetime
    inputs: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    nulled: dict[str, int] = field(default_factory=dict)
    stood_aside: list[dict[str, str]] = field(default_factory=list)
    stages: list[StageRecord] = field(default_factory=list)
    power: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)
    """When the run started, by the clock that nobody sets."""
    watch: dict[str, Any] = field(default_factory=dict)
    """What a watch says beside: its look, its window, what has become of each campaign."""
    answers: dict[str, Any] = field(default_factory=dict)
    """Which answers of people a watch went by, and what they have changed."""
    policy: dict[str, Any] = field(default_factory=dict)
    """Which policy decided, how often each of its rules, and what its guards stopped."""
    permissions: dict[str, Any] = field(default_factory=dict)
    """Of a watch: which permissions counted, and where each came from; names no account."""

    @contextmanager
    def stage(self, name: str, *, rows_in: int = 0) -> Iterator[StageRecord]:
        """Measure a stage; the block sets `rows_out`. A stage that fails is not recorded."""
        record = StageRecord(name, rows_in)
        began = time.perf_counter()
        yield record
        ended = time.perf_counter()
        record.seconds, record.ended_s = round(ended - began, 4), round(ended - self.began, 4)
        record.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
        self.stages.append(record)

    def stand_aside(self, check: str, *, reason: str) -> None:
        """Note a check that could not run on these logs; once is enough."""
        entry = {"check": check, "reason": reason}
        if entry not in self.stood_aside:
            self.stood_aside.append(entry)

    def check_counts(self) -> None:
        """Hold the records to their sum.

        Raises:
            CountsDisagree: some record was lost, or counted twice.
        """
        read = self.counts.get("read", 0)
        accounted = sum(self.counts.get(name, 0) for name in _ACCOUNTED)
        if read != accounted:
            raise CountsDisagree(read=read, accounted=accounted)

    def quarantined_share(self) -> float:
        """Give the share of the records read that were quarantined; of none, none."""
        return self.counts.get("quarantined", 0) / max(self.counts.get("read", 0), 1)

    def content(self, *, finished_at: datetime) -> dict[str, Any]:
        """Give the content of `run.json`.

        Raises:
            CountsDisagree: some record was lost, or counted twice.
        """
        self.check_counts()
        return {
            "stillwatch": __version__,
            "started_at": self.started_at.isoformat(),
            "finished_at": finished_at.isoformat(),
            "settings": asdict(self.settings),
            "inputs": self.inputs,
            "counts": self.counts,
            "nulled": self.nulled,
            "stood_aside": self.stood_aside,
            "stages": [asdict(one) for one in self.stages],
            "power": self.power,
            "files": self.files,
            **({"policy": self.policy} if self.policy else {}),
            **({"permissions": self.permissions} if self.permissions else {}),
            **({"watch": self.watch} if self.watch else {}),
            **({"answers": self.answers} if self.answers else {}),
        }
