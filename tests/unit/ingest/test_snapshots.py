"""The register through several ingests: the latest word of each account."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from stillwatch.domain.tables import GRANT, LAUNCH, REGISTER
from stillwatch.ingest.snapshots import (
    INGEST,
    SAID,
    first_launches,
    join_grants,
    latest_grants,
    merge_registers,
    pick_changed,
)

_DAY = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def stored(*rows: dict[str, Any]) -> pl.DataFrame:
    """Register rows with the number of their ingest."""
    schema = {**REGISTER.schema, INGEST: pl.Int64}
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def row(name: str, ingest: int, **said: Any) -> dict[str, Any]:  # noqa: ANN401  any column
    """One register row."""
    return {"account_id": name, INGEST: ingest, **said}


def test_the_row_whose_status_changed_last_stays_whatever_came_last() -> None:
    """A late file from before a ban doesn't lift it."""
    banned = row("a", 1, status="terminated", status_changed_at=_DAY)
    merged = merge_registers(stored(row("a", 2, status="active"), banned), states_org_verified=True)
    assert merged["status"].to_list() == ["terminated"]


def test_where_the_status_tells_nothing_the_later_ingest_does() -> None:
    """A register is a snapshot, and the last one is right; accounts that it lacks stay known."""
    merged = merge_registers(
        stored(row("a", 2, plan="team"), row("a", 1, plan="free"), row("b", 1)),
        states_org_verified=True,
    )
    assert merged["account_id"].to_list() == ["a", "b"]
    assert merged["plan"].to_list() == ["team", None]


def test_an_organisation_counts_by_all_of_its_accounts_where_nobody_states_it() -> None:
    """An unverified account that comes in the second ingest takes the mark from the first's."""
    rows = stored(
        row("a", 1, org_id="o", verified=True, org_verified=True),
        row("b", 2, org_id="o", verified=False, org_verified=False),
    )
    assert merge_registers(rows, states_org_verified=False)["org_verified"].to_list() == [
        False,
        False,
    ]
    stated = merge_registers(rows, states_org_verified=True)
    assert stated["org_verified"].to_list() == [True, False]


def test_a_register_that_says_nothing_new_adds_nothing() -> None:
    """Nulls are equal to nulls; a change of any column is new."""
    known = REGISTER.conform(stored(row("a", 1, plan="free"), row("b", 1)))
    assert len(pick_changed(known, known=known)) == 0
    changed = REGISTER.conform(stored(row("a", 2, plan="team"), row("b", 2)))
    assert pick_changed(changed, known=known)["account_id"].to_list() == ["a"]


def test_permissions_are_those_of_the_last_file_alone() -> None:
    """One that is missing there was withdrawn; an empty file withdraws all."""
    schema = {**GRANT.schema, INGEST: pl.Int64}
    rows = pl.DataFrame(
        [
            dict.fromkeys(schema) | {"account_id": name, "scope": "resale", INGEST: n}
            for name, n in (("a", 1), ("b", 1), ("b", 2))
        ],
        schema=schema,
    )
    assert latest_grants(rows, ingest=2)["account_id"].to_list() == ["b"]
    assert latest_grants(rows, ingest=1)["account_id"].to_list() == ["a", "b"]
    assert len(latest_grants(rows, ingest=3)) == len(latest_grants(rows, ingest=None)) == 0


def test_of_a_model_the_first_release_stays() -> None:
    """Whichever ingest named it."""
    times = [_DAY + dt.timedelta(days=1), _DAY]
    rows = pl.DataFrame({"model": ["m", "m"], "released_at": times}, schema=LAUNCH.schema)
    assert first_launches(rows)["released_at"].to_list() == [_DAY]


def ingested(*rows: dict[str, Any]) -> pl.DataFrame:
    """Permissions as files brought them."""
    return pl.DataFrame([dict.fromkeys(GRANT.schema) | row for row in rows], schema=GRANT.schema)


def said(*rows: dict[str, Any]) -> pl.DataFrame:
    """Permissions as a ledger has them, the last of them said last; in force unless they say no."""
    whole = {"is_in_force": True, "is_revoked": False}
    told = [
        {**dict.fromkeys(SAID), "permission_id": f"p-{n}", "number": n, **whole, **one}
        for n, one in enumerate(rows, start=1)
    ]
    return pl.DataFrame(told, schema=SAID)


REVOKED = {"is_in_force": False, "is_revoked": True}
OVER = {"is_in_force": False}


def budgets(joined: pl.DataFrame) -> dict[tuple[str | None, str | None, str], int | None]:
    """Say which holder and scope has which budget."""
    columns = ("account_id", "org_id", "scope", "budget_exchanges")
    return {(a, o, s): b for a, o, s, b in joined.select(columns).iter_rows()}


def test_a_ledger_in_force_speaks_alone_for_its_holder_and_scope() -> None:
    """Another scope of the same account, and another account, keep what was ingested."""
    file = ingested(
        {"account_id": "a", "scope": "evaluation", "budget_exchanges": 10},
        {"account_id": "a", "scope": "resale", "budget_exchanges": 11},
        {"account_id": "b", "scope": "evaluation", "budget_exchanges": 12},
    )
    ledger = said({"account_id": "a", "scope": "evaluation", "budget_exchanges": 99})
    joined = join_grants(file, said=ledger)
    assert budgets(joined.grants) == {
        ("a", None, "evaluation"): 99,
        ("a", None, "resale"): 11,
        ("b", None, "evaluation"): 12,
    }
    assert (joined.set_aside, len(joined.ingested), len(joined.said)) == (1, 2, 1)


def test_a_revocation_silences_what_was_ingested_and_an_end_does_not() -> None:
    """The last word counts: what was revoked and then granted for a while has merely run out."""
    file = ingested(*({"org_id": org, "scope": "distillation"} for org in "xyz"))
    by = {"scope": "distillation"}
    ledger = said(
        {"org_id": "x", **by, **REVOKED},
        {"org_id": "y", **by, **OVER},
        {"org_id": "z", **by, **REVOKED},
        {"org_id": "z", **by, **OVER},
    )
    joined = join_grants(file, said=ledger)
    assert joined.grants["org_id"].to_list() == ["y", "z"]
    assert joined.set_aside == 1


def test_of_a_row_that_names_two_holders_the_one_that_was_revoked_goes() -> None:
    """The organisation keeps what its account has lost."""
    file = ingested({"account_id": "a", "org_id": "o", "scope": "resale", "budget_exchanges": 5})
    joined = join_grants(file, said=said({"account_id": "a", "scope": "resale", **REVOKED}))
    assert budgets(joined.grants) == {(None, "o", "resale"): 5}


def test_what_the_ledger_has_in_force_covers_an_older_window() -> None:
    """It was granted after the window's last exchange, and counts."""
    ledger = said({"account_id": "a", "scope": "evaluation", "valid_from": _DAY, "valid_to": _DAY})
    joined = join_grants(ingested(), said=ledger)
    assert joined.grants.select("valid_from", "valid_to").row(0) == (None, None)


def test_without_a_ledger_what_was_ingested_is_as_it_was() -> None:
    """Bounds, budgets and order."""
    file = ingested({"account_id": "a", "scope": "resale", "valid_from": _DAY}).sort(pl.all())
    joined = join_grants(file, said=pl.DataFrame(schema=SAID))
    assert joined.grants.equals(file)
    assert joined.set_aside == 0
