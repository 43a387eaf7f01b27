"""The audit log as a property: whatever is done to it past the ledger, the first bad row is named.

Each example tampers as somebody with the database in their hands would, without the audit key, in a
transaction that is rolled back after it was verified; the same on both databases.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ledgers_by_hand import KEY, NOW
from postgres_server import PostgresServer

from stillwatch.store.ledger import Anchor, AuditKey, AuditReport, Ledger, make_ledger
from stillwatch.store.ledger.audit.chain import hash_entry
from stillwatch.store.ledger.audit.verify import verify_log
from stillwatch.store.ledger.nouns.cases import NewCase

ENTRIES: Final = 12
COLUMNS: Final = (
    "number",
    "at",
    "actor",
    "verb",
    "kind",
    "subject_id",
    "detail",
    "image_hash",
    "previous_hash",
    "entry_hash",
)
LOG: Final = sa.table("audit_entries", *(sa.column(name) for name in COLUMNS))
HEAD: Final = sa.table("audit_head", sa.column("entries"), sa.column("head_hash"))
"""Both without types, so that a value of any type reaches the database."""
numbers = st.integers(1, ENTRIES)
values = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=8), st.binary(max_size=8)
)
examples = settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])


class Tampered:
    """The log within a transaction that nobody will ever see."""

    def __init__(self, connection: sa.Connection, anchor: Anchor) -> None:
        self.connection = connection
        self.anchor = anchor

    def update(self, at: int, /, **changes: Any) -> None:  # noqa: ANN401
        """Change an entry; an example whose value the database can't hold is none."""
        try:
            with self.connection.begin_nested():
                self.connection.execute(sa.update(LOG).where(LOG.c.number == at).values(changes))
        except sa.exc.DBAPIError:
            assume(False)

    def delete(self, from_number: int, to_number: int) -> None:
        """Delete some entries."""
        self.connection.execute(sa.delete(LOG).where(LOG.c.number.between(from_number, to_number)))

    def insert(self, row: dict[str, Any]) -> None:
        """Put an entry in."""
        self.connection.execute(sa.insert(LOG).values(row))

    def row(self, number: int) -> dict[str, Any]:
        """Read an entry as it rests."""
        asked = sa.select(LOG).where(LOG.c.number == number)
        return dict(self.connection.execute(asked).mappings().one())

    def verify(self, *, key: AuditKey | None = KEY, anchored: bool = False) -> AuditReport:
        """Verify what is there now."""
        return verify_log(self.connection, key=key, anchor=self.anchor if anchored else None)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def original(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ledger]:
    """A ledger of a dozen entries, with its triggers dropped."""
    where: str | Path = tmp_path_factory.mktemp("audit") / "ledger.db"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        where = server.new_place()
    ledger = make_ledger(where, key=KEY, ledger_id="ledger-1", now=NOW)
    for number in range(ENTRIES):
        with ledger.write(actor=f"user-{number % 3}", now=NOW + timedelta(hours=number)) as change:
            change.open_case(NewCase(case_id=f"case-{number}", title="one of many"))
    with ledger._engine.begin() as connection:
        on = " ON audit_entries" if connection.dialect.name == "postgresql" else ""
        for event in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER audit_entries_no_{event}{on}")
    yield ledger
    ledger.close()


@contextmanager
def tampering(ledger: Ledger) -> Iterator[Tampered]:
    """Open the log to one example."""
    anchor = ledger.anchor(now=NOW)
    with ledger._engine.connect() as connection, connection.begin() as transaction:
        try:
            yield Tampered(connection, anchor)
        finally:
            transaction.rollback()


def test_what_nobody_has_touched_is_whole(original: Ledger) -> None:
    """With key and anchor, with either, with none: no fault."""
    with tampering(original) as log:
        for key in (KEY, None):
            for anchored in (True, False):
                report = log.verify(key=key, anchored=anchored)
                assert (report.entries, report.faults) == (ENTRIES, ())


