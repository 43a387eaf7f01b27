"""The sparse table says who holds what, in actors, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from workbench import Workbench, random_traits

from stillwatch.domain import limits
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.tables import REGISTER, TRAIT
from stillwatch.link.table import (
    CHANNEL_NAMES,
    FAMILY_OF_CHANNEL,
    TraitTable,
    name_actors,
    tabulate_traits,
)

PAYMENT = CHANNEL_NAMES.index("payment")
SUBNET = CHANNEL_NAMES.index("subnet")


def trait_rows(*rows: tuple[str, str, int, float]) -> pl.DataFrame:
    """Make TRAIT rows by hand."""
    return TRAIT.conform(pl.DataFrame(list(rows), schema=TRAIT.schema, orient="row"))


def organised(*rows: tuple[str, str | None, bool | None]) -> pl.DataFrame:
    """Make a register of (account, organisation, verified)."""
    names = ["account_id", "org_id", "org_verified"]
    types = {"account_id": pl.String, "org_id": pl.String, "org_verified": pl.Boolean}
    return REGISTER.conform(pl.DataFrame(list(rows), schema=types, orient="row").select(names))


def holders(table: TraitTable, channel: int, value: int) -> dict[str, float]:
    """Who holds a value, and in what share."""
    at = np.flatnonzero((table.value_channel == channel) & (table.value_id == value))[0]
    rows = slice(table.column_start[at], table.column_start[at + 1])
    return {
        table.actor_ids[a]: pytest.approx(s, abs=1e-6)
        for a, s in zip(table.column_actor[rows], table.column_share[rows], strict=True)
    }


def test_accounts_of_one_organisation_are_one_actor_only_where_it_is_verified() -> None:
    """Anybody can type an organisation's name: false and null don't count, nor does no name."""
    accounts = pl.DataFrame({"account_id": ["a", "b", "c", "d", "e", "f"]})
    register = organised(
        ("a", "o", True), ("b", "o", True), ("c", "o", False), ("d", "o", None), ("e", None, True)
    )
    named = dict(name_actors(accounts, register).iter_rows())
    assert named == {"a": "org:o", "b": "org:o", "c": "c", "d": "d", "e": "e", "f": "f"}


def test_an_organisation_holds_the_mean_of_its_accounts() -> None:
    """Two accounts of one actor: what one of them does in full is half of the actor."""
    traits = trait_rows(
        ("a", "subnet", 1, 1.0), ("b", "subnet", 2, 1.0), ("c", "subnet", 1, 1.0),
        ("d", "subnet", 2, 1.0),
    )  # fmt: skip
    table = tabulate_traits(traits, register=organised(("a", "o", True), ("b", "o", True)))
    assert table.actor_ids == ["c", "d", "org:o"]
    assert holders(table, SUBNET, 1) == {"c": 1.0, "org:o": 0.5}
    assert dict(table.accounts.iter_rows()) == {"a": 2, "b": 2, "c": 0, "d": 1}


def test_shares_that_add_up_to_more_than_one_are_put_in_proportion() -> None:
    """Exchanges carry many templates: an actor counts once in a channel, not once a value."""
    rows = [("a", "template", v, 0.5) for v in range(4)] + [
        ("b", "template", v, 0.25) for v in range(4)
    ]
    table = tabulate_traits(trait_rows(*rows), register=REGISTER.empty())
    assert holders(table, CHANNEL_NAMES.index("template"), 0) == {"a": 0.25, "b": 0.25}


def test_a_value_of_one_actor_alone_is_kept_only_as_single_mass() -> None:
    """It ties nobody, and still says that the actor has one of its own."""
    traits = trait_rows(
        ("a", "subnet", 1, 0.4), ("a", "subnet", 9, 0.6), ("b", "subnet", 1, 1.0),
        ("b", "payment", 7, 1.0),
    )  # fmt: skip
    table = tabulate_traits(traits, register=REGISTER.empty())
    assert table.values == 1
    assert table.single[0, SUBNET] == pytest.approx(0.6)
    assert table.single[1, PAYMENT] == 1.0
    assert table.present[:, PAYMENT].tolist() == [False, True]


def test_a_value_that_only_one_organisation_holds_is_single() -> None:
    """Its accounts are one actor: an office behind its own address shares with nobody."""
    traits = trait_rows(*[(a, "subnet", 5, 1.0) for a in "abcdef"], ("x", "subnet", 6, 1.0))
    register = organised(*[(a, "o", True) for a in "abcdef"])
    table = tabulate_traits(traits, register=register)
    assert table.values == 0
    assert table.single[table.actor_ids.index("org:o"), SUBNET] == pytest.approx(1.0)


def test_rows_and_columns_are_one_matrix_and_its_transpose() -> None:
    """By actor and by value the same triples, and masses are their sums."""
    table = tabulate_traits(random_traits(1), register=REGISTER.empty())
    actor = np.repeat(np.arange(table.actors), np.diff(table.row_start))
    value = np.repeat(np.arange(table.values), np.diff(table.column_start))
    by_row = sorted(zip(actor, table.row_value, table.row_share, strict=True))
    by_column = sorted(zip(table.column_actor, value, table.column_share, strict=True))
    assert by_row == by_column
    masses = np.bincount(value, table.column_share, minlength=table.values)
    assert masses == pytest.approx(table.value_mass, abs=1e-4)


def test_what_an_actor_has_in_a_channel_adds_up_to_one() -> None:
    """Shared and single mass together are all of its traffic there, or one and more where whole."""
    table = tabulate_traits(random_traits(2), register=REGISTER.empty())
    actor = np.repeat(np.arange(table.actors), np.diff(table.row_start))
    total = table.single.astype(np.float64).copy()
    np.add.at(total, (actor, table.value_channel[table.row_value]), table.row_share)
    whole = CHANNEL_NAMES.index("repertoire")
    assert set(total[table.present[:, whole], whole]) == {1.0, 2.0}
    parts = np.delete(total, whole, axis=1)[np.delete(table.present, whole, axis=1)]
    assert parts == pytest.approx(1.0, abs=1e-5)
    assert not np.any(total[~table.present])


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_is_irrelevant(seed: int) -> None:
    """Every array of the table is the same."""
    traits = random_traits(8)
    one = tabulate_traits(traits, register=REGISTER.empty())
    shuffled = traits.sample(fraction=1.0, shuffle=True, seed=seed)
    two = tabulate_traits(shuffled, register=REGISTER.empty())
    assert one.actor_ids == two.actor_ids
    for name in ("row_value", "row_share", "column_actor", "value_channel", "single", "present"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    assert one.value_mass == pytest.approx(two.value_mass)


def test_a_family_is_one_span_of_values_and_of_every_actor_s_rows() -> None:
    """Values go by family, channel, holders and pseudonym; an actor's rows and holders ascend."""
    table = tabulate_traits(random_traits(4), register=REGISTER.empty())
    family = FAMILY_OF_CHANNEL[table.value_channel]
    most_first = -np.diff(table.column_start)
    order = np.lexsort((table.value_id, most_first, table.value_channel, family))
    assert np.array_equal(order, np.arange(table.values))
    for starts, held in (
        (table.row_start, table.row_value),
        (table.column_start, table.column_actor),
    ):
        inside = np.setdiff1d(np.arange(1, len(held)), starts)
        assert np.all(held[inside] > held[inside - 1])


