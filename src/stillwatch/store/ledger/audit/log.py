"""Adding to the audit log: lock the head, look at it, write the entries, put the head forward.

The head is looked at before anything is added: had it been made anew without the key, the next
honest entry would set our seal under a forgery. So a broken head stops every write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from stillwatch.store.ledger.audit.chain import (
    ENTRIES,
    HEAD_ID,
    HEADS,
    Head,
    genesis_hash,
    hash_entry,
    is_mac_of,
    mac_head,
)
from stillwatch.store.ledger.audit.key import AuditKey
from stillwatch.store.ledger.errors import AuditBroken


@dataclass(frozen=True, slots=True)
class Note:
    """What an entry will say, before it has a number."""

    verb: str
    kind: str
    subject_id: str
    detail: str
    image_hash: str | None


def found_log(connection: sa.Connection, *, ledger_id: str, key: AuditKey, now: datetime) -> None:
    """Write the head of a chain without entries."""
    head_hash = genesis_hash(ledger_id)
    mac = mac_head(key, ledger_id=ledger_id, entries=0, head_hash=head_hash)
    row = Head(
        head_id=HEAD_ID,
        ledger_id=ledger_id,
        entries=0,
        head_hash=head_hash,
        head_mac=mac,
        made_at=now,
    )
    connection.execute(
        sa.insert(HEADS).values({n: getattr(row, n) for n in (c.name for c in HEADS.columns)})
    )


def read_head(connection: sa.Connection, *, where: str, locks: bool = False) -> Head:
    """Read the head of the chain; a writer locks it, and is then alone until its end.

    Raises:
        AuditBroken: there is none.
    """
    asked = sa.select(HEADS).where(HEADS.c.head_id == HEAD_ID)
    found = connection.execute(asked.with_for_update() if locks else asked).mappings().first()
    if found is None:
        raise AuditBroken(where, says="its head is missing")
    return Head(**found)


def lock_head(connection: sa.Connection, *, key: AuditKey, where: str) -> Head:
    """Lock the head for writing and look at it.

    Cost:    two rows.

    Raises:
        AuditBroken: its HMAC is not ours, or the last entry is not the one that it names.
    """
    head = read_head(connection, where=where, locks=True)
    if not is_mac_of(head.head_mac, key, head=(head.ledger_id, head.entries, head.head_hash)):
        raise AuditBroken(where, says="its head was written without the audit key, or with another")
    last = connection.execute(
        sa.select(ENTRIES.c.number, ENTRIES.c.entry_hash).order_by(ENTRIES.c.number.desc()).limit(1)
    ).first()
    expected = (head.entries, head.head_hash) if head.entries else None
    if (tuple(last) if last else None) != expected:
        raise AuditBroken(where, says=f"its last entry is not number {head.entries} as it was")
    return head


def append_notes(
    connection: sa.Connection,
    notes: Sequence[Note],
    *,
    head: Head,
    key: AuditKey,
    by: tuple[str, datetime],
) -> None:
    """Write entries behind the head that `lock_head` gave, and put it forward.

    Order:   as given. by: who acts, and when.
    Cost:    one statement for the entries, one for the head.
    """
    rows = _chain(notes, head=head, by=by)
    if not rows:
        return
    connection.execute(sa.insert(ENTRIES), rows)
    entries, head_hash = rows[-1]["number"], rows[-1]["entry_hash"]
    mac = mac_head(key, ledger_id=head.ledger_id, entries=entries, head_hash=head_hash)
    connection.execute(
        sa.update(HEADS)
        .where(HEADS.c.head_id == HEAD_ID)
        .values(entries=entries, head_hash=head_hash, head_mac=mac)
    )


def _chain(notes: Sequence[Note], *, head: Head, by: tuple[str, datetime]) -> list[dict[str, Any]]:
    actor, now = by
    previous, rows = head.head_hash, []
    for number, note in enumerate(notes, start=head.entries + 1):
        row = {
            "number": number,
            "at": now,
            "actor": actor,
            "verb": note.verb,
            "kind": note.kind,
            "subject_id": note.subject_id,
            "detail": note.detail,
            "image_hash": note.image_hash,
            "previous_hash": previous,
        }
        previous = row["entry_hash"] = hash_entry(row, ledger_id=head.ledger_id)
        rows.append(row)
    return rows
