"""Migrations: from nothing to today's tables and back, the same on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from ledgers_by_hand import KEY, NOW, fill

from stillwatch.store.ledger import Ledger, make_ledger, migrate, open_ledger, upgrade_ledger
from stillwatch.store.ledger.engine import begin_write, open_engine
from stillwatch.store.ledger.errors import LedgerError


def tables_of(connection: sa.Connection) -> set[str]:
    """Name the tables that are there."""
    return set(sa.inspect(connection).get_table_names()) - {migrate.VERSION_TABLE}


def test_the_migrations_make_just_what_the_rows_say(ledger: Ledger) -> None:
    """Alembic finds no difference between the newest revision and the nouns: no drift."""
    with begin_write(ledger._engine) as connection:
        assert migrate.differences(connection) == []
        assert migrate.revision_of(connection) == migrate.newest_revision()


def test_a_column_that_no_revision_makes_is_noticed(ledger: Ledger) -> None:
    """The check above can fail."""
    with begin_write(ledger._engine) as connection:
        connection.exec_driver_sql("ALTER TABLE cases ADD COLUMN colour VARCHAR(10)")
        connection.exec_driver_sql("DROP INDEX ix_findings_subject_id")
        assert sorted(found[0] for found in migrate.differences(connection)) == [
            "add_index",
            "remove_column",
        ]


def test_down_and_up_again_is_a_round_trip(ledger: Ledger) -> None:
    """Every revision can be taken back, nothing is left behind, and it comes again."""
    fill(ledger)
    with begin_write(ledger._engine) as connection:
        migrate.downgrade(connection)
        assert tables_of(connection) == set()
        assert migrate.revision_of(connection) is None
    with begin_write(ledger._engine) as connection:
        migrate.upgrade(connection)
        assert migrate.differences(connection) == []


def test_each_revision_goes_back_one_step(ledger: Ledger) -> None:
    """Step by step down, the tables only get fewer; step by step up they come back."""
    newest_first = [one.revision for one in migrate._scripts().walk_revisions()]
    assert len(newest_first) >= 5
    with begin_write(ledger._engine) as connection:
        counts = [len(tables_of(connection))]
        for revision in newest_first[1:]:
            migrate.downgrade(connection, revision)
            counts.append(len(tables_of(connection)))
        assert counts == sorted(counts, reverse=True)
        assert counts[-1] < counts[0]
        for revision in newest_first[-2::-1]:
            migrate.upgrade(connection, revision)
        assert len(tables_of(connection)) == counts[0]


def test_a_migration_that_fails_leaves_nothing(where: str) -> None:
    """Tables are made in one transaction, on both databases."""
    engine = open_engine(where, may_make=True)

    def upgrade_and_fail(connection: sa.Connection) -> None:
        migrate.upgrade(connection)
        assert tables_of(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), begin_write(engine) as connection:
        upgrade_and_fail(connection)
    with begin_write(engine) as connection:
        assert tables_of(connection) == set()
    engine.dispose()


def test_a_ledger_of_another_version_is_refused_until_it_is_upgraded(where: str) -> None:
    """An older ledger isn't written by accident; upgrading keeps what is in it."""
    ledger = make_ledger(where, key=KEY, ledger_id="ledger-1", now=NOW)
    with ledger.write(actor="ann", now=NOW) as change:
        change.publish_policy("house", text="# one")
    with begin_write(ledger._engine) as connection:
        migrate.downgrade(connection, "0004")
    ledger.close()
    with pytest.raises(LedgerError, match="revision 0004"):
        open_ledger(where, key=KEY)
    upgrade_ledger(where)
    again = open_ledger(where, key=KEY)
    assert again.verify().is_whole
    assert again.verify().entries == 1
    again.close()
