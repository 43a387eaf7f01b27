"""Properties of the template book that hold for any days of any shingles."""

from __future__ import annotations

import random
import runpy
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.domain import limits
from stillwatch.domain.observations import TEMPLATE_BOOK
from stillwatch.observe.template_book import ObservedDay

BY_HAND: Any = runpy.run_path(
    str(Path(__file__).parents[1] / "unit/observe/template_book/days_by_hand.py")
)
SHINGLES = st.sets(st.integers(0, 30), min_size=0, max_size=12)
EXCHANGES = st.lists(
    st.tuples(st.sampled_from([f"a{k}" for k in range(7)]), SHINGLES), min_size=0, max_size=40
)
DAYS = st.lists(EXCHANGES, min_size=1, max_size=4)


def observe(days: list[Any]) -> list[ObservedDay]:
    """Observe days one after the other."""
    frames = [BY_HAND["exchanges_of"](sent, day=d) for d, sent in enumerate(days)]
    found: list[ObservedDay] = BY_HAND["observe"](*frames)
    return found


@settings(max_examples=25, deadline=None)
@given(days=DAYS, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(days: list[Any], order: random.Random) -> None:
    """Books, ids and shares, to the last bit."""
    mixed = [order.sample(sent, len(sent)) for sent in days]
    for one, other in zip(observe(days), observe(mixed), strict=True):
        assert one.shingles.equals(other.shingles)
        columns = ["template_id", "place", "hashes", "weights", "days"]
        assert one.book.select(columns).equals(other.book.select(columns))


@settings(max_examples=25, deadline=None)
@given(days=DAYS)
def test_a_day_is_a_partition_with_one_id_each_and_again_gives_the_same(days: list[Any]) -> None:
    """No shingle in two templates, no id for two; the last day again renames nothing."""
    observed = observe(days)
    for day in observed:
        assert day.shingles.select("place", "hash").is_unique().all()
        assert day.cover["coverage"].is_between(0, 1, closed="right").all()
        assert day.book["template_id"].is_unique().all()
        assert day.book["hashes"].list.len().is_between(1, limits.TEMPLATE_HASHES_MAX).all()
        TEMPLATE_BOOK.conform(day.book)
    if days[-1]:
        frame = BY_HAND["exchanges_of"](days[-1], day=len(days) - 1)
        (again,) = BY_HAND["observe"](frame, book=observed[-1].book)
        assert again.shingles.equals(observed[-1].shingles)


@settings(max_examples=15, deadline=None)
@given(days=DAYS)
def test_a_watch_gives_the_ids_of_a_scan_of_all_days(days: list[Any]) -> None:
    """Day by day, with the book handed on."""
    whole = observe(days)
    book, told = TEMPLATE_BOOK.empty(), []
    for d, sent in enumerate(days):
        if sent:
            (day,) = BY_HAND["observe"](BY_HAND["exchanges_of"](sent, day=d), book=book)
            book = day.book
            told.append(day.shingles)
    assert [day.shingles.rows() for day in whole] == [rows.rows() for rows in told]
    assert pl.DataFrame(book).equals(whole[-1].book if whole else TEMPLATE_BOOK.empty())
