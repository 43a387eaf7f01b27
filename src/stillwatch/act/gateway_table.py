"""The gateway's table as bytes: one line an effect in force, in one order, written in one way.

Every row has one spelling and one place, so that a table without a row is what it would have been
had the row never been decided, byte for byte. That is what makes a reversal exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl

from stillwatch.domain.errors import NotAResult
from stillwatch.domain.results import DECISION
from stillwatch.domain.schema import check_frame

TABLE_FILE: Final = "decisions.jsonl"
REVERSALS_FILE: Final = "reversals.jsonl"


def effect_lines(decisions: pl.DataFrame) -> list[bytes]:
    """Write each decision as a line, without its line end.

    Grain:   one line per decision, columns in the table's order. Order: as given.
    """
    rows = check_frame(decisions, DECISION).select(*DECISION.columns).iter_rows(named=True)
    return [orjson.dumps(row, option=orjson.OPT_UTC_Z) for row in rows]


def table_bytes(lines: Iterable[bytes]) -> bytes:
    """Put lines in the table's order, each once.

    Grain:   one line per (account_id, decision_id), in that order; of two, the later stays.
    """
    by_place = {}
    for line in lines:
        row = orjson.loads(line)
        by_place[row["account_id"], row["decision_id"]] = line
    return join_lines(line for _, line in sorted(by_place.items()))


def join_lines(lines: Iterable[bytes]) -> bytes:
    """End every line with a line feed.

    Cost:    linear in bytes.
    """
    return b"".join(line + b"\n" for line in lines)


def read_lines(path: Path) -> list[bytes]:
    """Read the lines of a file of JSON objects; no file has no lines.

    Raises:
        NotAResult: a line is no JSON object.
    """
    lines = path.read_bytes().splitlines() if path.exists() else []
    if any(_as_object(line) is None for line in lines):
        raise NotAResult(str(path.parent), missing=f"readable {path.name}")
    return lines


def read_reversals(place: Path) -> dict[str, dict[str, Any]]:
    """Read what was taken back, by decision.

    Grain:   one record per decision; a line torn by a crash records nothing.
    """
    path = place / REVERSALS_FILE
    lines = path.read_bytes().splitlines() if path.exists() else []
    records = (_as_object(line) for line in lines)
    return {record["decision_id"]: record for record in records if record}


def _as_object(line: bytes) -> dict[str, Any] | None:
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return content if isinstance(content, dict) and "decision_id" in content else None
