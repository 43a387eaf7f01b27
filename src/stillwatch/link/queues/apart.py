"""Who hands requests on among themselves alone, inside a group behind a queue.

Between the sixth step of *link* and its bounds: reads `Queues`, gives sets of a group's actors. A
few keys of one customer stood in a group with a campaign's heads, by a country and a client in
common. Their own queue, of four, is too small to be one by itself; what they hand on to each other
had tied them to the heads, and so had the card that they alone of all pay with. So who is a queue
apart is asked what ties him to the others, and not what ties him to his own.

Blind spot: of a campaign whose kinds of work have a queue each, heads of the smaller kinds who have
nothing else in common with the rest leave it.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillwatch.link.queues.read import Queues
from stillwatch.link.queues.weigh import APART_BITS, spell_set
from stillwatch.link.table import F64, I32, I64


def find_apart(queues: Queues, group: I32) -> list[I32]:
    """Find sets of a group that hand on among themselves, where one queue would hand on to others.

    Grain:   sorted arrays of actors, each connected by repetitions and the largest such set left
             out; of two or more. Order: by their first actor.
    Cost:    the repetitions.
    Source:  of one queue, a request goes to an actor in proportion to what it sends; that all of a
             set's stay inside it must be unlikely for any set of its size that one could name.
    """
    number = np.full(len(queues.refused), -1, np.int64)
    number[group] = np.arange(len(group))
    source, target = number[queues.source], number[queues.target]
    inside = (source >= 0) & (target >= 0)
    source, target = source[inside], target[inside]
    if not len(source):
        return []
    graph = coo_array((np.ones(len(source)), (source, target)), shape=(len(group), len(group)))
    _, part = connected_components(graph, directed=False)
    sizes, traffic = np.bincount(part), np.asarray(queues.traffic[group], np.float64)
    stays = _stay(traffic, part, source)
    bits = np.bincount(part[source], -np.log2(stays), minlength=len(sizes))
    several = np.flatnonzero((sizes > 1) & (np.arange(len(sizes)) != np.argmax(sizes)))
    apart = [k for k in several if bits[k] - spell_set(len(group), int(sizes[k])) > APART_BITS]
    return sorted((np.sort(group[part == k]) for k in apart), key=lambda own: int(own[0]))


def _stay(traffic: F64, part: I64, source: I64) -> F64:
    """Say how likely each repetition is to stay in its set, were all of one queue."""
    of_part = np.bincount(part, traffic)
    own = traffic[source]
    others = np.maximum(traffic.sum() - own, 1e-300)
    return np.asarray(np.clip((of_part[part[source]] - own) / others, 1e-12, 1.0))
