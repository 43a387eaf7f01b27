"""Traits are counted right, and what is not known gives no row."""

from __future__ import annotations

import polars as pl
import pytest
from exchanges_by_hand import FIRST_HOUR, KEY, collected, launched, lazy, observed, registered

from stillwatch.domain import limits
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.schema import check_frame
from stillwatch.domain.tables import REGISTER, TRAIT
from stillwatch.observe.traits import (
    adopt_models,
    count_first_use,
    count_values,
    read_register_traits,
    sample_hours,
    share_traits,
)


def active(**hours: int) -> pl.DataFrame:
    """First hour of each account, after `DAY`."""
    return pl.DataFrame(
        {"account_id": list(hours), "first_hour": [FIRST_HOUR + h for h in hours.values()]}
    )


def held(traits: pl.DataFrame, channel: str) -> dict[str, list[tuple[int, float]]]:
    """Values and shares of each account in a channel."""
    found: dict[str, list[tuple[int, float]]] = {}
    for account, value, share in (
        traits.filter(channel=channel)
        .sort("account_id", "value")
        .select("account_id", "value", "share")
        .iter_rows()
    ):
        found.setdefault(account, []).append((value, share))
    return found


def test_exchanges_are_counted_by_account_and_value_and_nulls_give_no_row() -> None:
    """Two of one value, one of another, one unknown."""
    rows = observed(
        {"account_id": "a", "client_hash": 1},
        {"account_id": "a", "client_hash": 1},
        {"account_id": "a", "client_hash": 2},
        {"account_id": "a"},
        {"account_id": "b"},
    )
    counts = collected(count_values(lazy(rows), column="client_hash")).sort("value")
    assert counts.rows() == [("a", 1, 2), ("a", 2, 1)]


def in_hours(account: str, hours: range) -> pl.DataFrame:
    """One exchange in each of some hours."""
    return pl.DataFrame({"account_id": account, "value": [*hours], "exchanges": 1})


def test_a_week_of_hours_is_kept_whole() -> None:
    """Whatever the key."""
    week = in_hours("a", range(FIRST_HOUR, FIRST_HOUR + limits.ACTIVE_HOURS_MAX))
    assert sample_hours(week, key=KEY).equals(week)


def test_of_more_hours_a_sample_is_kept_the_same_for_everybody() -> None:
    """Six weeks: hours of one account are those of another, in any order, under one key only."""
    weeks = range(FIRST_HOUR, FIRST_HOUR + 6 * 168)
    both = pl.concat([in_hours("a", weeks), in_hours("b", weeks)])
    kept = sample_hours(both, key=KEY)
    own = [set(kept.filter(account_id=name)["value"]) for name in "ab"]
    assert own[0] == own[1]
    assert len(own[0]) == limits.ACTIVE_HOURS_MAX
    mixed = sample_hours(both.sample(fraction=1.0, shuffle=True, seed=1), key=KEY)
    assert set(mixed["value"]) == own[0]
    assert set(sample_hours(both, key=PseudonymKey(7, 8))["value"]) != own[0]


def test_shares_are_of_all_exchanges_of_the_account() -> None:
    """Those that don't state the channel count below the line: shares need not add up to one."""
    counts = pl.DataFrame({"account_id": ["a", "a"], "value": [1, 2], "exchanges": [2, 1]})
    totals = pl.DataFrame({"account_id": ["a", "b"], "total": [4, 1]})
    traits = check_frame(share_traits(counts, channel="client", totals=totals, key=KEY), TRAIT)
    assert held(traits, "client") == {"a": [(1, 0.5), (2, 0.25)]}


def test_words_become_pseudonyms_under_the_key_and_hashes_stay() -> None:
    """Equal words, equal values; another key, other values."""
    counts = pl.DataFrame(
        {"account_id": ["a", "b", "c"], "value": ["api", "api", "console"], "exchanges": [1, 1, 1]}
    )
    totals = pl.DataFrame({"account_id": ["a", "b", "c"], "total": [1, 1, 1]})
    other = PseudonymKey.from_bytes(bytes(range(1, 17)))
    one, two = (
        held(share_traits(counts, channel="access_path", totals=totals, key=key), "access_path")
        for key in (KEY, other)
    )
    assert one["a"] == one["b"] != one["c"]
    assert one["a"] != two["a"]


