"""Where looks leave their results: a folder of them, and which is the newest.

    2026-11-30T134500Z/   a result, as a watch of that moment gives it
    newest.json           which one, written after it is complete

A reader follows `newest.json` and sees whole results only. Older results are removed beyond
service_limits.RESULTS_KEPT_MAX; whoever wants one longer copies it.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson

from stillwatch.domain import service_limits
from stillwatch.store.durable import replace_file

NEWEST: Final = "newest.json"
_FORM: Final = "%Y-%m-%dT%H%M%S.%fZ"


class ResultsFolder:
    """A folder of results."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def name_next(self, now: datetime) -> Path:
        """Name the result of a look that begins now."""
        return self.place / now.strftime(_FORM)

    def publish(self, result: Path) -> None:
        """Say that a result is complete, and the newest; remove those that are too old."""
        replace_file(self.place / NEWEST, orjson.dumps({"result": result.name}))
        for old in self.results()[: -service_limits.RESULTS_KEPT_MAX]:
            shutil.rmtree(old, ignore_errors=True)

    def newest(self) -> Path | None:
        """Give the newest result; None before the first."""
        try:
            told = orjson.loads((self.place / NEWEST).read_bytes())
        except FileNotFoundError:
            return None
        return self.place / str(told["result"])

    def results(self) -> list[Path]:
        """List the results, the oldest first."""
        if not self.place.is_dir():
            return []
        return sorted(p for p in self.place.iterdir() if p.is_dir() and not p.name.startswith("."))
