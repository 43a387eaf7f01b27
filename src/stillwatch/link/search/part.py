"""Part groups that are two: strangers to one another who have grown into one.

Part of the third step of *link*, between growing and joining. Growth asks of each actor whether it
fits the group as it stands. Where a seed's holders come from two tight sets (a campaign, and a firm
whose robots use the same public harness), a member's own set makes half of the group, which fits
well enough, since a family's bits are capped: neither set ever lets go of the other. So each group
is asked whether it has two parts that say nothing of one another. What would not be joined does not
stay together.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from queue import SimpleQueue
from typing import Final, NamedTuple

import numpy as np

from stillwatch.domain import limits
from stillwatch.link.counts import add_bits, count_values
from stillwatch.link.search.speak import speaks_for
from stillwatch.link.search.state import Search
from stillwatch.link.table import F64, I32, I64, Bools
from stillwatch.link.workbench import INSIDE, OUTSIDE, THREADS, Bench, set_bench

_SIDES: Final = 2
_MOVES_MAX: Final = 4
"""Rounds in which members move to the other side: strangers have settled after one or two."""
_SAME_SIDE: Final = 0.9
"""Overlap (Jaccard) of two values' holders above which they divide a group alike."""


class Parts(NamedTuple):
    """A group's two parts, and the value whose holders the first has grown from."""

    holders: I32
    others: I32
    value: int


def part_groups(search: Search) -> None:
    """Part each group into those that it is made of, until each is one.

    A part grows anew, without anybody of the other, and so keeps whom it can keep alone. Whom
    neither keeps is free. Writes the search's groups, their seeds and who is taken.

    Cost:    for each group, `limits.DIVIDERS_MAX` divisions of a sample of its members, on all
             threads; a growth of each part.
    """
    idle: SimpleQueue[Bench] = SimpleQueue()
    for _ in range(THREADS):
        idle.put(set_bench(search.bench.t, search.bench.b))

    def find(g: int) -> Parts | None:
        bench = idle.get()
        parts = find_parts(bench, search.groups[g])
        idle.put(bench)
        return parts

    fresh = list(range(len(search.groups)))
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(limits.PARTINGS_MAX):
            found = list(zip(fresh, pool.map(find, fresh), strict=True))
            fresh = [k for g, parts in found if parts for k in _divide(search, g, parts)]
            if not fresh or len(search.groups) >= limits.GROUPS_MAX:
                break
    stands = [len(group) > 0 for group in search.groups]
    search.groups = list(compress(search.groups, stands))
    search.seeds = list(compress(search.seeds, stands))


