"""Propose, test, grow, merge: from every shared value to the groups that it stands for.

Third step of *link*: reads a `TraitTable`, gives groups as arrays of actors. Every value with five
holders or more is a seed, however popular; seeds are scored by the families that they are not of,
and grown best first and exclusively. Deliberately absent: a popularity cut-off (it dissolves a
large campaign), pairs of accounts, and a community search. DESIGN.md, section 6.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.counts import count_values, grow_group, mean_bits, score_seeds, weigh_members
from stillwatch.link.table import F64, I32, I64, Bools, TraitTable
from stillwatch.link.workbench import (
    INSIDE,
    NOBODY,
    OUTSIDE,
    THREADS,
    Bars,
    Bench,
    Columns,
    Quest,
    set_bench,
    take_columns,
)

_QUARTER_BITS = 2.0
"""A seed's best quarter: what its holders' prior loses when growth starts from it."""
_SUPPORT_MIN = 0.1
"""`Bars.support`: a tenth of the others."""
_TOGETHER_SHARE = 0.87
"""Share of two pieces' evidence, and of their members, that must survive their union."""
_HELD_SHARE = 0.1
"""A value leads to neighbouring groups where at least this share of the members holds it."""
_MERGE_SHARE = 0.5
"""Share of a neighbour's members that such values must reach for a merger to be tried."""
_SUPPORT_SHARE = 0.4
"""Share of a group's own mean bits that its neighbour's members must have for it: two families of
three or four, where batches differ in the others."""
NO_START = np.empty(0, np.int32)
"""A growth starts from its seed's holders."""


@dataclass
class Search:
    """The state of one search: the workbench, who is taken, and what was found."""

    bench: Bench
    taken: Bools
    groups: list[I32] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    seeds_tested: int = 0
    mark: int = 0


def set_bars(settings: LinkSettings, *, hidden: bool = False) -> Bars:
    """Take the bars from the settings; a search with a family hidden has the lower one."""
    return Bars(
        settings.family_cap_bits,
        -settings.family_cap_bits,
        settings.hidden_bar_bits if hidden else settings.member_bar_bits,
        settings.family_bar_bits,
        settings.lift_bits,
        settings.shrink_members,
        _SUPPORT_MIN,
    )


def list_seeds(columns: Columns) -> I64:
    """Every value that at least `limits.ACTORS_MIN` actors hold."""
    holders = np.diff(columns.holder_start)
    return np.flatnonzero(holders >= limits.ACTORS_MIN).astype(np.int64)


def propose_groups(table: TraitTable, *, settings: LinkSettings) -> Search:
    """Find the groups of a table, best first and exclusive, merged where they are one.

    Grain:   one array of actor rows per group, each sorted; an actor is in at most one.
    Order:   by the seed's score plus the population's prior of its holders, so that a campaign's
             common value comes before the slices of it; ties by index: input order is irrelevant.
    Cost:    linear in rows for the scores; growth touches members and lifted holders only.
    """
    columns = take_columns(table)
    bench = set_bench(columns, set_bars(settings))
    search = Search(bench, np.zeros(table.actors, np.bool_))
    seeds = list_seeds(columns)
    search.seeds_tested = len(seeds)
    scores = _score(search, seeds)
    crowd = np.log2(np.diff(columns.holder_start)[seeds] / table.actors)
    with_own = scores + settings.family_cap_bits + crowd - _QUARTER_BITS
    bar = settings.hidden_bar_bits
    hopeful = (with_own >= bar) & (scores >= bar)
    promising, strength = seeds[hopeful], (scores + crowd)[hopeful]
    for k in np.lexsort((promising, -strength)):
        if len(search.groups) >= limits.GROUPS_MAX:
            break
        _try_seed(search, int(promising[k]))
    _merge(search)
    return search


def _score(search: Search, seeds: I64) -> F64:
    """Score all seeds, a slice a thread; every second one, so that hubs are spread."""
    scores = np.zeros(len(seeds))

    def run(part: int) -> None:
        own = set_bench(search.bench.t, search.bench.b)
        mine = seeds[part::THREADS].copy()
        scores[part::THREADS] = score_seeds(own, mine, search.taken)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(THREADS)))
    return scores


def _try_seed(search: Search, seed: int) -> None:
    members = _grow(search, NO_START, seed)
    if len(members) >= limits.ACTORS_MIN:
        search.taken[members] = True
        search.groups.append(members)
        search.seeds.append(seed)


