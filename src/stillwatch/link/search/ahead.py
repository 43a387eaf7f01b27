"""Grow seeds one after the other, exclusively, while the next ones are being tried already.

Part of the third step of *link*. What a growth finds depends on who was taken when it began, and
on nothing else; so several grow at once, each with a copy of that, and are taken in their order.
One whose actors have been taken meanwhile is grown again. The groups are those that one thread
would find: which threads there are, and how fast, changes nothing.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from stillwatch.domain import limits
from stillwatch.link.counts import grow_group
from stillwatch.link.search.state import NO_START, Search
from stillwatch.link.table import I32, I64, Bools
from stillwatch.link.workbench import NOBODY, THREADS, Bench, Quest, set_bench


class _Try(NamedTuple):
    """What a seed grew into, and where its thread has marked whom it held in between."""

    members: I32
    bench: Bench
    since: int


class _Waiting(NamedTuple):
    """A seed that is being grown, and who was taken when it began."""

    seed: int
    taken: Bools
    growing: Future[_Try]


def grow_in_order(search: Search, seeds: I64) -> None:
    """Grow seeds in their order, and take what each becomes.

    Writes the search's groups, their seeds and who is taken.
    Cost:    as growing each, on all threads; what is grown again comes on top.
    """
    idle: SimpleQueue[tuple[Bench, int]] = SimpleQueue()
    for _ in range(THREADS):
        idle.put((set_bench(search.bench.t, search.bench.b), 0))

    def attempt(seed: int, taken: Bools) -> _Try:
        bench, since = idle.get()
        members, mark = grow_group(bench, NO_START, Quest(seed, NOBODY, taken, since))
        idle.put((bench, mark))
        return _Try(np.sort(members), bench, since)

    with ThreadPoolExecutor(THREADS) as pool:
        ahead: deque[_Waiting] = deque()
        coming = iter(seeds.tolist())
        while len(search.groups) < limits.GROUPS_MAX:
            for seed in islice(coming, limits.SEEDS_AHEAD - len(ahead)):
                taken = search.taken.copy()
                ahead.append(_Waiting(seed, taken, pool.submit(attempt, seed, taken)))
            if not ahead:
                break
            first = ahead.popleft()
            _take(search, first)
        for left in ahead:
            left.growing.cancel()


def _take(search: Search, waiting: _Waiting) -> None:
    """Take what a seed has grown into; it grows anew, if it was about actors taken meanwhile."""
    done = waiting.growing.result()
    members = done.members
    if _is_stale(search, waiting, done):
        members = search.grow(NO_START, waiting.seed)
    if len(members) >= limits.ACTORS_MIN:
        search.taken[members] = True
        search.groups.append(members)
        search.seeds.append(waiting.seed)


def _is_stale(search: Search, waiting: _Waiting, done: _Try) -> bool:
    """Say whether any actor taken meanwhile holds the seed, or was in the group in any round.

    The marks of a bench only grow: those of later growths on it count too, which is the safe side.
    """
    since = np.flatnonzero(search.taken > waiting.taken)
    if not len(since):
        return False
    columns = search.bench.t
    span = slice(columns.holder_start[waiting.seed], columns.holder_start[waiting.seed + 1])
    concerned = np.zeros(len(search.taken), np.bool_)
    concerned[columns.holders["actor"][span]] = True
    concerned[done.members] = True
    return bool(np.any(concerned[since] | (done.bench.s.actors["stamp"][since] > done.since)))
