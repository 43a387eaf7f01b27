"""Which shingles are parts of one template: those whose exchanges coincide by half.

First step of the template book: reads sets of shingles (what an exchange, or a system text, holds
of what several accounts send), gives the partition of the shingles. Shingles that stand in the very
same sets are one atom from the start; atoms that meet in a set are compared, all pairs of them, if
one isn't held twice as often as the other, for then they can't coincide by half.

Deliberately absent: any look at the hashes' order, so that another pseudonym key gives the same
partition (`observe/templates.py`, which linking reads, compares neighbours in that order).
Source: DESIGN.md, section 5.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits

TOGETHER: Final = 0.5
"""Jaccard overlap of the exchanges of two shingles from which they are one template."""
PAIRS_PER_SET_MAX: Final = limits.SKETCH_HASHES_MAX * (limits.SKETCH_HASHES_MAX - 1) // 2
"""Pairs that one set can give, for a sketch is bounded: what makes the work linear in sets."""
_WAITING_MAX: Final = 2**22
"""Pairs that wait to be merged with those before: 64 MB."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.float64]


def partition_shingles(held: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """Part shingles into templates.

    Grain:   one row per shingle of `held`: (hash, template), the template its smallest hash.
    `held` is (set, hash), distinct; `weights` is (set, weight), how often each set was sent.
    Order:   sorted by hash; the order of rows and the numbering of sets are irrelevant, and an
             injective renaming of the hashes renames the result.
    Cost:    a sort of `held`, and at most PAIRS_PER_SET_MAX pairs a set.
    """
    if not len(held):
        return pl.DataFrame(schema={"hash": pl.Int64, "template": pl.Int64})
    numbers = weights.sort("set").with_row_index("owner")
    rows = held.join(numbers, on="set").sort("hash", "owner")
    owner = rows["owner"].to_numpy().astype(np.int64)
    weight = numbers["weight"].to_numpy().astype(np.float64)
    hashes, first = np.unique(rows["hash"].to_numpy(), return_index=True)
    shingle = np.repeat(np.arange(len(hashes)), np.diff(np.append(first, len(rows))))
    atom = _find_atoms(owner, first)
    kept = np.unique(atom[shingle] * len(weight) + owner)
    component = _join_atoms(kept // len(weight), kept % len(weight), weight, int(atom.max()) + 1)
    named = pl.DataFrame({"hash": hashes, "component": component[atom]})
    return named.select("hash", pl.col("hash").min().over("component").alias("template"))


def _find_atoms(owner: Ints, first: Ints) -> Ints:
    """Number the classes of shingles that stand in the same sets, told by two sums of hashes."""
    with np.errstate(over="ignore"):
        low = np.add.reduceat(_scatter(owner.astype(np.uint64)), first)
        high = np.add.reduceat(_scatter(~owner.astype(np.uint64)), first)
    pairs = np.stack([low, high], axis=1)
    return np.asarray(np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1), np.int64)


def _scatter(x: Words) -> Words:
    """Spread a number over 64 bits. Source: SplitMix64 (Steele et al. 2014)."""
    x = (x + _MIX) * _MIX
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _join_atoms(atom: Ints, owner: Ints, weight: Counts, atoms: int) -> Ints:
    """Connected components of atoms whose sets overlap enough."""
    # Half a second to load, and not needed before the last exchange has been read.
    from scipy.sparse import coo_array  # noqa: PLC0415  see above
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415  see above

    support = np.bincount(atom, weight[owner], minlength=atoms).astype(np.float64)
    pair, together = count_pairs(atom, owner, weight, support)
    a, b = pair // atoms, pair % atoms
    tied = together >= TOGETHER * (support[a] + support[b] - together)
    graph = coo_array((np.ones(int(tied.sum())), (a[tied], b[tied])), shape=(atoms, atoms))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def count_pairs(atom: Ints, owner: Ints, weight: Counts, support: Counts) -> tuple[Ints, Counts]:
    """Count how often two atoms stand in one set, for those that could coincide by half.

    Grain:   one row per pair of atoms: a code (the smaller times their number, plus the larger)
             and the summed weight of the sets that hold both.
    Cost:    at most PAIRS_PER_SET_MAX pairs a set; merged step by step, so that memory is a few
             times the distinct pairs.
    """
    order = np.lexsort((atom, support[atom], owner))
    atom, owner = atom[order], owner[order]
    codes, sums = [np.zeros(0, np.int64)], [np.zeros(0)]
    waiting, at, step = 0, np.arange(len(atom)), 1
    while len(at := at[at < len(atom) - step]):
        near = owner[at] == owner[at + step]
        near &= support[atom[at]] >= TOGETHER * support[atom[at + step]]
        at = at[near]  # a pair further apart in the same set differs by more still
        left, right = atom[at], atom[at + step]
        codes.append(np.minimum(left, right) * len(support) + np.maximum(left, right))
        sums.append(weight[owner[at]])
        waiting += len(at)
        if waiting > max(len(codes[0]), _WAITING_MAX):
            codes, sums, waiting = *_merge(codes, sums), 0
        step += 1
    (found,), (together,) = _merge(codes, sums)
    return found, together


def _merge(codes: list[Ints], sums: list[Counts]) -> tuple[list[Ints], list[Counts]]:
    found, inverse = np.unique(np.concatenate(codes), return_inverse=True)
    summed = np.bincount(inverse, np.concatenate(sums), minlength=len(found))
    return [found], [summed.astype(np.float64)]


def take_sets(rows: pl.DataFrame, *, of: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take together what holds the very same shingles.

    Grain:   (set, hash), and (set, weight): how many of `of` hold that set.
    Cost:    a group-by of the rows.
    """
    codes: Any = rows["hash"].to_numpy().astype(np.uint64)
    with np.errstate(over="ignore"):
        marked = rows.select(of, "hash").with_columns(
            low=pl.Series(_scatter(codes)), high=pl.Series(_scatter(~codes))
        )
    print_of = marked.group_by(of).agg(pl.col("low", "high").bitwise_xor(), pl.len().alias("size"))
    sets = print_of.group_by("low", "high", "size").agg(
        pl.col(of).min().alias("set"), pl.len().alias("weight")
    )
    held = rows.select(pl.col(of).alias("set"), "hash").join(sets, on="set", how="semi")
    return held, sets.select("set", "weight")
