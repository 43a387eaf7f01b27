"""Heads that grow back: who took a banned account's place."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from traffic_by_hand import DAY

from stillwatch.detect.verdicts.successors import find_successors
from stillwatch.domain.schema import UTC_TIME
from stillwatch.domain.tables import REGISTER, TRAIT


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


def heirs(
    *rows: dict[str, Any],
    campaign: dict[str, str | None] | None = None,
    held: tuple[tuple[str, str, int], ...] = (),
    first: dict[str, float] | None = None,
    at: float = 30,
) -> dict[str, tuple[str, float]]:
    """Predecessor and its probability by successor; all in one campaign unless said otherwise."""
    register = REGISTER.conform(pl.DataFrame(list(rows), schema_overrides={**REGISTER.schema}))
    given = campaign or {}
    members = pl.DataFrame(
        [(r["account_id"], given.get(r["account_id"], "c-1")) for r in rows],
        schema={"account_id": pl.String, "campaign_id": pl.String},
        orient="row",
    )
    times = [(name, day(when)) for name, when in (first or {}).items()]
    found = find_successors(
        members,
        register=register,
        first_use=pl.DataFrame(
            times, schema={"account_id": pl.String, "first_at": UTC_TIME}, orient="row"
        ),
        traits=TRAIT.conform(
            pl.DataFrame([(*one, 1.0) for one in held], schema=list(TRAIT.columns), orient="row")
            if held
            else TRAIT.empty()
        ),
        at=day(at),
    )
    return {new: (old, chance) for new, old, chance in found.iter_rows()}


def names(found: dict[str, tuple[str, float]]) -> dict[str, str]:
    """The predecessors alone."""
    return {new: old for new, (old, _) in found.items()}


def test_the_next_account_of_the_campaign_takes_the_place() -> None:
    """Created after the stop; the earliest one, not the nearest by name."""
    found = heirs(stopped("old", 1), created("zz", 1.5), created("aa", 2.0), created("bb", 0.5))
    assert names(found) == {"zz": "old"}


def test_each_account_succeeds_one_and_is_succeeded_by_one() -> None:
    """Three were stopped and two came: two pairs, of one and the same delay."""
    found = heirs(
        stopped("x", 1), stopped("y", 1.1), stopped("z", 1.2), created("n", 1.5), created("m", 1.6)
    )
    assert names(found) == {"n": "y", "m": "z"}


def test_after_three_days_it_is_nobody_s_successor() -> None:
    """At exactly three days it still is."""
    assert names(heirs(stopped("old", 0), created("new", 3.0))) == {"new": "old"}
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
    assert names(found) == {"second": "first", "third": "second"}


OTHERS = tuple(created(f"o{k}", -40) for k in range(20))
"""Other heads of the campaign, so that there is somebody who does not hold a value …"""
OWN = tuple((row["account_id"], "address", 90 + k) for k, row in enumerate(OTHERS))
"""… but one of its own."""


def test_what_was_handed_on_tells_which_of_several_it_was() -> None:
    """Three were stopped within an hour, and their addresses come back in another order."""
    stops = [stopped(name, 1 + k / 100) for k, name in enumerate("xyz")]
    news = [created(name, 1.5 + k / 100) for k, name in enumerate("abc")]
    hands = zip("xyz", "bca", (1, 2, 3), strict=True)
    held = tuple((n, "address", v) for old, new, v in hands for n in (old, new))
    found = heirs(*stops, *news, *OTHERS, held=(*held, *OWN))
    assert names(found) == {"b": "x", "c": "y", "a": "z"}
    assert all(chance > 0.9 for _, chance in found.values())


def test_where_nothing_was_handed_on_it_is_chance_and_says_so() -> None:
    """What all heads share is no inheritance: one in four, each."""
    stops = [stopped(f"x{k}", 1 + k / 100) for k in range(4)]
    news = [created(f"n{k}", 1.5 + k / 100) for k in range(4)]
    everybody = [row["account_id"] for row in (*stops, *news, *OTHERS)]
    found = heirs(*stops, *news, *OTHERS, held=tuple((n, "client", 1) for n in everybody))
    assert len(found) == 4
    assert found["n0"][1] == pytest.approx(1 / 4, abs=0.02)


def test_the_last_one_is_told_by_who_is_left() -> None:
    """Of two, one was told by its address: the other pair is the only one there is."""
    held = (("x", "address", 1), ("b", "address", 1), *OWN)
    found = heirs(stopped("x", 1), stopped("y", 1.1), created("a", 1.5), created("b", 1.6), *OTHERS,
                  held=held)  # fmt: skip
    assert names(found) == {"b": "x", "a": "y"}
    assert found["a"][1] == 1.0


def test_an_aged_account_is_named_only_by_much_that_was_handed_on() -> None:
    """First used a day after the stop: two families' worth of rare values, or nobody."""
    rows = (stopped("old", 1), created("aged", -100), *OTHERS)
    much = tuple((n, c, 7) for n in ("old", "aged") for c in ("address", "client", "payment"))
    assert names(heirs(*rows, held=(*much, *OWN), first={"aged": 2})) == {"aged": "old"}
    assert heirs(*rows, held=(*much[::3], *OWN), first={"aged": 2}) == {}
    assert heirs(*rows, held=(*much, *OWN), first={"aged": 0.5}) == {}, (
        "it had sent before the stop"
    )


