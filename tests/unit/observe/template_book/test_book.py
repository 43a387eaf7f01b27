"""The book: a template keeps its id while it changes, and gives it to nobody else."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from days_by_hand import FIRST, exchanges_of, group, ids_of, observe

from stillwatch.domain import limits
from stillwatch.domain.observations import TEMPLATE_BOOK
from stillwatch.observe.template_book import ObservedDay
from stillwatch.observe.template_book.book import carry_on

A, B = range(100, 130), range(200, 210)


def one_id(day: ObservedDay, template: range | list[int]) -> str:
    """The id that all of a template's shingles have that day."""
    found = ids_of(day)
    (template_id,) = {found[h] for h in template}
    return template_id


def test_the_same_day_again_gives_the_same_ids_and_the_same_book() -> None:
    """Nothing is new, and nothing is counted twice."""
    frame = exchanges_of([*group(A), *group(B, name="b")])
    (first,) = observe(frame)
    (second,) = observe(frame, book=first.book)
    assert ids_of(first) == ids_of(second)
    assert (first.new, second.new) == (2, 0)
    assert first.book.equals(second.book)


def test_days_observed_one_by_one_give_the_ids_of_a_scan_of_all() -> None:
    """With the book handed on, as a watch does; templates come, go and change in between."""
    days = [
        exchanges_of([*group(range(100 + 3 * d, 130 + 3 * d)), *group(B, name=f"b{d}")], day=d)
        for d in range(4)
    ]
    whole = observe(*days)
    book = TEMPLATE_BOOK.empty()
    for frame, known in zip(days, whole, strict=True):
        (day,) = observe(frame, book=book)
        book = day.book
        assert ids_of(day) == ids_of(known)
    assert book.equals(whole[-1].book)


def test_a_template_that_drifts_keeps_its_id_over_thirty_days() -> None:
    """A sentence more each day, and the oldest goes: by the end no shingle of the first is left."""
    days = [exchanges_of(group(range(100 + 4 * d, 132 + 4 * d)), day=d) for d in range(30)]
    observed = observe(*days)
    ids = {template_id for day in observed for template_id in ids_of(day).values()}
    assert len(ids) == 1
    (row,) = observed[-1].book.to_dicts()
    assert row["days"] == 30
    assert row["first_seen_at"] == FIRST
    assert row["last_seen_at"].date() == (FIRST + dt.timedelta(days=29)).date()
    assert not set(row["hashes"]) & set(range(100, 132))


def test_a_template_that_grows_keeps_its_id_over_thirty_days() -> None:
    """A sentence more each day, and none goes: beyond the bound a sample is kept."""
    days = [exchanges_of(group(range(100, 120 + 3 * d)), day=d) for d in range(30)]
    observed = observe(*days)
    assert len({template_id for day in observed for template_id in ids_of(day).values()}) == 1
    assert observed[-1].book["hashes"].list.len().to_list() == [limits.TEMPLATE_HASHES_MAX]


def test_slots_that_are_popular_for_a_day_change_no_id() -> None:
    """Each day other words in the slot are sent by everybody, and travel with the template."""
    days = [
        exchanges_of(group([*range(100, 112), *range(1_000 * d, 1_000 * d + 5)]), day=d)
        for d in range(1, 20)
    ]
    assert len({ids_of(day)[100] for day in observe(*days)}) == 1


def test_of_a_split_the_heavier_part_keeps_the_id() -> None:
    """Thirty shingles part into twenty and ten; the ten are new."""
    whole = exchanges_of(group(A))
    parts = [*group(A[:20], name="b"), *group(A[20:], name="c")]
    first, second = observe(whole, exchanges_of(parts, day=1))
    assert one_id(second, A[:20]) == one_id(first, A)
    assert one_id(second, A[20:]) != one_id(first, A)
    assert second.new == 1