def test_the_first_hour_of_each_model_is_found() -> None:
    """Per account; exchanges that don't name a model are left out."""
    rows = observed(
        {"account_id": "a", "model": "m", "at": 5},
        {"account_id": "a", "model": "m", "at": 3},
        {"account_id": "a", "at": 1},
        {"account_id": "b", "model": "n", "at": 9},
    )
    first = collected(count_first_use(lazy(rows))).sort("account_id")
    assert first.rows() == [("a", "m", FIRST_HOUR + 3), ("b", "n", FIRST_HOUR + 9)]


def test_the_register_declares_traits_of_active_accounts_alone() -> None:
    """An account that sent nothing has none; a field that is null has none."""
    register = registered(
        {"account_id": "a", "payment_hash": 7, "phone_country": "AA"},
        {"account_id": "b", "payment_hash": 7},
        {"account_id": "idle", "payment_hash": 7, "phone_country": "AA"},
    )
    traits = read_register_traits(register, active=active(a=0, b=0), key=KEY)
    assert held(traits, "payment") == {"a": [(7, 1.0)], "b": [(7, 1.0)]}
    assert list(held(traits, "phone_country")) == ["a"]
    assert not held(traits, "signup_day")
    assert not held(traits, "program")


def test_sign_up_is_a_trait_by_hour_day_and_week() -> None:
    """An hour apart: another hour, the same day; a day apart: another day."""
    register = registered(
        {"account_id": "a", "created": 1},
        {"account_id": "b", "created": 2},
        {"account_id": "c", "created": 25},
    )
    traits = read_register_traits(register, active=active(a=30, b=30, c=30), key=KEY)
    hour, day, week = (held(traits, f"signup_{w}") for w in ("hour", "day", "week"))
    assert hour["b"][0][0] - hour["a"][0][0] == 1
    assert day["a"] == day["b"] != day["c"]
    assert week["a"] == week["c"]


def test_age_at_first_use_is_known_only_of_accounts_created_within_the_traffic() -> None:
    """In powers of two of an hour; of an older account the first exchange seen isn't its first."""
    register = registered(
        {"account_id": "old", "created": -500},
        {"account_id": "now", "created": 10},
        {"account_id": "soon", "created": 10},
        {"account_id": "late", "created": 10},
        {"account_id": "unknown"},
    )
    seen = active(old=0, now=10, soon=12, late=40, unknown=3)
    traits = read_register_traits(register, active=seen, key=KEY)
    ages = {account: rows[0][0] for account, rows in held(traits, "age_at_first_use").items()}
    assert ages == {"now": 0, "soon": 1, "late": 4}


def test_an_empty_register_gives_no_traits() -> None:
    """It stands aside."""
    assert len(read_register_traits(REGISTER.empty(), active=active(a=1), key=KEY)) == 0


@pytest.fixture(scope="module")
def adopted() -> dict[str, list[tuple[int, float]]]:
    """Who took up two models when: released after 10 and 20 hours."""
    rows = observed(
        {"account_id": "early", "model": "old", "at": 0},
        {"account_id": "early", "model": "m", "at": 10},
        {"account_id": "both", "model": "m", "at": 13},
        {"account_id": "both", "model": "n", "at": 20},
        {"account_id": "preview", "model": "n", "at": 4},
        {"account_id": "never", "model": "old", "at": 30},
    )
    first = collected(count_first_use(lazy(rows)))
    launches = launched(m=10, n=20, old=-100, future=99)
    return held(adopt_models(first, launches=launches, end_hour=FIRST_HOUR + 30), "model_hour")


def test_adoption_is_hours_after_a_release_within_the_traffic(
    adopted: dict[str, list[tuple[int, float]]],
) -> None:
    """Releases before or after the traffic say nothing, nor does use before the release."""
    assert set(adopted) == {"early", "both"}
    assert adopted["early"] == [(0, 1.0)]


def test_adoption_of_two_models_is_two_values_of_one_half(
    adopted: dict[str, list[tuple[int, float]]],
) -> None:
    """The same hour after two releases is not the same value."""
    (first, one), (second, two) = adopted["both"]
    assert first == 3
    assert second > 2**19
    assert one == two == 0.5


def test_without_releases_nobody_adopts() -> None:
    """No launch, no trait."""
    rows = observed({"account_id": "a", "model": "m"})
    first = collected(count_first_use(lazy(rows)))
    assert len(adopt_models(first, launches=launched(), end_hour=FIRST_HOUR)) == 0
