"""Heads that grow back: who took a banned account's place."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
from traffic_by_hand import DAY

from stillwatch.detect.successors import find_successors
from stillwatch.domain.tables import REGISTER


def day(count: float) -> dt.datetime:
    """Days after the first."""
    return DAY + dt.timedelta(days=count)


def stopped(name: str, at: float, status: str = "suspended") -> dict[str, Any]:
    """An account that was stopped."""
    return {"account_id": name, "created_at": day(-90), "status": status,
            "status_changed_at": day(at)}  # fmt: skip


def created(name: str, at: float) -> dict[str, Any]:
    """An active account."""
    return {"account_id": name, "created_at": day(at), "status": "active"}


def heirs(*rows: dict[str, Any], campaign: dict[str, str | None] | None = None) -> dict[str, str]:
    """Predecessor by successor; all in one campaign unless said otherwise."""
    register = REGISTER.conform(pl.DataFrame(list(rows), schema_overrides={**REGISTER.schema}))
    given = campaign or {}
    members = pl.DataFrame(
        [(r["account_id"], given.get(r["account_id"], "c-1")) for r in rows],
        schema={"account_id": pl.String, "campaign_id": pl.String},
        orient="row",
    )
    return dict(find_successors(members, register=register).iter_rows())


def test_the_next_account_of_the_campaign_takes_the_place() -> None:
    """Created after the stop; the earliest one, not the nearest by name."""
    found = heirs(stopped("old", 1), created("zz", 1.5), created("aa", 2.0), created("bb", 0.5))
    assert found == {"zz": "old"}


def test_each_account_succeeds_one_and_is_succeeded_by_one() -> None:
    """Three were stopped at once and two came: two pairs, in the order of the stops."""
    found = heirs(
        stopped("x", 1), stopped("y", 1.1), stopped("z", 1.2), created("n", 1.5), created("m", 1.6)
    )
    assert found == {"n": "x", "m": "y"}


def test_after_three_days_it_is_nobody_s_successor() -> None:
    """At exactly three days it still is."""
    assert heirs(stopped("old", 0), created("new", 3.0)) == {"new": "old"}
    assert heirs(stopped("old", 0), created("new", 3.01)) == {}


def test_another_campaign_or_none_gives_no_pair() -> None:
    """Only heads of one hydra."""
    rows = (stopped("old", 0), created("new", 1))
    assert heirs(*rows, campaign={"new": "c-2"}) == {}
    assert heirs(*rows, campaign={"old": None, "new": None}) == {}


def test_who_was_not_stopped_has_no_successor() -> None:
    """Active accounts, and stops without a time."""
    assert heirs(created("a", 0), created("b", 1)) == {}
    gone = stopped("old", 0, "terminated") | {"status_changed_at": None}
    assert heirs(gone, created("b", 1)) == {}


def test_a_successor_that_is_stopped_in_its_turn_is_succeeded() -> None:
    """Heads grow back more than once."""
    second = stopped("second", 2) | {"created_at": day(1)}
    found = heirs(stopped("first", 0.5), second, created("third", 2.5))
    assert found == {"second": "first", "third": "second"}
