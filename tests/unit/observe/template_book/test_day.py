"""A day's templates: who must send them, where they stand, and how much of a text they cover."""

from __future__ import annotations

import polars as pl
from days_by_hand import exchanges_of, group, ids_of, lazy, number, observe, system_rows

from stillwatch.domain import limits
from stillwatch.observe.engines import collect_here
from stillwatch.observe.template_book.day import cover_exchanges, find_shingles

ONE, TWO = range(11, 17), range(21, 25)
ENOUGH = limits.TEMPLATE_ACCOUNTS_MIN


def test_four_accounts_are_too_few_and_five_are_enough() -> None:
    """However often they send it."""
    few = exchanges_of(group(ONE, accounts=ENOUGH - 1) * 9)
    assert observe(few)[0].shingles.is_empty()
    assert set(ids_of(observe(exchanges_of(group(ONE, accounts=ENOUGH)))[0])) == set(ONE)


def test_an_exchange_has_none_one_or_several_templates_with_their_shares() -> None:
    """Six of seven shingles, four of five, both in one, and none."""
    sent = [*group(ONE), *group(TWO, name="b"), ("c", [*ONE, *TWO, 999]), ("d", [1_000])]
    day = observe(exchanges_of(sent))[0]
    shares = dict(day.cover.group_by("account_id").agg(pl.col("coverage").sort()).iter_rows())
    assert [round(x, 5) for x in shares["a0"]] == [round(6 / 7, 5)]
    assert [round(x, 5) for x in shares["b0"]] == [0.8]
    assert [round(x, 5) for x in shares["c"]] == [round(4 / 11, 5), round(6 / 11, 5)]
    assert "d" not in shares


def test_templates_of_system_texts_are_found_text_by_text() -> None:
    """Ten texts share all but one shingle; prompts carry no sketch at all."""
    texts = {k: [*ONE, 500 + k] for k in range(1, 11)}
    sent = [(f"a{k}", []) for k in texts]
    frame = exchanges_of(sent, more={"system_hash": list(texts)})
    day = observe(frame, systems=system_rows(texts))[0]
    assert set(ids_of(day, "system")) == set(ONE)
    assert len(set(ids_of(day, "system").values())) == 1
    assert day.cover["place"].unique().to_list() == ["system"]
    assert day.cover["coverage"].round(5).unique().to_list() == [round(6 / 7, 5)]


def test_a_system_text_without_shingles_is_a_template_of_its_own() -> None:
    """Three words, in everybody's hands: it covers all of itself."""
    frame = exchanges_of([(f"a{k}", []) for k in range(6)], more={"system_hash": [77] * 6})
    day = observe(frame, systems=system_rows({77: []}))[0]
    assert ids_of(day, "system").keys() == {77}
    assert day.cover["coverage"].to_list() == [1.0] * 6


def test_the_order_of_rows_and_the_cut_into_files_are_irrelevant() -> None:
    """Shuffled, and put together from three parts."""
    sent = [*group(ONE), *group(TWO, name="b"), *group([*ONE, *TWO], name="c")]
    frame = exchanges_of(sent)
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=4)
    parts = [mixed[:5], mixed[5:11], mixed[11:]]
    whole, cut = observe(frame)[0], observe(*parts)[0]
    assert whole.shingles.equals(cut.shingles)
    assert whole.book.equals(cut.book)


def test_rows_grow_with_exchanges_and_no_faster() -> None:
    """What is listed of a sketch is bounded by it: four times as many, four times the rows."""
    sent = [(f"a{k}", [*range(48)]) for k in range(40)]
    counted = []
    for times in (1, 4):
        rows = lazy(number(exchanges_of(sent * times)))
        shingles = find_shingles(rows, systems=system_rows({}))
        covered = collect_here(cover_exchanges(rows, shingles=shingles, systems=system_rows({})))
        counted.append((len(shingles), len(covered)))
    assert counted == [(48, 40), (48, 160)]


def test_an_empty_day_has_no_template() -> None:
    """No exchange, or none with a sketch."""
    assert observe() == []
    assert observe(exchanges_of([("a", []), ("b", [])]))[0].cover.is_empty()
