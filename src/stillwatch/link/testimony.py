"""Whose seeds speak for a group, and how sure that makes us that something ties it.

Seventh step of *link*: reads the search and its null, and what queues say; gives each bundle its
best e-value and q-value. A group is tested by the seed that it grew from and by a bounded number of
others; all of them, and the queue of every group, count in e-BH beside every seed that was
proposed.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.channels.families import FAMILIES
from stillwatch.link.counts import SHARE_MIN, count_values
from stillwatch.link.e_values import (
    IMPOSSIBLE,
    LOG2_E_MAX,
    bound_q_values,
    combine_families,
)
from stillwatch.link.evidence import Null, test_family
from stillwatch.link.queues import Bundle
from stillwatch.link.search import Search
from stillwatch.link.witness import Witness, choose_families, weigh_seed
from stillwatch.link.workbench import THREADS, set_bench

_SAME_HOLDERS = 1 / 3
"""Overlap (Jaccard) of a value's holders and a group from which they are about the same: at least
half of each is then in the other."""


class _Asked(NamedTuple):
    """A seed's word for a group: the families whose hidden search is worth its time."""

    seed: int
    place: int
    """Which of the group's seeds it is."""
    group: int
    families: tuple[str, ...]


def test_groups(null: Null) -> list[tuple[int, float]]:
    """Test each group of the search by the seeds that speak for it.

    Grain:   one (group, log2 of an e-value) per seed that is worth testing, by group.
    Cost:    at most 2 x SEEDS_PER_GROUP_MAX seeds a group, each with one growth a family; a seed of
             several groups is grown once.
    """
    search = null.search
    bar = float(np.log2(max(search.seeds_tested, 1) / max(len(search.groups), 1)))
    idle: SimpleQueue[Null] = SimpleQueue()
    for _ in range(THREADS):
        own = replace(search, bench=set_bench(search.bench.t, search.bench.b))
        idle.put(replace(null, search=own))

    def choose(g: int) -> list[_Asked]:
        one = idle.get()
        asked = _ask_seeds(one, g, bar=bar)
        idle.put(one)
        return asked

    def weigh(same: list[_Asked]) -> list[tuple[int, int, float]]:
        one = idle.get()
        witness = Witness(one, same[0].seed)
        told = [
            (
                a.group,
                a.place,
                combine_families(weigh_seed(witness, search.groups[a.group], families=a.families)),
            )
            for a in same
        ]
        idle.put(one)
        return told

    with ThreadPoolExecutor(THREADS) as pool:
        asked = sorted(a for some in pool.map(choose, range(len(search.groups))) for a in some)
        by_seed = [list(same) for _, same in groupby(asked, key=attrgetter("seed"))]
        told = sorted(heard for some in pool.map(weigh, by_seed) for heard in some)
    return [(g, e) for g, _, e in told]


def _ask_seeds(null: Null, g: int, *, bar: float) -> list[_Asked]:
    """List the seeds of one group that are worth testing, and what of them."""
    group = null.search.groups[g]
    direct = {f: test_family(null, group, family=f) for f in FAMILIES}
    asked = []
    for place, seed in enumerate(_seeds_of(null.search, g, direct)):
        worth = choose_families(null, seed, direct=direct, bar=bar)
        if worth:
            asked.append(_Asked(seed, place, g, worth))
    return asked


def bound_bundles(
    bundles: list[Bundle], told: list[tuple[int, float]], *, seeds: int
) -> tuple[list[float], list[float]]:
    """Give each bundle its best evidence, after e-BH over all that was tested.

    Tested are `seeds` values, the queue of every bundle, and the family of all sets of actors that
    a queue might have been, whose weights sum to 1.

    Grain:   one entry per bundle, in their order: log2 of an e-value, and q in [0, 1]. A bundle for
             which nothing speaks has e = 0 (cut at LOG2_E_MAX) and q = 1.
    """
    home = {piece: k for k, bundle in enumerate(bundles) for piece in bundle.pieces}
    queues = [(k, b.log2_e) for k, b in enumerate(bundles) if b.log2_e > IMPOSSIBLE]
    heard = [(home[g], e) for g, e in told if g in home] + queues
    log2_e = np.array([e for _, e in heard], np.float64)
    also = len(bundles) + 1 if queues else 0
    q = bound_q_values(log2_e, tested=seeds + also)
    best_e, best_q = [-LOG2_E_MAX] * len(bundles), [1.0] * len(bundles)
    for (k, e), bound in zip(heard, q, strict=True):
        best_e[k] = max(best_e[k], e)
        best_q[k] = min(best_q[k], float(bound))
    return best_e, best_q


def _seeds_of(search: Search, g: int, direct: dict[str, float]) -> list[int]:
    """List the seeds whose evidence is a group's.

    The one that it grew from; the most telling values of other families that speak; and, of every
    family, the value whose holders are most nearly the group.
    """
    group = search.groups[g]
    columns = search.bench.t
    counted = count_values(search.bench, group)
    values, mass = counted.value, counted.mass
    channel = columns.values["channel"][values]
    expected = columns.values["mass"][values] / columns.channels["present"][channel]
    telling = mass * np.log2(np.maximum(mass / len(group), SHARE_MIN) / expected)
    holders = np.diff(columns.holder_start)[values]
    family = columns.channels["family"][channel]
    own = columns.channels["family"][columns.values["channel"][search.seeds[g]]]
    shared = (counted.holders > 1) & (holders >= limits.ACTORS_MIN)
    common = counted.holders / np.maximum(len(group) + holders - counted.holders, 1)
    others: list[tuple[float, int]] = []
    alike: list[tuple[float, int]] = []
    for f, name in enumerate(FAMILIES):
        usable = np.flatnonzero(shared & (family == f))
        if not len(usable):
            continue
        if f != own and direct[name] > 0:
            best = usable[np.argmax(telling[usable])]
            others.append((float(telling[best]), int(values[best])))
        same = usable[np.argmax(common[usable])]
        alike.append((float(common[same]), int(values[same])))
    told = [value for _, value in sorted(others, reverse=True)]
    held = [value for share, value in sorted(alike, reverse=True) if share >= _SAME_HOLDERS]
    first = [search.seeds[g], *told][: limits.SEEDS_PER_GROUP_MAX]
    return list(dict.fromkeys([*first, *held[: limits.SEEDS_PER_GROUP_MAX]]))
