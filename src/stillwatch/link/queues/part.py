"""Queues that a chance repetition joins, parted again.

Between the components of `propose` and their weighing. The one idea: two queues are one only if
more is handed from one to the other than chance would: a busy customer's keys, which are a queue of
their own, and a large campaign meet by chance once in a while, and one such meeting must not make
them one. Looked at are bridges (single repetitions that hold two parts together) and the cut that a
component's second eigenvector finds, again and again until no part is held by chance.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.sparse.linalg import eigsh
from scipy.special import pdtrc

from stillwatch.domain import limits
from stillwatch.link.queues.read import Queues
from stillwatch.link.table import F64, I32, I64, Bools

_CHANCE_MIN = 1e-3
"""Probability by chance of as many repetitions between two parts, from which they are parted."""
_SPECTRAL_MIN = 3
"""Actors below which a part has no second eigenvector to speak of."""


def part_queues(queues: Queues, group: I32) -> list[I32]:
    """Part a connected set of actors where chance holds it together.

    Grain:   one sorted array per part, single actors too; together they are the group.
    Order:   irrelevant.
    Cost:    a few passes over the group's repetitions, and one eigenvector, for each part.
    """
    parts: list[I32] = []
    waiting = [np.sort(group)]
    while waiting:
        whole = waiting.pop()
        split = _cut_bridges(queues, whole)
        if len(split) == 1:
            split = _cut_spectrum(queues, whole)
        if len(split) == 1 or len(parts) + len(waiting) > limits.GROUPS_MAX:
            parts.append(whole)
        else:
            waiting += split
    return parts


def _repetitions(queues: Queues, group: I32) -> csr_array:
    """How often each two actors of a group repeat each other, by their places in it."""
    inside = np.full(len(queues.refused), -1, np.int64)
    inside[group] = np.arange(len(group))
    ends = inside[queues.source], inside[queues.target]
    both = (ends[0] >= 0) & (ends[1] >= 0)
    a, b = ends[0][both], ends[1][both]
    shape = (len(group), len(group))
    graph = coo_array((np.ones(len(a)), (a, b)), shape=shape).tocsr()
    return csr_array(graph + graph.T)


def _is_chance(queues: Queues, group: I32, side: F64, count: float) -> Bools:
    """Say whether chance makes so many repetitions between sides of a group and their rests.

    Grain:   one answer per side; `side` has a row each: its refused requests, its traffic.
    """
    whole = np.array([queues.refused[group].sum(), queues.traffic[group].sum()])
    rest = whole - side
    expected = queues.chance * (side[:, 0] * rest[:, 1] + rest[:, 0] * side[:, 1])
    return np.asarray(pdtrc(count - 1, np.maximum(expected, 1e-12)) >= _CHANCE_MIN)


def _cut_bridges(queues: Queues, group: I32) -> list[I32]:
    """Cut every single repetition that holds two parts together and that chance may have made."""
    graph = _repetitions(queues, group)
    order, above = breadth_first_order(graph, 0, directed=False)
    bridges = _find_bridges(graph, order, above)
    below = np.column_stack([queues.refused[group], queues.traffic[group]])
    for v in order[:0:-1]:
        below[above[v]] += below[v]
    cut = bridges[_is_chance(queues, group, below[bridges], 1.0)]
    if not len(cut):
        return [group]
    kept = graph.tolil()
    for v in cut:
        kept[v, above[v]] = kept[above[v], v] = 0
    _, label = connected_components(kept.tocsr(), directed=False)
    return [group[label == k] for k in range(int(label.max()) + 1)]


def _find_bridges(graph: csr_array, order: I32, above: I32) -> I64:
    """Find the tree edges (by their lower end) that no other repetition goes round.

    Each repetition off the tree gets a random 64-bit number, each tree edge the exclusive or of
    those that go round it: 0 where there is none (with a chance of 2^-64 elsewhere).
    """
    upper = coo_array(graph)
    rng = np.random.default_rng(0)
    mark = np.zeros(len(above), np.uint64)
    a, b = upper.coords
    off = (a < b) & ~((above[a] == b) | (above[b] == a))
    number = rng.integers(1, 2**63, int(off.sum()), dtype=np.uint64)
    np.bitwise_xor.at(mark, a[off], number)
    np.bitwise_xor.at(mark, b[off], number)
    for v in order[:0:-1]:
        mark[above[v]] ^= mark[v]
    alone = [v for v in order[1:] if mark[v] == 0 and graph[v, above[v]] == 1]
    return np.array(alone, np.int64)


def _cut_spectrum(queues: Queues, group: I32) -> list[I32]:
    """Cut where the second eigenvector says, if chance may have made what is cut."""
    if len(group) < max(_SPECTRAL_MIN, 2 * limits.ACTORS_MIN):
        return [group]
    graph = _repetitions(queues, group)
    degree = np.asarray(graph.sum(axis=1)).ravel()
    scale = diags_array(1 / np.sqrt(degree))
    start = np.linspace(1.0, 2.0, len(group))
    _, vectors = eigsh(scale @ graph @ scale, k=2, which="LA", v0=start)
    sweep = np.argsort(vectors[:, 0] / np.sqrt(degree), kind="stable")
    count, at = _sweep(graph, degree, sweep)
    side = np.zeros(len(group), np.bool_)
    side[sweep[:at]] = True
    sums = [[queues.refused[group[side]].sum(), queues.traffic[group[side]].sum()]]
    if not _is_chance(queues, group, np.array(sums), count)[0]:
        return [group]
    return [group[side], group[~side]]


def _sweep(graph: csr_array, degree: F64, sweep: I64) -> tuple[float, int]:
    """Find the cut of least conductance along an order: what it cuts, and where it is."""
    place = np.empty(len(sweep), np.int64)
    place[sweep] = np.arange(len(sweep))
    edges = coo_array(graph)
    low = np.minimum(place[edges.coords[0]], place[edges.coords[1]])
    high = np.maximum(place[edges.coords[0]], place[edges.coords[1]])
    crossing = np.zeros(len(sweep) + 1)
    np.add.at(crossing, low + 1, edges.data / 2)
    np.add.at(crossing, high + 1, -edges.data / 2)
    crossing = np.cumsum(crossing)[1:-1]
    volume = np.cumsum(degree[sweep])[:-1]
    worth = crossing / np.minimum(volume, degree.sum() - volume)
    at = int(np.argmin(worth))
    return float(crossing[at]), at + 1