def test_of_a_merger_the_heavier_gives_the_id_and_the_other_has_its_own_again() -> None:
    """Thirty and ten are sent together for a day, and apart on the next."""
    apart = [*group(A), *group(B, name="b")]
    first, joined, last = observe(
        exchanges_of(apart), exchanges_of(group([*A, *B]), day=1), exchanges_of(apart, day=2)
    )
    assert one_id(joined, [*A, *B]) == one_id(first, A)
    assert (one_id(last, A), one_id(last, B)) == (one_id(first, A), one_id(first, B))
    assert last.book["days"].sort().to_list() == [2, 3]


def test_two_halves_of_a_split_are_told_apart_by_a_rule() -> None:
    """Both have half of the weight: the same one keeps the id, whatever the order of rows."""
    whole = exchanges_of(group(A))
    halves = exchanges_of([*group(A[:15], name="b"), *group(A[15:], name="c")], day=1)
    kept = {
        one_id(observe(whole, halves.sample(fraction=1.0, shuffle=True, seed=s))[1], A[:15])
        for s in range(4)
    }
    assert len(kept) == 1


@pytest.mark.parametrize(("days", "is_known"), [(limits.TEMPLATE_DORMANT_DAYS, True), (92, False)])
def test_a_template_that_nobody_sends_is_forgotten_after_its_time(
    days: int, *, is_known: bool
) -> None:
    """Ninety days on the id is still its own; later it is derived anew, and happens to be equal."""
    first, later = observe(exchanges_of(group(A)), exchanges_of(group(A), day=days))
    assert later.new == (0 if is_known else 1)
    assert later.book["first_seen_at"].min() == (first if is_known else later).cover["time"].min()


def test_system_texts_and_prompts_never_share_an_id() -> None:
    """The same shingles in both places are two templates."""
    shingles = pl.DataFrame(
        {
            "place": ["prompt", "prompt", "system", "system"],
            "hash": [1, 2, 1, 2],
            "template": [1] * 4,
            "accounts": [5] * 4,
        }
    )
    seen = pl.DataFrame(
        {"place": ["prompt", "system"], "template": [1, 1], "first_seen_at": [FIRST] * 2}
    ).with_columns(pl.col("first_seen_at").cast(pl.Datetime("us", "UTC")))
    sightings = seen.with_columns(last_seen_at="first_seen_at")
    carried = carry_on(TEMPLATE_BOOK.empty(), shingles, sightings=sightings)
    assert carried.names["template_id"].n_unique() == 2
    again = carry_on(carried.book, shingles, sightings=sightings)
    assert again.names.drop("is_new").equals(carried.names.drop("is_new"))


def test_a_book_that_is_full_forgets_the_oldest_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Room for two of three: the one seen longest ago goes."""
    monkeypatch.setattr(limits, "TEMPLATE_BOOK_MAX", 2)
    days = [exchanges_of(group(range(100 * d, 100 * d + 9)), day=d) for d in range(1, 4)]
    observed = observe(*days)
    assert [day.crowded_out for day in observed] == [0, 0, 1]
    gone = one_id(observed[0], range(100, 109))
    assert gone not in observed[-1].book["template_id"]


def test_an_id_that_is_taken_is_not_given_twice() -> None:
    """A template drifts away from the hashes that its id was made of; another is born of them."""
    days = [group(A), group([*A[10:], *range(300, 310)])]
    days += [group([*A[20:], *range(300, 320)]), group(range(300, 340))]
    days += [group(range(300, 340))] * 5
    frames = [exchanges_of(sent, day=d) for d, sent in enumerate(days)]
    last = exchanges_of([*group(range(300, 340)), *group(A, name="b")], day=len(days))
    observed = observe(*frames, last)
    assert one_id(observed[-1], range(300, 340)) == one_id(observed[0], A)
    assert one_id(observed[-1], A) != one_id(observed[0], A)


def test_a_long_template_keeps_a_sample_that_is_the_same_every_day() -> None:
    """Of 400 shingles 64 are kept; a tenth of others comes and goes, the id stays."""
    rng = np.random.default_rng(3)
    long = list(range(1_000, 1_400))
    days = [exchanges_of(group([h for h in long if rng.random() < 0.9]), day=d) for d in range(8)]
    observed = observe(*days)
    assert len({template_id for day in observed for template_id in ids_of(day).values()}) == 1