def test_an_account_from_stock_is_named_by_its_first_request_after_the_stop() -> None:
    """Signed up half a day before, used an hour after; not one that had lain there for a week."""
    stock = {"young": 1.04, "early": 0.9, "laid-in": 1.02}
    rows = (stopped("old", 1), created("young", 0.5), created("early", 0.4), created("laid-in", -6))
    assert names(heirs(*rows, first=stock)) == {"young": "old"}


def test_a_stop_that_nobody_answers_shifts_no_other_pair() -> None:
    """Twenty are stopped within ten days, each replaced after five hours but for the first two."""
    when = [1 + (k * 7919 % 101) / 10 for k in range(20)]
    stops = [stopped(f"x{k:02d}", at) for k, at in enumerate(when)]
    first = sorted(range(20), key=lambda k: when[k])[:2]
    news = [created(f"n{k:02d}", when[k] + 5 / 24) for k in range(20) if k not in first]
    found = heirs(*stops, *news)
    assert names(found) == {f"n{k:02d}": f"x{k:02d}" for k in range(20) if k not in first}
    assert all(0 < chance <= 1 for _, chance in found.values())


def test_what_some_pair_of_many_shares_by_chance_tells_nothing() -> None:
    """Twelve are stopped in a day; one shares a country with a newcomer, who is not told by it."""
    stops = [stopped(f"x{k:02d}", 1 + k / 12) for k in range(12)]
    news = [created(f"n{k:02d}", 1 + k / 12 + 1 / 24) for k in range(12)]
    chance = (("x00", "payment_country", 1), ("n09", "payment_country", 1))
    found = heirs(*stops, *news, *OTHERS[:4], held=chance)
    assert names(found)["n09"] == "x09"


def test_first_requests_decide_and_not_the_order_of_sign_up() -> None:
    """Two stops, two accounts signed up before both: who came first came for the first."""
    stops = stopped("x", 1), stopped("y", 1.2)
    news = created("a", 0.8), created("b", 0.7)
    assert names(heirs(*stops, *news, first={"a": 1.1, "b": 1.3})) == {"a": "x", "b": "y"}


def test_nothing_later_than_the_moment_is_used() -> None:
    """A stop, or an account, of tomorrow makes no pair today."""
    rows = (stopped("old", 1), created("new", 2))
    assert heirs(*rows, at=0.5) == heirs(*rows, at=1.5) == {}
    assert names(heirs(*rows, at=2)) == {"new": "old"}


def test_the_order_of_input_is_irrelevant() -> None:
    """Rows and traits upside down give the same pairs and figures."""
    rows = [*(stopped(f"x{k}", 1 + k / 50) for k in range(5)),
            *(created(f"n{k}", 1.5 + k / 50) for k in range(5))]  # fmt: skip
    held = tuple((f"{side}{k}", "address", k % 3) for k in range(5) for side in "xn")
    assert heirs(*rows, held=held) == heirs(*rows[::-1], held=held[::-1])
