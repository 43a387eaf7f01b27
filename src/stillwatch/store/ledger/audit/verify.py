"""Reading the whole audit log again: does every entry hang on the one before, and is it all there?

Reads the log and its head in one transaction, raw, so that a value that was tampered into another
type is found too and never trips the reader. Stops at the first bad entry: what follows it hangs on
nothing. Needs no secret for the chain and a given anchor; the audit key for the head's HMAC.

Blind spot: whoever holds the key and the database can make a whole new chain; an anchor that
another party keeps is what shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    LEDGER_PAGE_MAX,
)
from stillwatch.store.ledger.audit.anchor import Anchor
from stillwatch.store.ledger.audit.chain import (
    ENTRIES,
    HEADS,
    genesis_hash,
    hash_entry,
    is_mac_of,
)
from stillwatch.store.ledger.audit.key import AuditKey

_COLUMNS: Final = tuple(column.name for column in ENTRIES.columns)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written; `number` is the first entry that it touches."""

    number: int | None
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What reading the log again has found."""

    ledger_id: str
    entries: int
    """Entries that hang together, from the first."""
    head_hash: str
    """Hash of the last of them."""
    faults: tuple[Fault, ...] = ()
    stood_aside: tuple[str, ...] = field(default=())
    """What could not be checked, and why."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    @property
    def first_bad(self) -> int | None:
        """The first entry that is bad or missing; None where none is."""
        return min((f.number for f in self.faults if f.number is not None), default=None)


def verify_log(
    connection: sa.Connection, *, key: AuditKey | None, anchor: Anchor | None = None
) -> AuditReport:
    """Read the audit log again and compare it with itself, its head and an anchor.

    Nulls:   without a key the head's HMAC stands aside, without an anchor so does truncation by
             whoever can bring back an older head; the report says so.
    Cost:    linear in entries; some 100,000 a second; one page of them in memory.
    """
    head = connection.execute(_raw(HEADS)).mappings().first()
    if head is None:
        return AuditReport(
            ledger_id="", entries=0, head_hash="", faults=(Fault(None, "the head is missing"),)
        )
    ledger_id = str(head["ledger_id"])
    walk = _Walk(ledger_id, anchor_at=anchor.entries if anchor else None)
    faults = [fault for fault in (walk.run(connection),) if fault]
    if not faults:
        faults += [*_compare_head(head, walk, key=key), *_find_strays(connection, walk)]
    if anchor:
        faults += _compare_anchor(anchor, walk, key=key)
    aside = [] if key else ["the head's HMAC: no audit key was given"]
    aside += [] if anchor else ["truncation by whoever can write to the database: no anchor given"]
    return AuditReport(
        ledger_id=ledger_id,
        entries=walk.entries,
        head_hash=walk.last_hash,
        faults=tuple(faults),
        stood_aside=tuple(aside),
    )


class _Walk:
    """Going along the chain, remembering where it is."""

    def __init__(self, ledger_id: str, *, anchor_at: int | None) -> None:
        self.ledger_id = ledger_id
        self.entries = 0
        self.last_hash = genesis_hash(ledger_id)
        self.anchor_at = anchor_at
        self.at_anchor = self.last_hash if anchor_at == 0 else None

    def run(self, connection: sa.Connection) -> Fault | None:
        """Go on until the end, or the first entry that doesn't fit."""
        for row in _read(connection):
            if fault := self._compare(row):
                return fault
            self.entries += 1
            self.last_hash = row["entry_hash"]
            if self.entries == self.anchor_at:
                self.at_anchor = self.last_hash
        return None

    def _compare(self, row: dict[str, Any]) -> Fault | None:
        expected = self.entries + 1
        if row["number"] != expected or type(row["number"]) is not int:
            return Fault(expected, f"entry {expected} is missing")
        if row["previous_hash"] != self.last_hash:
            return Fault(expected, f"entry {expected} does not hang on the one before")
        try:
            found = hash_entry(row, ledger_id=self.ledger_id)
        except TypeError:
            found = None
        if row["entry_hash"] != found:
            return Fault(expected, f"entry {expected} is not what was written")
        return None


def _raw(table: sa.Table) -> sa.Select[Any]:
    columns: list[sa.ColumnClause[Any]] = [sa.literal_column(c.name) for c in table.columns]
    return sa.select(*columns).select_from(table)


def _read(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Read the entries in the order of their numbers, a page at a time."""
    number: sa.ColumnClause[Any] = sa.literal_column("number")
    page = _raw(ENTRIES).where(number >= 1).order_by(number).limit(LEDGER_PAGE_MAX)
    last: Any = None
    while True:
        asked = page if last is None else page.where(number > sa.bindparam("last", last))
        rows = connection.execute(asked).all()
        yield from (dict(zip(_COLUMNS, row, strict=True)) for row in rows)
        if len(rows) < LEDGER_PAGE_MAX:
            return
        last = rows[-1][0]


def _compare_head(head: sa.RowMapping, walk: _Walk, *, key: AuditKey | None) -> Iterator[Fault]:
    if head["entries"] != walk.entries:
        yield _cut(head["entries"], walk, who="the head")
    elif head["head_hash"] != walk.last_hash:
        yield Fault(walk.entries or None, "the head names another last entry")
    if key and not is_mac_of(
        head["head_mac"], key, head=(walk.ledger_id, head["entries"], head["head_hash"])
    ):
        yield Fault(None, "the head was written without the audit key, or with another")


def _find_strays(connection: sa.Connection, walk: _Walk) -> Iterator[Fault]:
    """Look for rows whose number no entry can have: the walk has passed them by."""
    asked = sa.select(sa.func.count()).select_from(ENTRIES)
    strays = connection.execute(asked).scalar_one() - walk.entries
    if strays:
        yield Fault(None, f"{strays} rows stand outside the chain")


def _compare_anchor(anchor: Anchor, walk: _Walk, *, key: AuditKey | None) -> Iterator[Fault]:
    if anchor.ledger_id != walk.ledger_id:
        yield Fault(None, f"the anchor is of another ledger: {anchor.ledger_id}")
        return
    head = (anchor.ledger_id, anchor.entries, anchor.head_hash)
    if key and not is_mac_of(anchor.head_mac, key, head=head):
        yield Fault(None, "the anchor was made without this audit key")
    if anchor.entries > walk.entries:
        yield _cut(anchor.entries, walk, who="the anchor")
    elif walk.at_anchor != anchor.head_hash:
        yield Fault(
            None, f"the anchor has another hash for entry {anchor.entries}: the chain is new"
        )


def _cut(counted: object, walk: _Walk, *, who: str) -> Fault:
    says = f"{who} counts {counted} entries, {walk.entries} hang together"
    return Fault(walk.entries + 1, says)
