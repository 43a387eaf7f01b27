"""Figures of a template: who counts as one, what is counted, and what is not known."""

from __future__ import annotations

import datetime as dt

import polars as pl
from days_by_hand import FIRST, exchanges_of, group, lazy, number, observe, registered
from polars.testing import assert_frame_equal

from stillwatch.domain.observations import COVARIATES, TEMPLATE_FIGURES, TEMPLATE_SPREAD
from stillwatch.domain.tables import REGISTER
from stillwatch.observe.engines import collect_here
from stillwatch.observe.template_book import (
    count_holdings,
    describe_population,
    measure_templates,
)

ONE = range(11, 17)


def measured(frame: pl.DataFrame, register: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Figures and spread of one day."""
    (day,) = observe(frame)
    holdings = collect_here(count_holdings(lazy(day.cover)))
    people = describe_population(lazy(number(frame)), register=register)
    return measure_templates(holdings, population=people)


def test_what_is_counted_of_a_template() -> None:
    """Two exchanges an account, six accounts, their ages and weeks of sign-up."""
    frame = exchanges_of(group(ONE) * 2)
    figures, spread = measured(
        frame, registered({f"a{k}": {"created": 7 * (k // 2)} for k in range(6)})
    )
    (row,) = figures.to_dicts()
    assert (row["accounts"], row["actors"], row["exchanges"]) == (6, 6, 12)
    assert round(row["coverage"], 5) == round(6 / 7, 5)
    assert round(row["age_days"], 1) == 7.0
    assert row["signups"] == [2, 2, 2]
    assert row["signups_from"] == (FIRST - dt.timedelta(days=14)).date()
    assert row["first_seen_at"] == FIRST
    weeks = spread.filter(pl.col("covariate") == "signup_week").to_dicts()[0]
    assert (weeks["known"], weeks["values"], weeks["effective"]) == (6, 3, 3.0)
    TEMPLATE_FIGURES.conform(figures)
    TEMPLATE_SPREAD.conform(spread)


def test_accounts_of_a_verified_organisation_are_one_actor() -> None:
    """Of six accounts four are one firm's; an organisation that is only claimed is none."""
    firm = {f"a{k}": {"org_id": "firm", "org_verified": True, "created": k} for k in range(4)}
    claimed = {f"a{k}": {"org_id": "other", "org_verified": False, "created": k} for k in (4, 5)}
    figures, _ = measured(exchanges_of(group(ONE)), registered(firm | claimed))
    assert figures.select("accounts", "actors").row(0) == (6, 3)


def test_the_main_network_is_the_one_that_most_exchanges_come_from() -> None:
    """Two of three; of equals the smaller; none where none is known."""
    sent = [("a", [1])] * 3 + [("b", [1])] * 2 + [("c", [1])]
    more = {"network_hash": [5, 9, 9, 8, 7, None]}
    people = describe_population(
        lazy(number(exchanges_of(sent, more=more))), register=REGISTER.empty()
    )
    assert people["network"].to_list() == [9, 7, None]
    assert set(COVARIATES) <= set(people.columns)


def test_without_a_register_ages_are_unknown_and_nothing_is_concluded() -> None:
    """No row fails, and no covariate is made up."""
    figures, spread = measured(exchanges_of(group(ONE)), REGISTER.empty())
    assert figures["age_days"].to_list() == [None]
    assert figures["signups"].to_list() == [[]]
    assert figures["reading"].to_list() == ["open"]
    assert spread.is_empty()


def test_the_order_of_exchanges_is_irrelevant() -> None:
    """To the last bit."""
    frame = exchanges_of([*group(ONE), *group(range(30, 37), name="b")] * 3)
    register = registered({f"a{k}": {"created": 30 * k} for k in range(6)})
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=8)
    for one, other in zip(measured(frame, register), measured(mixed, register), strict=True):
        assert_frame_equal(one, other, check_exact=True)