def _grow(search: Search, start: I32, seed: int) -> I32:
    members, search.mark = grow_group(
        search.bench, start, Quest(seed, NOBODY, search.taken, search.mark)
    )
    return np.sort(members)


def _merge(search: Search) -> None:
    """Join groups that are better explained as one, largest first.

    A group's evidence is the sum of its members' bits after the prior. Two campaigns that share a
    proxy have more of it apart than together; two batches of one campaign (their own card, their
    own day of sign-up) lose little of it when they are joined. The union, grown once more, has the
    last word.
    """
    order = sorted(range(len(search.groups)), key=lambda g: (-len(search.groups[g]), g))
    owner = np.full(len(search.taken), -1, np.int32)
    for g, members in enumerate(search.groups):
        owner[members] = g
    strength = [_sum_evidence(search, members) for members in search.groups]
    gone: set[int] = set()
    for g in order:
        rejected: set[int] = set()
        joined = g not in gone
        while joined:  # a refusal changes nothing: neighbours are looked up anew after a union only
            joined = False
            around = [near for near in _neighbours(search, g, owner) if near not in rejected]
            speaks = _speaks_for(search, g, around) if around else []
            for near, is_heard in zip(around, speaks, strict=True):
                if is_heard and _join(search, g, near, owner, strength):
                    gone.add(near)
                    joined = True
                    break
                rejected.add(near)
    kept = [g for g in range(len(search.groups)) if g not in gone]
    search.groups = [search.groups[g] for g in kept]
    search.seeds = [search.seeds[g] for g in kept]


def _sum_evidence(search: Search, members: I32) -> float:
    """Sum of the members' bits for their group, each after the population's prior."""
    families, _ = weigh_members(search.bench, members)
    return float(families.sum() + len(members) * np.log2(len(members) / len(search.taken)))


def _join(search: Search, g: int, other: int, owner: I32, strength: list[float]) -> bool:
    """Make one group of two, if it explains them and growing it keeps most of it together."""
    joined = np.sort(np.concatenate([search.groups[g], search.groups[other]])).astype(np.int32)
    if not _speaks_for(search, other, [g])[0]:
        return False
    if _sum_evidence(search, joined) < _TOGETHER_SHARE * (strength[g] + strength[other]):
        return False
    search.taken[joined] = False
    grown = _grow(search, joined, search.seeds[g])
    if len(np.intersect1d(grown, joined)) < _TOGETHER_SHARE * len(joined):
        search.taken[joined] = True
        return False
    owner[joined] = -1
    owner[grown] = g
    search.taken[grown] = True
    search.groups[g] = grown
    search.groups[other] = grown[:0]
    strength[g] = _sum_evidence(search, grown)
    return True


def _speaks_for(search: Search, g: int, others: list[int]) -> list[bool]:
    """Say of which groups what g shares speaks for the members nearly as for its own.

    Only what speaks *for* counts: a piece is just where a batch differs. g is counted once for all.
    """
    forgiving = search.bench._replace(b=search.bench.b._replace(floor=0.0))
    group, sides = search.groups[g], [search.groups[other] for other in others]
    own = mean_bits(forgiving, group, [group], INSIDE)[0]
    return [bits >= _SUPPORT_SHARE * own for bits in mean_bits(forgiving, group, sides, OUTSIDE)]


def _neighbours(search: Search, g: int, owner: I32) -> list[int]:
    """Groups at least half of whose members hold a value that g has much more of than others."""
    columns, group = search.bench.t, search.groups[g]
    counted = count_values(search.bench, group)
    channel = columns.values["channel"][counted.value]
    here = counted.mass / np.maximum(counted.members[channel], 1)
    there = columns.values["mass"][counted.value] / columns.channels["present"][channel]
    lifted = np.log2(here / there) >= search.bench.b.lift
    telling = counted.value[lifted & (counted.holders >= _HELD_SHARE * len(group))]
    spans = [slice(columns.holder_start[v], columns.holder_start[v + 1]) for v in telling]
    held = [columns.holders["actor"][span] for span in spans]
    reached = np.unique(np.concatenate([NO_START, *held]))
    owners, counts = np.unique(owner[reached], return_counts=True)
    near = [
        (-int(n), int(o))
        for o, n in zip(owners, counts, strict=True)
        if o not in {-1, g} and n >= _MERGE_SHARE * len(search.groups[o])
    ]
    return [o for _, o in sorted(near)]
