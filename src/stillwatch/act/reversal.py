"""Taking an effect back, exactly, and leaving a proof that it was.

The record goes into `reversals.jsonl` first, with the row as it stood and the table's hashes
before and after; then the table is replaced in one step. After a crash between the two the record
is there and the row too, and the next call finishes the work. A file that only grows can be
checked by anybody: put the row back at its line, and the hash is the one before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from stillwatch.act.gateway_table import (
    REVERSALS_FILE,
    TABLE_FILE,
    join_lines,
    read_lines,
    read_reversals,
)
from stillwatch.domain.errors import NotAResult, UnknownSubject
from stillwatch.store.durable import append_line, held_alone, replace_file


@dataclass(frozen=True, slots=True)
class Reversal:
    """One effect taken back."""

    decision_id: str
    account_id: str
    effect: str
    reverted_at: str
    """UTC instant of the first reversal, RFC 3339."""
    line: int
    """Where the row stood, from 1."""
    removed_row: str
    """The row, character for character."""
    table_sha256_before: str
    table_sha256_after: str


def revert_effect(result: Path, decision_id: str, *, now: datetime) -> tuple[Reversal, bool]:
    """Take a decision out of the gateway's table; also say whether that was news.

    Order:  the other rows stay as they are, byte for byte.
    A second call changes nothing and gives the first one's record, with False.

    Raises:
        NotAResult: the directory has no gateway table.
        UnknownSubject: the decision neither is in force nor was reverted.
    """
    table = result / TABLE_FILE
    if not table.is_file():
        raise NotAResult(str(result), missing=TABLE_FILE)
    with held_alone(result):
        lines = read_lines(table)
        at = next((i for i, line in enumerate(lines) if _id_of(line) == decision_id), None)
        recorded = read_reversals(result).get(decision_id)
        if at is None and recorded is None:
            raise UnknownSubject(decision_id, where=str(result))
        if at is not None:
            kept = join_lines(lines[:at] + lines[at + 1 :])
            if recorded is None:
                reversal = _describe(lines, at, kept=kept, now=now)
                append_line(result / REVERSALS_FILE, orjson.dumps(asdict(reversal)))
            replace_file(table, kept)
    return (reversal, True) if recorded is None else (Reversal(**recorded), False)


def _describe(lines: list[bytes], at: int, *, kept: bytes, now: datetime) -> Reversal:
    row: dict[str, Any] = orjson.loads(lines[at])
    return Reversal(
        decision_id=row["decision_id"],
        account_id=row["account_id"],
        effect=row["effect"],
        reverted_at=now.isoformat(),
        line=at + 1,
        removed_row=lines[at].decode(),
        table_sha256_before=sha256(join_lines(lines)).hexdigest(),
        table_sha256_after=sha256(kept).hexdigest(),
    )


def _id_of(line: bytes) -> str:
    return str(orjson.loads(line)["decision_id"])
