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
from stillwatch.link import kernels
from stillwatch.link.kernels import NOBODY, Bars, Bench, Columns, Quest
from stillwatch.link.table import F64, FAMILY_OF_CHANNEL, I32, I64, Bools, TraitTable

_THREADS = 2
"""Threads that score seeds; each has its own scratch arrays."""
_QUARTER_BITS = 2.0
"""A seed's best quarter: what its holders' prior loses when growth starts from it."""
_TOGETHER_SHARE = 0.9
"""Share of two pieces that must clear the bar of their union for it to be one group."""
_MERGE_SHARE = 0.5
"""Pieces merge where at least half of each one's members clear the other's bar."""


@dataclass
class Search:
    """The state of one search: the workbench, who is taken, and what was found."""

    bench: Bench
    taken: Bools
    groups: list[I32] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    seeds_tested: int = 0
    mark: int = 0


def take_columns(table: TraitTable) -> Columns:
    """Give a table's arrays to the kernels."""
    masses = np.zeros(len(FAMILY_OF_CHANNEL))
    np.add.at(masses, table.value_channel, table.value_mass)
    return Columns(
        table.row_start,
        table.row_value,
        table.row_share,
        table.column_start,
        table.column_actor,
        table.column_share,
        table.value_channel,
        table.value_mass,
        table.present,
        table.single,
        FAMILY_OF_CHANNEL,
        table.present.sum(axis=0),
        masses + table.single.sum(axis=0, dtype=np.float64),
    )


def set_bars(settings: LinkSettings, *, hidden: bool = False) -> Bars:
    """Take the bars from the settings; a search with a family hidden has the lower one."""
    return Bars(
        settings.family_cap_bits,
        -settings.family_cap_bits,
        settings.hidden_bar_bits if hidden else settings.member_bar_bits,
        settings.family_bar_bits,
        settings.lift_bits,
        settings.shrink_members,
    )


def list_seeds(columns: Columns) -> I64:
    """Every value that at least `limits.ACTORS_MIN` actors hold."""
    holders = np.diff(columns.column_start)
    return np.flatnonzero(holders >= limits.ACTORS_MIN).astype(np.int64)


def propose_groups(table: TraitTable, *, settings: LinkSettings) -> Search:
    """Find the groups of a table, best first and exclusive, merged where they are one.

    Grain:   one array of actor rows per group, each sorted; an actor is in at most one.
    Order:   by the seed's score plus the population's prior of its holders, so that a campaign's
             common value comes before the slices of it; ties by index: input order is irrelevant.
    Cost:    linear in rows for the scores; growth touches members and lifted holders only.
    """
    columns = take_columns(table)
    bench = Bench(columns, kernels.make_scratch(columns), set_bars(settings))
    search = Search(bench, np.zeros(table.actors, np.bool_))
    seeds = list_seeds(columns)
    search.seeds_tested = len(seeds)
    scores = _score(search, seeds)
    crowd = np.log2(np.diff(columns.column_start)[seeds] / table.actors)
    among_holders = scores >= settings.member_bar_bits
    among_all = (
        scores + settings.family_cap_bits + crowd - _QUARTER_BITS >= settings.hidden_bar_bits
    )
    hopeful = among_holders | (among_all & (scores >= settings.hidden_bar_bits))
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
        own = search.bench._replace(s=kernels.make_scratch(search.bench.t))
        scores[part::_THREADS] = kernels.score_seeds(
            own, seeds[part::_THREADS].copy(), NOBODY, search.taken
        )

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(run, range(_THREADS)))
    return scores


def _try_seed(search: Search, seed: int) -> None:
    _, start = kernels.refine(search.bench, seed, NOBODY, search.taken)
    if len(start) < limits.ACTORS_MIN:
        return
    members = _grow(search, start, seed)
    if len(members) >= limits.ACTORS_MIN:
        search.taken[members] = True
        search.groups.append(members)
        search.seeds.append(seed)


def _grow(search: Search, start: I32, seed: int) -> I32:
    members, search.mark = kernels.grow(
        search.bench, start, Quest(seed, NOBODY, search.taken, search.mark)
    )
    return np.sort(members)


def _merge(search: Search) -> None:
    """Join pieces that clear each other's bar, largest first, if they hold together as one.

    A piece of a campaign is just where a batch differs (its own card, its own day), so what speaks
    *against* counts for nothing between pieces; the union, grown once more, has the last word.
    """
    order = sorted(range(len(search.groups)), key=lambda g: (-len(search.groups[g]), g))
    owner = np.full(len(search.taken), -1, np.int32)
    for g, members in enumerate(search.groups):
        owner[members] = g
    gone: set[int] = set()
    for g in order:
        if g in gone:
            continue
        for other in _twins(search, g, owner, gone):
            if _join(search, g, other, owner):
                gone.add(other)
    kept = [g for g in range(len(search.groups)) if g not in gone]
    search.groups = [search.groups[g] for g in kept]
    search.seeds = [search.seeds[g] for g in kept]


def _join(search: Search, g: int, other: int, owner: I32) -> bool:
    """Make one group of two, if growing the union keeps most of it together."""
    joined = np.sort(np.concatenate([search.groups[g], search.groups[other]])).astype(np.int32)
    search.taken[joined] = False
    grown = _grow(search, joined, search.seeds[g])
    together = len(np.intersect1d(grown, joined)) >= _TOGETHER_SHARE * len(joined)
    if not together:
        search.taken[joined] = True
        return False
    owner[joined] = -1
    owner[grown] = g
    search.taken[grown] = True
    search.groups[g] = grown
    return True


def _twins(search: Search, g: int, owner: I32, gone: set[int]) -> list[int]:
    """Groups at least half of whose members clear the bar of g, and the other way round."""
    reached = _reach(search, g)
    neighbours = owner[reached]
    neighbours = neighbours[(neighbours >= 0) & (neighbours != g)]
    out = []
    for other in np.unique(neighbours):
        size = len(search.groups[other])
        if other in gone or np.sum(neighbours == other) < _MERGE_SHARE * size:
            continue
        back = owner[_reach(search, int(other))]
        if np.sum(back == g) >= _MERGE_SHARE * len(search.groups[g]):
            out.append(int(other))
    return out


def _reach(search: Search, g: int) -> I32:
    """Everybody, taken or not, who clears the bar of a group on what speaks for them."""
    search.mark += 1
    nobody_taken = np.zeros(len(search.taken), np.bool_)
    quest = Quest(NOBODY, NOBODY, nobody_taken, search.mark)
    forgiving = search.bench._replace(b=search.bench.b._replace(floor=0.0))
    found = kernels.gather(forgiving, search.groups[g], quest)
    return search.bench.s.found[:found].copy()
