"""What repetitions say: of an actor and a group, and of a group as a whole.

Reads `Queues`; gives bits. The one idea: refused requests come again by chance as often as answered
ones do, and in proportion to who sends how much; whoever is of one queue hands on far more.
"""

from __future__ import annotations

import numpy as np

from stillwatch.link.e_values import IMPOSSIBLE, average_e
from stillwatch.link.queues.read import Queues
from stillwatch.link.table import F64, I32

APART_BITS = 10.0
"""Bits by which two sets must explain better who hands requests on than one does."""
_FASTER = tuple(2.0**k for k in range(2, 21, 2))
"""How many times more often than by chance a queue repeats, each as likely."""


def weigh_repetitions(queues: Queues, group: I32) -> F64:
    """Weigh each actor's repetitions with a group: one of its queue, against chance.

    Grain:   one figure per actor of the run; 0 for whoever has none with the group.
    Units:   bits. Of the queue, an actor's count is geometric about what its refused requests and
             its traffic let expect (heads differ in how much of their life is the queue's); by
             chance it is Poisson. Whoever has none is not spoken against: half of the small heads
             have none.
    """
    n = len(queues.refused)
    inside = np.zeros(n, np.bool_)
    inside[group] = True
    count = np.bincount(queues.source[inside[queues.target]], minlength=n)
    count = count + np.bincount(queues.target[inside[queues.source]], minlength=n)
    refused, traffic = float(queues.refused[group].sum()), float(queues.traffic[group].sum())
    here = expect_repetitions(queues, group)
    there = queues.chance * (queues.refused * traffic + refused * queues.traffic)
    here, there = np.maximum(here, 1e-9), np.maximum(there, 1e-12)
    geometric = count * np.log2(here / (1 + here)) - np.log2(1 + here)
    log_factorial = np.array([_log2_factorial(k) for k in range(int(count.max(initial=0)) + 1)])
    poisson = count * np.log2(there) - there / np.log(2) - log_factorial[count]
    return np.where(count > 0, geometric - poisson, 0.0)


def expect_repetitions(queues: Queues, group: I32) -> F64:
    """Expect each actor's repetitions with a group, were it of the group's queue.

    Grain:   one figure per actor of the run, as sender and as who sends again.
    """
    inside = np.zeros(len(queues.refused), np.bool_)
    inside[group] = True
    total = float(np.sum(inside[queues.source] & inside[queues.target]))
    refused, traffic = float(queues.refused[group].sum()), float(queues.traffic[group].sum())
    share = queues.refused / max(refused, 1.0) + queues.traffic / max(traffic, 1e-12)
    return np.asarray(total * share)


def find_handing(queues: Queues, group: I32) -> I32:
    """Find the actors of a group that hand requests on to others of it, or take them.

    Grain:   the actors, in order.
    """
    inside = np.zeros(len(queues.refused), np.bool_)
    inside[group] = True
    among = inside[queues.source] & inside[queues.target]
    return np.union1d(queues.source[among], queues.target[among]).astype(np.int32)


def count_inside(queues: Queues, groups: list[I32]) -> list[int]:
    """Count what is handed on inside each of some groups, none of which has an actor of another's.

    Grain:   one count per group, in order. Cost: one pass over the repetitions.
    """
    label = np.full(len(queues.refused), -1)
    for g, group in enumerate(groups):
        label[group] = g
    source, target = label[queues.source], label[queues.target]
    among = source[(source >= 0) & (source == target)]
    return [int(count) for count in np.bincount(among, minlength=len(groups))]


def rate_repetitions(queues: Queues, group: I32, count: int, chance: float) -> tuple[float, float]:
    """Give repetitions, and those that chance makes, per refused request of a group.

    Grain:   two shares: observed, expected.
    """
    refused = max(float(queues.refused[group].sum()), 1.0)
    return count / refused, chance / refused


def _log2_factorial(k: int) -> float:
    return float(np.sum(np.log2(np.arange(1, k + 1))))


def weigh_queue(queues: Queues, group: I32, *, chosen: bool) -> tuple[float, int, float]:
    """Say how sure it is that a group hands requests on: an e-value, the count, and chance's.

    Two e-values, the smaller counts. Against chance: a Poisson count with the run's own rate,
    faster by 4 to 2^20. Against the group's own controls: of all that came again inside it, how
    many had been refused (a class that does one exercise repeats answered requests as often).
    `chosen`: the group was found by these very repetitions, as one among all sets of its size: a
    prior over sizes and sets, and so weights that sum to 1 (weighted e-BH).

    Units:   log2 of an e-value.
    Source:  Wang & Ramdas 2022, section 5 (weights).
    """
    inside = np.zeros(len(queues.refused), np.bool_)
    inside[group] = True
    count = int(np.sum(inside[queues.source] & inside[queues.target]))
    chance = max(queues.expect(group), 1e-9)
    if count == 0:
        return IMPOSSIBLE, 0, chance
    faster = np.array(_FASTER)
    ratio = count * np.log2(faster) - chance * (faster - 1) / np.log(2)
    spelt = spell_set(len(inside), len(group)) if chosen else 0.0
    against_chance = average_e(ratio - spelt)
    echoed = int(np.sum(inside[queues.control_source] & inside[queues.control_target]))
    refused, answered = queues.refused[group].sum(), queues.answered[group].sum()
    return min(against_chance, _compare_control(count, echoed, refused, answered)), count, chance


def spell_set(n: int, m: int) -> float:
    """Count the bits that it takes to name one set of m among n, and its size.

    Cost:    linear in n.
    """
    log2 = np.log2(np.arange(1, n + 1))
    return float(log2[n - m :].sum() - log2[:m].sum() + np.log2(n))


def _compare_control(count: int, echoed: int, refused: float, answered: float) -> float:
    """Weigh "refused requests come again more often" against "as often as answered ones".

    Under the null, of all repetitions, those of refused requests are binomial with their share of
    what was watched; against it any larger share, equally likely.
    """
    share = float(np.clip(refused / max(refused + answered, 1e-9), 1e-6, 1 - 1e-6))
    grid = share + (1 - share) * (np.arange(32) + 0.5) / 32
    ratio = count * np.log2(grid / share) + echoed * np.log2((1 - grid) / (1 - share))
    return average_e(ratio)


def count_across(queues: Queues, first: I32, second: I32) -> tuple[int, float]:
    """Count what is handed on between two sets, and what one queue through both would hand.

    Grain:   two figures: seen, expected. Cost: a pass over the repetitions.
    Source:  of one queue, a request goes to an actor in proportion to what it sends.
    """
    side = np.zeros(len(queues.refused), np.int64)
    side[first], side[second] = 1, 2
    source, target = side[queues.source], side[queues.target]
    inside = (source > 0) & (target > 0)
    source, target = source[inside], target[inside]
    traffic = np.array([0.0, queues.traffic[first].sum(), queues.traffic[second].sum()])
    others = traffic.sum() - queues.traffic[queues.source[inside]]
    expected = np.sum(traffic[3 - source] / np.maximum(others, 1e-300))
    return int(np.sum(source != target)), float(expected)
