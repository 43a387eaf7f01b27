"""The audit trail of one row, as a table of its page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from stillwatch.app.console.desk.changing import read_ledger
from stillwatch.app.console.desk.rows import sheet_of
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.report.figures import humanise
from stillwatch.store.ledger.audit.chain import AuditEntry
from stillwatch.store.ledger.audit.trails import Wanted, list_trail

COLUMNS: Final = (
    Column("number", "Entry", "count"),
    Column("at", "When", "when"),
    Column("actor", "Who"),
    Column("did", "Did"),
    Column("detail", "With"),
)
ALL_COLUMNS: Final = (
    *COLUMNS[:4],
    Column("subject_id", "To", "code", note="kind"),
    COLUMNS[4],
)
_HASH_CHARS: Final = 48
"""Longer values are hashes; a person compares their beginning."""
_HASH_SHOWN: Final = 12
_UNSAID: Final = ("version",)
"""Facts that say nothing to a person."""


def trail_sheet(asked: Asked, kind: str, subject_id: str) -> Sheet:
    """Give the audit trail of one row, the newest entry first.

    Raises:
        RefusedPageError: the ledger can't be read.
    """
    wanted = Wanted(kind=kind, subject_id=subject_id)
    entries = read_ledger(asked, lambda view: list_trail(view, wanted))
    return sheet_of("trail", "Audit trail", columns=COLUMNS, rows=describe_entries(entries))


def describe_entries(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """Give audit entries as rows, in words."""
    return [
        {
            "number": one.number,
            "at": one.at,
            "actor": one.actor,
            "did": humanise(one.verb.partition(".")[2] or one.verb),
            "kind": humanise(one.kind).lower(),
            "subject_id": one.subject_id,
            "detail": _word(one.detail),
        }
        for one in entries
    ]


def _word(detail: str) -> str:
    try:
        facts = orjson.loads(detail)
    except orjson.JSONDecodeError:  # somebody has written into the database
        return detail
    if not isinstance(facts, Mapping):
        return detail
    told = (f"{humanise(k).lower()} {_plain(v)}" for k, v in facts.items() if k not in _UNSAID)
    return ", ".join(told)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    said = str(value)
    return f"{said[:_HASH_SHOWN]}…" if len(said) > _HASH_CHARS else said.replace("_", " ")
