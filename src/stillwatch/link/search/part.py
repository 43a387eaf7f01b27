"""Part groups that are two: strangers to one another who have grown into one.

Part of the third step of *link*, between growing and joining. Growth asks of each actor whether it
fits the group as it stands. Where a seed's holders come from two tight sets (a campaign, and a firm
whose robots use the same public harness), a member's own set makes half of the group, which fits
well enough, since a family's bits are capped: neither set ever lets go of the other. So each group
is asked whether it has two parts that say nothing of one another. What would not be joined does not
stay together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from queue import SimpleQueue
from typing import Final, NamedTuple

import numpy as np

from stillwatch.domain import limits
from stillwatch.link.counts import add_bits
from stillwatch.link.search.dividers import list_dividers, list_small_sets
from stillwatch.link.search.speak import speaks_for, take_sample
from stillwatch.link.search.state import Search
from stillwatch.link.table import I32, Bools
from stillwatch.link.workbench import INSIDE, OUTSIDE, THREADS, Bench, set_bench

_SIDES: Final = 2
_MOVES_MAX: Final = 4
"""Rounds in which members move to the other side: strangers have settled after one or two."""


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

    with ThreadPoolExecutor(THREADS) as pool:
        divide_groups(search, lambda asked: pool.map(find, asked))


def divide_groups(search: Search, find: Callable[[Sequence[int]], Iterable[Parts | None]]) -> None:
    """Divide groups by the parts that are found of them, and these again, until each is one.

    `find` is given places in the search's groups, and gives the parts of each, or none. Writes the
    search's groups, their seeds and who is taken; groups of which nothing grew again are left out.

    Cost:    `limits.PARTINGS_MAX` rounds at most, and two growths for each division.
    """
    fresh = list(range(len(search.groups)))
    for _ in range(limits.PARTINGS_MAX):
        found = list(zip(fresh, find(fresh), strict=True))
        fresh = []
        for g, parts in found:
            if parts and len(search.groups) < limits.GROUPS_MAX:
                fresh += _divide(search, g, parts)
        if not fresh:
            break
    stands = [len(group) > 0 for group in search.groups]
    search.groups = list(compress(search.groups, stands))
    search.seeds = list(compress(search.seeds, stands))


def find_parts(bench: Bench, group: I32) -> Parts | None:
    """Find two parts of a group neither of which speaks for the other; None, if it is one.

    Grain:   every member is in one part. Order: by what tells most about all else that they hold.
    Cost:    `limits.DIVIDERS_MAX` times the rows of up to 2 x `limits.PART_SAMPLE` members; of a
             larger group `limits.SMALL_SETS_MAX` times those of 2 x `limits.MERGE_SAMPLE`.
    """
    if len(group) < _SIDES * limits.ACTORS_MIN:
        return None
    for value, first, second in list_sides(bench, group):
        if not (speaks_for(bench, first, [second])[0] or speaks_for(bench, second, [first])[0]):
            return take_sides(bench, group, (first, second), value)
    return None


def list_sides(bench: Bench, group: I32) -> Iterator[tuple[int, I32, I32]]:
    """What a group may be parted into: by what divides its sample, and small sets and the rest.

    Grain:   a value, who of those that are heard stands on its holders' side, and who does not; no
             side is smaller than a group may be. Order and cost: as `find_parts`.
    """
    heard = group[:: max(len(group) // limits.PART_SAMPLE, 1)]
    for value, holds in list_dividers(bench, heard):
        first, second = _settle(bench, heard, holds)
        if min(len(first), len(second)) >= limits.ACTORS_MIN:
            yield value, first, second
    if len(heard) < len(group):
        for value, few in list_small_sets(bench, group)[: limits.SMALL_SETS_MAX]:
            yield value, few, take_sample(np.setdiff1d(group, few))


def take_sides(bench: Bench, group: I32, sides: tuple[I32, I32], value: int) -> Parts:
    """Give every member its side: those that are on one stay, the others go where they fit better.

    Grain:   every member is in one part. Cost: the rows of the group, twice.
    """
    is_first = _prefer(bench, sides, group)
    is_first[np.searchsorted(group, sides[0])] = True
    is_first[np.searchsorted(group, sides[1])] = False
    return Parts(group[is_first], group[~is_first], value)


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


def _settle(bench: Bench, heard: I32, holds: Bools) -> tuple[I32, I32]:
    """Move members to the side that explains them better, until nobody moves, or for a while."""
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
    here = add_bits(bench, mine, mine, INSIDE)
    return np.asarray(here >= add_bits(bench, others, mine, OUTSIDE))


def _prefer(bench: Bench, sides: tuple[I32, I32], actors: I32) -> Bools:
    """Say which actors the first side explains better, each weighed as a stranger to both."""
    first, second = (add_bits(bench, side, actors, OUTSIDE) for side in sides)
    return np.asarray(first >= second)
