"""Shingles that travel together are one template, and those that don't are not."""

from __future__ import annotations

import polars as pl
import pytest
from exchanges_by_hand import collected, lazy, observed

from stillwatch.domain import limits
from stillwatch.observe.hashes.shingles import count_spread, list_frequent
from stillwatch.observe.templates import find_templates

ONE = [11, 12, 13, 14]
TWO = [21, 22, 23]


def sent(*sketches: tuple[str, list[int]]) -> pl.DataFrame:
    """Make exchanges of (account, shingles)."""
    return observed(*[{"account_id": a, "sketch": sorted(s)} for a, s in sketches])


def frequent(rows: pl.DataFrame) -> pl.DataFrame:
    """The frequent shingles of each exchange."""
    listed = collected(list_frequent(lazy(rows), count_spread(lazy(rows))))
    account = pl.col("account_id").rank("dense").cast(pl.UInt32).alias("account")
    return listed.select("row", account, pl.col("hash").cast(pl.UInt32).alias("shingle"))


def campaign() -> pl.DataFrame:
    """Two templates over six accounts each, with words of their own; a stray holds one shingle."""
    rows = [(f"a{k}", [*ONE, 1_000 + k]) for k in range(6)]
    rows += [(f"b{k}", [*TWO, 2_000 + k]) for k in range(6)]
    return sent(*rows, ("c", [11, 3_000]))


def template_of(templates: pl.DataFrame) -> dict[int, int]:
    """Template by shingle."""
    return dict(templates.select("shingle", "template").iter_rows())


def test_shingles_that_travel_together_are_one_template() -> None:
    """Named by the smallest; those of another prompt are another."""
    found = template_of(find_templates(frequent(campaign())))
    assert found == dict.fromkeys(ONE, 11) | dict.fromkeys(TWO, 21)


def test_a_shingle_that_travels_alone_most_of_the_time_is_not_of_the_template() -> None:
    """Held by twenty others too: its exchanges coincide with the template's by less than half."""
    rows = [(f"a{k}", [*ONE, 99]) for k in range(6)] + [(f"d{k}", [99]) for k in range(20)]
    found = template_of(find_templates(frequent(sent(*rows))))
    assert {found[h] for h in ONE} == {11}
    assert found[99] == 99


def test_four_accounts_are_too_few_however_often_they_send() -> None:
    """Spread is counted in accounts."""
    few = limits.TEMPLATE_ACCOUNTS_MIN - 1
    rows = sent(*[(f"a{k % few}", ONE) for k in range(40)])
    assert len(frequent(rows)) > 0
    assert len(find_templates(frequent(rows))) == 0
    wide = sent(*[(f"a{k}", ONE) for k in range(few + 1)])
    assert len(find_templates(frequent(wide))) == len(ONE)


def test_rare_shingles_are_not_listed() -> None:
    """Only what at least five exchanges hold can be held by five accounts."""
    spread = collected(count_spread(lazy(campaign()))).sort("hash")
    assert spread["hash"].to_list() == [*ONE, *TWO]
    assert spread["exchanges"].to_list() == [7, 6, 6, 6, 6, 6, 6]


def test_the_order_of_exchanges_is_irrelevant() -> None:
    """The same templates from shuffled rows."""
    rows = frequent(campaign())
    mixed = rows.sample(fraction=1.0, shuffle=True, seed=3)
    assert find_templates(rows).equals(find_templates(mixed))


@pytest.mark.parametrize("rows", [[], [("a", [1, 2]), ("b", [3])], [("a", [])]])
def test_where_nothing_is_shared_there_are_no_templates(rows: list[tuple[str, list[int]]]) -> None:
    """No exchange, no common shingle or no shingle at all is no failure."""
    listed = frequent(sent(*rows) if rows else campaign().head(0))
    assert len(find_templates(listed)) == 0
