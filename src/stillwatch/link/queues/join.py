"""Groups that traits have formed, and queues that run through them, made one.

Sixth step of *link*: reads the search's groups and `Queues`, gives bundles: who stands together in
the end, of which pieces, and what the queue says of each. A queue that runs through several groups
makes them one campaign; one that runs through a small part of a group takes that part out of it; a
queue through accounts that share nothing is a group of its own. Then whoever hands refused requests
to a group, or is handed them, joins it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.e_values import IMPOSSIBLE
from stillwatch.link.queues.propose import propose_queues
from stillwatch.link.queues.read import Queues
from stillwatch.link.queues.weigh import (
    expect_repetitions,
    spell_set,
    weigh_queue,
    weigh_repetitions,
)
from stillwatch.link.table import F64, I32, Bools

_OVERLAP = 0.3
"""Share of a group that a queue must run through to make the rest of it members too: less than a
third, and the queue is somebody's in the group, not the group's."""
_APART_BITS = 10.0
"""Bits by which two groups must explain better who hands requests on than one does."""


@dataclass(frozen=True)
class Bundle:
    """Actors that stand together in the end."""

    members: I32
    pieces: tuple[int, ...]
    """Groups of the search that went into it."""
    queue_bits: F64
    """Of each member: what its repetitions say; 0 where no queue is shown."""
    log2_e: float
    """Of the queue; -inf without one."""
    observed: float
    """Share of the refused requests that come again inside."""
    expected: float
    """The same by chance."""


def join_queues(groups: list[I32], queues: Queues, *, settings: LinkSettings) -> list[Bundle]:
    """Make bundles of groups and queues.

    Grain:   one Bundle per group in the end; an actor is in at most one.
    Order:   those of the search first, as they stand; then queues that run through none of them.
    Cost:    a few passes over the repetitions for each group that has any.
    """
    members: dict[int, I32] = dict(enumerate(groups))
    pieces: dict[int, tuple[int, ...]] = {g: (g,) for g in members}
    chosen: set[int] = set()
    for k, queue in enumerate(propose_queues(queues)):
        if weigh_queue(queues, queue, chosen=True)[0] <= settings.queue_bits:
            continue
        united = [g for g in members if _runs_through(queues, queue, members[g])]
        taken = np.unique(np.concatenate([queue, *(members[g] for g in united)]))
        for g in list(members):
            left = np.setdiff1d(members[g], taken)
            if g in united or len(left) < min(len(members[g]), limits.ACTORS_MIN):
                del members[g]
            else:
                members[g] = left
        home = min(united, default=len(groups) + k)
        pieces[home] = tuple(sorted(p for g in united for p in pieces[g]))
        members[home] = taken.astype(np.int32)
        chosen.add(home)
    free = np.ones(len(queues.refused), np.bool_)
    for group in members.values():
        free[group] = False
    return [
        _bundle(queues, members[g], pieces[g], free, chosen=g in chosen, settings=settings)
        for g in sorted(members)
    ]


def _runs_through(queues: Queues, queue: I32, group: I32) -> bool:
    """Say whether a queue is the group's, and not that of a few in it.

    Whoever is of a queue and has refused requests hands some of them on. The rest of the group
    hasn't: more than it costs to name the part that has, and the part stands alone.
    """
    both = np.intersect1d(queue, group)
    if len(both) < max(3, _OVERLAP * min(len(group), len(queue))):
        return False
    if len(both) < _OVERLAP * len(group) and 2 * len(both) < len(queue):
        return False
    rest = np.setdiff1d(group, queue)
    against = float(np.sum(np.log2(1 + expect_repetitions(queues, queue)[rest])))
    return against <= spell_set(len(group), len(both)) + _APART_BITS


def _bundle(  # noqa: PLR0913  the state of the search, and where one group stands in it
    queues: Queues,
    group: I32,
    pieces: tuple[int, ...],
    free: Bools,
    *,
    chosen: bool,
    settings: LinkSettings,
) -> Bundle:
    log2_e, count, chance = weigh_queue(queues, group, chosen=chosen)
    if log2_e <= settings.queue_bits:
        none = np.zeros(len(group))
        return Bundle(group, pieces, none, IMPOSSIBLE, *_rates(queues, group, count, chance))
    for _ in range(limits.GROWTH_ROUNDS_MAX):
        bits = weigh_repetitions(queues, group)
        prior = np.log2(len(group) / len(free))
        fresh = np.flatnonzero(free & (bits + prior >= settings.member_bar_bits))
        if not len(fresh):
            break
        free[fresh] = False
        group = np.sort(np.concatenate([group, fresh])).astype(np.int32)
    _, count, chance = weigh_queue(queues, group, chosen=chosen)
    bits = np.clip(weigh_repetitions(queues, group)[group], 0.0, settings.queue_cap_bits)
    return Bundle(group, pieces, bits, log2_e, *_rates(queues, group, count, chance))


def _rates(queues: Queues, group: I32, count: int, chance: float) -> tuple[float, float]:
    refused = max(float(queues.refused[group].sum()), 1.0)
    return count / refused, chance / refused
