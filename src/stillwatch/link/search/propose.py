"""Propose groups: from every shared value to what it grows into.

Third step of *link*: reads a `TraitTable`, gives groups as arrays of actors. Every value with five
holders or more is a seed, however popular; seeds are scored by the families that they are not of,
and grown best first and exclusively. Deliberately absent: a popularity cut-off (it dissolves a
large campaign), pairs of accounts, and a community search. DESIGN.md, section 6.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from stillwatch.domain.settings import LinkSettings
from stillwatch.link.counts import score_seeds
from stillwatch.link.search.ahead import grow_in_order
from stillwatch.link.search.merge import merge_groups
from stillwatch.link.search.part import part_groups
from stillwatch.link.search.state import Search, list_seeds, set_bars
from stillwatch.link.table import F64, I64, TraitTable
from stillwatch.link.workbench import THREADS, set_bench, take_columns

_QUARTER_BITS = 2.0
"""A seed's best quarter: what its holders' prior loses when growth starts from it."""


def propose_groups(table: TraitTable, *, settings: LinkSettings) -> Search:
    """Find the groups of a table, best first and exclusive, parted and joined into what is one.

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
    grow_in_order(search, promising[np.lexsort((promising, -strength))])
    part_groups(search)
    merge_groups(search)
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
