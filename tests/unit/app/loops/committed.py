"""A journal and a lake for tests of the committer, and exchanges to put through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

import orjson
import polars as pl

from stillwatch.app.loops.committing import Committer
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.store.lake import Lake
from stillwatch.store.segments import Journal, SegmentFolder, pack_record

KEY: Final = PseudonymKey.from_bytes(bytes(range(16)))
_PATIENCE_S: Final = 30


def exchange(number: int, **changes: object) -> dict[str, Any]:
    """Make an exchange in the native form."""
    return {
        "exchange_id": f"e{number}",
        "time": 1_767_225_600 + 60 * number,
        "account_id": f"a{number % 7}",
        "ip": f"198.51.100.{number % 200}",
        "prompt": f"Please explain in four or more words the number {number} to my class.",
        "response": "It is a number.",
        "model": "m-1",
        **changes,
    }


def ndjson(rows: Sequence[dict[str, Any]]) -> bytes:
    """Write rows as lines."""
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


@dataclass
class Place:
    """A folder of segments and a lake."""

    journal: Path
    lake: Path

    def keep(self, *bodies: bytes, kind: str = "native") -> None:
        """Acknowledge bodies, and finish the segment."""
        journal = Journal(SegmentFolder(self.journal), secret=KEY.to_bytes(), clock_s=monotonic)
        for body in bodies:
            journal.append(pack_record(kind, body)).result(_PATIENCE_S)
        journal.close()

    def committer(self) -> Committer:
        """Give what commits it."""
        return Committer(SegmentFolder(self.journal), self.lake, KEY, Settings())

    def rows(self, table: str = "observed") -> pl.DataFrame:
        """Read a table of the lake."""
        return Lake(self.lake).read(table)

    def waiting(self) -> list[str]:
        """Name the files of the journal."""
        return sorted(path.suffix for path in self.journal.iterdir())
