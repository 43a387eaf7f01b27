"""Shingles that coincide by half are one template, whatever they are called."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from stillwatch.observe.template_book.partition import (
    PAIRS_PER_SET_MAX,
    count_pairs,
    partition_shingles,
    take_sets,
)


def parted(sets: list[list[int]], weights: list[int] | None = None) -> set[frozenset[int]]:
    """The classes of a partition."""
    held = pl.DataFrame(
        [(k, h) for k, own in enumerate(sets) for h in own],
        schema={"set": pl.Int64, "hash": pl.Int64},
        orient="row",
    )
    given = pl.DataFrame({"set": list(range(len(sets))), "weight": weights or [1] * len(sets)})
    found = partition_shingles(held, given).group_by("template").agg("hash")
    return {frozenset(own) for own in found["hash"].to_list()}


def draw_sets(seed: int) -> list[list[int]]:
    """Exchanges that carry some of six templates each, and words of their own."""
    rng = np.random.default_rng(seed)
    templates = [
        list(range(100 * k, 100 * k + int(size))) for k, size in enumerate(rng.integers(1, 12, 6))
    ]
    return [
        sorted(
            {h for k in rng.choice(6, 2, replace=False) for h in templates[k] if rng.random() < 0.9}
            | {int(rng.integers(10_000, 10_040))}
        )
        for _ in range(300)
    ]


def test_what_coincides_by_half_is_one_and_what_does_not_is_two() -> None:
    """Of three exchanges with either, two have both: one template; of four, two: two or one."""
    assert parted([[1, 2], [1, 2], [1]]) == {frozenset({1, 2})}
    assert parted([[1, 2], [1], [2]]) == {frozenset({1}), frozenset({2})}
    assert parted([[1, 2], [1, 2], [1], [2]]) == {frozenset({1, 2})}


def test_weights_count_like_that_many_exchanges() -> None:
    """A set of weight three is three sets."""
    assert parted([[1, 2], [1], [2]], [3, 1, 1]) == parted([[1, 2]] * 3 + [[1], [2]])


@pytest.mark.parametrize("seed", range(5))
def test_renaming_the_hashes_renames_the_partition(seed: int) -> None:
    """Another pseudonym key permutes hashes; who belongs to whom stays."""
    sets = draw_sets(seed)
    hashes = sorted({h for own in sets for h in own})
    rng = np.random.default_rng(100 + seed)
    other = dict(zip(hashes, rng.choice(2**40, len(hashes), replace=False).tolist(), strict=True))
    renamed = parted([[other[h] for h in own] for own in sets])
    assert renamed == {frozenset(other[h] for h in own) for own in parted(sets)}


def test_it_is_what_comparing_all_pairs_gives() -> None:
    """Against the naive oracle: Jaccard of every pair, then connected components."""
    sets = draw_sets(9)
    holders: dict[int, set[int]] = {}
    for k, own in enumerate(sets):
        for h in own:
            holders.setdefault(h, set()).add(k)
    classes = {h: {h} for h in holders}
    for a, those in holders.items():
        for b, these in holders.items():
            is_tied = len(those & these) >= len(those | these) / 2
            if is_tied and classes[a] is not classes[b]:
                joined = classes[a] | classes[b]
                for h in joined:
                    classes[h] = joined
    assert parted(sets) == {frozenset(own) for own in classes.values()}


def test_pairs_are_bounded_by_the_sketch_and_linear_in_sets() -> None:
    """48 shingles a set, all held equally often: 1,128 pairs a set, no more, however many sets."""
    rng = np.random.default_rng(2)
    for sets in (50, 100):
        atom = np.concatenate([rng.choice(400, 48, replace=False) for _ in range(sets)])
        owner = np.repeat(np.arange(sets), 48)
        _, together = count_pairs(atom, owner, np.ones(sets), np.ones(400))
        assert together.sum() == sets * PAIRS_PER_SET_MAX


def test_equal_sets_are_taken_together() -> None:
    """Three exchanges, two of them with the same shingles in another order of rows."""
    rows = pl.DataFrame({"row": [1, 2, 1, 2, 3], "hash": [5, 7, 7, 5, 5]})
    held, weights = take_sets(rows, of="row")
    assert sorted(weights["weight"]) == [1, 2]
    assert sorted(held["hash"]) == [5, 5, 7]


def test_nothing_in_nothing_out() -> None:
    """No shingle at all."""
    assert parted([]) == set()
