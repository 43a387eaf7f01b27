"""Actors that hand refused requests to one another: the queues that a run shows.

Reads `Queues`, gives sets of actors, however little else they share: connected components of the
repetitions, parted where chance alone holds them together. Such a set was found by the very
repetitions that speak for it; what that costs is counted in `weigh`.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillwatch.domain import limits
from stillwatch.link.queues.part import part_queues
from stillwatch.link.queues.read import Queues
from stillwatch.link.queues.weigh import weigh_repetitions
from stillwatch.link.table import I32


def propose_queues(queues: Queues) -> list[I32]:
    """Find the actors that hand refused requests to one another.

    Grain:   one array of actors per queue, sorted, at least limits.ACTORS_MIN; exclusive.
    Order:   by size, then by the first actor.
    Cost:    connected components of the repetitions, pruned until nothing changes.
    """
    n = len(queues.refused)
    if queues.is_silent:
        return []
    graph = coo_array((np.ones(len(queues.source)), (queues.source, queues.target)), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    sizes = np.bincount(component)
    found = []
    for c in np.flatnonzero(sizes >= limits.ACTORS_MIN):
        for part in part_queues(queues, np.flatnonzero(component == c).astype(np.int32)):
            group = _prune(queues, part) if len(part) >= limits.ACTORS_MIN else part
            if len(group) >= limits.ACTORS_MIN:
                found.append(group)
    return sorted(found, key=lambda g: (-len(g), int(g[0])))


def _prune(queues: Queues, group: I32) -> I32:
    """Let go of whoever chance explains better: busy strangers, mostly."""
    for _ in range(limits.GROWTH_ROUNDS_MAX):
        bits = weigh_repetitions(queues, group)[group]
        kept = group[bits + np.log2(len(group) / len(queues.refused)) >= 0]
        if len(kept) == len(group) or len(kept) < limits.ACTORS_MIN:
            return np.asarray(kept)
        group = kept
    return group
