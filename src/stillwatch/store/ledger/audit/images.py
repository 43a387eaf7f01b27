"""Comparing the rows of the ledger with what the audit log says of them.

The log holds an image (a hash) of each row after each change. A row that was changed past the log,
one that is gone, and one that no entry speaks of are found by comparing. Deliveries (the outbox)
have no images: there are many and they say nothing of what was decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    LEDGER_PAGE_MAX,
)
from stillwatch.store.ledger.audit.chain import ENTRIES, hash_ids, hash_image
from stillwatch.store.ledger.audit.verify import Fault
from stillwatch.store.ledger.nouns import KINDS, TABLES
from stillwatch.store.ledger.nouns.columns import Row
from stillwatch.store.ledger.nouns.decisions import DECIDED_ACCOUNTS, Decision

Images = dict[str, tuple[int, str]]
"""By id: the entry that spoke of a row last, and its image."""


def compare_rows(connection: sa.Connection) -> list[Fault]:
    """List the rows of the ledger that are not as the audit log says.

    Order:   by kind, then by id.
    Cost:    linear in entries and rows; the images of one kind in memory.
    """
    return [fault for row in TABLES for fault in _compare_kind(connection, row)]


def _compare_kind(connection: sa.Connection, row: type[Row]) -> Iterator[Fault]:
    kind, images = KINDS[row], _last_images(connection, KINDS[row])
    for subject_id, values in _rows(connection, TABLES[row]):
        number, image = images.pop(subject_id, (None, None))
        if number is None:
            yield Fault(None, f"no entry speaks of {kind} {subject_id}")
        elif _image(values) != image:
            yield Fault(number, f"{kind} {subject_id} is not as entry {number} left it")
        elif row is Decision and _accounts_hash(connection, subject_id) != values["accounts_hash"]:
            yield Fault(number, f"{kind} {subject_id} has other accounts than were proposed")
    for subject_id, (number, _) in sorted(images.items()):
        yield Fault(number, f"{kind} {subject_id}, written by entry {number}, is gone")


def _image(values: dict[str, Any]) -> str | None:
    try:
        return hash_image(values)
    except TypeError:
        return None


def _last_images(connection: sa.Connection, kind: str) -> Images:
    images: Images = {}
    asked = (
        sa.select(ENTRIES.c.subject_id, ENTRIES.c.number, ENTRIES.c.image_hash)
        .where(ENTRIES.c.kind == kind, ENTRIES.c.image_hash.is_not(None))
        .order_by(ENTRIES.c.number)
    )
    for subject_id, number, image in connection.execute(asked):
        images[subject_id] = (number, image)
    return images


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[tuple[str, dict[str, Any]]]:
    key = next(iter(table.primary_key.columns))
    page = sa.select(table).order_by(key).limit(LEDGER_PAGE_MAX)
    asked = page
    while True:
        rows = connection.execute(asked).mappings().all()
        yield from ((row[key], {str(n): v for n, v in row.items()}) for row in rows)
        if len(rows) < LEDGER_PAGE_MAX:
            return
        asked = page.where(key > rows[-1][key])


def _accounts_hash(connection: sa.Connection, decision_id: str) -> str:
    asked = sa.select(DECIDED_ACCOUNTS.c.account_id).where(
        DECIDED_ACCOUNTS.c.decision_id == decision_id
    )
    return hash_ids(list(connection.execute(asked).scalars()))