@examples
@given(number=numbers, column=st.sampled_from(COLUMNS), value=values, has_key=st.booleans())
def test_any_value_of_any_row_that_changes_is_found(
    original: Ledger, number: int, column: str, value: object, *, has_key: bool
) -> None:
    """Whatever column, whatever value of whatever type: the report names that row."""
    with tampering(original) as log:
        before = log.row(number)
        log.update(number, **{column: value})
        assume(column == "number" or log.row(number) != before)
        assume(column != "number" or value != number)
        assert log.verify(key=KEY if has_key else None).first_bad == number


@pytest.mark.parametrize("column", COLUMNS)
def test_each_column_is_part_of_what_is_hashed(column: str, original: Ledger) -> None:
    """One plausible other value a column, in every row: named, without the key."""
    for number in range(1, ENTRIES + 1):
        with tampering(original) as log:
            row = log.row(number)
            others = {"number": -number, "at": row["at"] + 1, "image_hash": None}
            log.update(number, **{column: others.get(column, f"{row[column]}x"[-60:])})
            assert log.verify(key=None).first_bad == number


@examples
@given(number=numbers, length=st.integers(1, ENTRIES))
def test_rows_that_are_gone_are_named(original: Ledger, number: int, length: int) -> None:
    """In the middle or at the end, without key or anchor: the head counts them still."""
    with tampering(original) as log:
        log.delete(number, number + length - 1)
        assert log.verify(key=None).first_bad == number


@examples
@given(first=numbers, second=numbers)
def test_two_rows_that_change_places_are_found(original: Ledger, first: int, second: int) -> None:
    """The number is part of what is hashed: the earlier of the two is named."""
    assume(first != second)
    with tampering(original) as log:
        log.update(first, number=-1)
        log.update(second, number=first)
        log.update(-1, number=second)
        assert log.verify().first_bad == min(first, second)


@examples
@given(number=numbers, actor=st.text("abc", min_size=1, max_size=5), rehashes=st.booleans())
def test_a_row_that_is_put_in_again_is_found(
    original: Ledger, number: int, actor: str, *, rehashes: bool
) -> None:
    """With its old hash the row is named; with a new one, what hung on the old (or the head)."""
    with tampering(original) as log:
        row = {**log.row(number), "actor": actor}
        if rehashes:
            row["entry_hash"] = hash_entry(row, ledger_id="ledger-1")
        log.delete(number, number)
        log.insert(row)
        assert log.verify().first_bad == (min(number + 1, ENTRIES) if rehashes else number)


@examples
@given(number=numbers)
def test_a_row_that_is_added_is_found(original: Ledger, number: int) -> None:
    """A copy of any row behind the last one is no entry."""
    with tampering(original) as log:
        log.insert({**log.row(number), "number": ENTRIES + 1})
        assert log.verify().first_bad == ENTRIES + 1


def test_a_row_outside_the_chain_is_found(original: Ledger) -> None:
    """A row with a number that no entry can have is one too many."""
    with tampering(original) as log:
        log.insert({**log.row(1), "number": 0})
        assert [one.says for one in log.verify().faults] == ["1 rows stand outside the chain"]


@examples
@given(kept=st.integers(0, ENTRIES - 1))
def test_a_log_that_is_cut_with_its_head_shows(original: Ledger, kept: int) -> None:
    """Whoever sets the head back can't seal it: the HMAC says so, and an anchor says where."""
    with tampering(original) as log:
        head_hash = log.row(kept)["entry_hash"] if kept else log.row(1)["previous_hash"]
        log.delete(kept + 1, ENTRIES)
        log.connection.execute(sa.update(HEAD).values(entries=kept, head_hash=head_hash))
        assert [one.number for one in log.verify().faults] == [None]
        assert log.verify(key=None).is_whole
        assert log.verify(key=None, anchored=True).first_bad == kept + 1