def test_numbered_accounts_and_channels_give_the_table_that_words_give() -> None:
    """Enum or String, and accounts that hold nothing among the Enum's words."""
    traits = random_traits(5)
    words = pl.Enum(sorted({*traits["account_id"], "a-holds-nothing"}))
    numbered = traits.cast({"account_id": words, "channel": pl.Enum(CHANNEL_NAMES)})
    one, two = (tabulate_traits(t, register=REGISTER.empty()) for t in (traits, numbered))
    assert one.actor_ids == two.actor_ids
    assert one.accounts.equals(two.accounts)
    for name in (
        "row_start",
        "rows",
        "column_start",
        "holders",
        "value_mass",
        "value_id",
        "single",
    ):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_more_rows_than_the_bound_are_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typed failure with both numbers; nothing partial."""
    traits = random_traits(1)
    monkeypatch.setattr(limits, "TRAIT_ROWS_MAX", len(traits) - 1)
    with pytest.raises(LimitExceeded, match="TRAIT_ROWS_MAX"):
        tabulate_traits(traits, register=REGISTER.empty())
    monkeypatch.setattr(limits, "TRAIT_ROWS_MAX", len(traits))
    assert Workbench(traits).table.actors > 0


def test_no_traits_give_an_empty_table() -> None:
    """A register alone ties nobody."""
    table = tabulate_traits(TRAIT.empty(), register=organised(("a", "o", True)))
    assert (table.actors, table.values) == (0, 0)