def find_parts(bench: Bench, group: I32) -> Parts | None:
    """Find two parts of a group neither of which speaks for the other; None, if it is one.

    Grain:   every member is in one part. Order: by what tells most about all else that they hold.
    """
    heard = group[:: max(len(group) // limits.PART_SAMPLE, 1)]
    if len(heard) < _SIDES * limits.ACTORS_MIN:
        return None
    for value, holds in _list_dividers(bench, heard):
        sides = _settle(bench, heard, holds)
        if min(map(len, sides)) < limits.ACTORS_MIN:
            continue
        first, second = sides
        if not (speaks_for(bench, first, [second])[0] or speaks_for(bench, second, [first])[0]):
            is_first = _prefer(bench, sides, group)
            is_first[np.searchsorted(group, first)] = True
            is_first[np.searchsorted(group, second)] = False
            return Parts(group[is_first], group[~is_first], value)
    return None


def _divide(search: Search, g: int, parts: Parts) -> list[int]:
    """Put two parts in the place of a group: which of them there are."""
    seed, begun = search.seeds[g], len(search.groups)
    search.taken[parts.holders] = False
    first = search.grow(parts.holders, parts.value)
    search.taken[np.concatenate([parts.holders, first])] = True
    search.taken[parts.others] = False
    second = search.grow(parts.others, seed)
    search.taken[parts.holders] = False
    search.taken[np.concatenate([first, second])] = True
    search.groups[g], search.seeds[g] = second, seed
    search.groups.append(first)
    search.seeds.append(parts.value)
    return [k for k in (g, begun) if len(search.groups[k])]


def _list_dividers(bench: Bench, heard: I32) -> list[tuple[int, Bools]]:
    """List the values that best tell the group's members apart: each with who holds it.

    For each value: how much knowing who holds it tells of each other family (mutual information
    with that family's most telling value, among those who have the channel at all).
    """
    values, holds = _hold_values(bench, heard)
    if not len(values):
        return []
    columns = bench.t
    channel = columns.values["channel"][values]
    family = columns.channels["family"][channel]
    told = _tell(holds, columns.present[heard][:, channel])
    best = np.zeros(len(values))
    for f in np.unique(family):
        of_family = told[:, family == f].max(axis=1)
        best += np.where(family == f, 0.0, of_family)
    chosen: list[int] = []
    for v in np.lexsort((values, -best)):
        alike = (_overlap(holds[:, v], holds[:, w]) for w in chosen)
        if not any(share > _SAME_SIDE for share in alike):
            chosen.append(int(v))
        if len(chosen) == limits.DIVIDERS_MAX:
            break
    return [(int(values[v]), holds[:, v]) for v in chosen]


def _hold_values(bench: Bench, heard: I32) -> tuple[I64, Bools]:
    """List what some of the members hold and some don't, and who holds it.

    Grain:   values, those first that divide most evenly, `limits.DIVIDER_VALUES_MAX` at most; and
             a mark per member and value.
    """
    columns = bench.t
    counted = count_values(bench, heard)
    rest = len(heard) - counted.holders
    even = np.minimum(counted.holders, rest)
    usable = np.flatnonzero(even >= limits.ACTORS_MIN)
    order = np.lexsort((counted.value[usable], -even[usable]))[: limits.DIVIDER_VALUES_MAX]
    values = counted.value[usable[order]]
    holds = np.zeros((len(heard), len(values)), np.bool_)
    for k, v in enumerate(values):
        span = slice(columns.holder_start[v], columns.holder_start[v + 1])
        holds[:, k] = np.isin(heard, columns.holders["actor"][span], assume_unique=True)
    return values, holds


def _tell(holds: Bools, has: Bools) -> F64:
    """Measure how much holding one value tells of holding another.

    Grain:   V x V, from the value in the row about the one in the column. Units: bits, summed over
             the members who have the column's channel.
    """
    mine, has_other = holds.astype(np.float64), has.astype(np.float64)
    both = mine.T @ mine
    first, second, n = mine.T @ has_other, np.diag(both)[None, :], has_other.sum(axis=0)[None, :]
    told = np.zeros_like(both)
    for seen, one, other in (
        (both, first, second),
        (first - both, first, n - second),
        (second - both, n - first, second),
        (n - first - second + both, n - first, n - second),
    ):
        expected = np.maximum(one * other, 1e-9) / np.maximum(n, 1.0)
        told += np.where(seen > 0, seen * np.log2(np.maximum(seen, 1e-9) / expected), 0.0)
    return told


def _overlap(one: Bools, other: Bools) -> float:
    return float(np.sum(one & other) / max(np.sum(one | other), 1))


def _settle(bench: Bench, heard: I32, holds: Bools) -> tuple[I32, I32]:
    """Move members to the side that explains them better, until hardly any moves."""
    side = holds
    for _ in range(_MOVES_MAX):
        first, second = heard[side], heard[~side]
        if min(len(first), len(second)) < limits.ACTORS_MIN:
            break
        moved = np.empty_like(side)
        moved[side] = _stay(bench, first, second)
        moved[~side] = ~_stay(bench, second, first)
        if (moved == side).all():
            break
        side = moved
    return heard[side], heard[~side]


def _stay(bench: Bench, mine: I32, others: I32) -> Bools:
    """Say which members of a side it explains at least as well as the other side does."""
    here, there = (
        add_bits(bench, mine, mine, INSIDE),
        add_bits(bench, others, mine, OUTSIDE),
    )
    return np.asarray(here >= there)


def _prefer(bench: Bench, sides: tuple[I32, I32], actors: I32) -> Bools:
    """Say which actors the first side explains better, none of them a member of either."""
    first, second = (add_bits(bench, side, actors, OUTSIDE) for side in sides)
    return np.asarray(first >= second)
