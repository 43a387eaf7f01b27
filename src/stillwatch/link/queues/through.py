"""Whether a queue is its group's: of whom traits have found, and of whom repetitions have.

Part of the sixth step of *link*, for `join.py`: reads `Queues` and the search's workbench, says yes
or no. Blind spot: of a campaign of which little is seen, a few who happen to hand on more, and have
in common with the rest but what a proxy gives, are taken out, as a stowaway's queue is.
"""

from __future__ import annotations

import numpy as np

from stillwatch.domain.settings import LinkSettings
from stillwatch.link.queues.apart import find_apart
from stillwatch.link.queues.fitting import is_one_operators
from stillwatch.link.queues.read import Queues
from stillwatch.link.queues.weigh import APART_BITS, expect_repetitions, find_handing, spell_set
from stillwatch.link.search import Search
from stillwatch.link.table import I32

OVERLAP = 0.3
"""Share of a group that a queue must run through to make the rest of it members too: less than a
third, and the queue is somebody's in the group, not the group's."""
_PART = 0.1
"""Share of a group below which a queue inside it must be shown to be one of the group's."""


def runs_through(
    search: Search, queues: Queues, queue: I32, group: I32, settings: LinkSettings
) -> bool:
    """Say whether a queue is the group's, or one of its, and not that of a few in it.

    Whoever is of a queue and has refused requests hands some of them on. Those of the group who
    hand on nothing speak against it: by more than it costs to name the others, and the queue stands
    alone. Who hands on to others of the group doesn't: a campaign may have a queue a kind of work.
    But a queue that lies elsewhere and meets as many in the group who are of another queue meets
    some, and one of less than a tenth of its group is a stowaway's, unless an operator's own doing
    says otherwise: nobody is to be judged for standing beside one.

    Cost:    a few passes over the repetitions; of such a few, their rows.
    """
    both = np.intersect1d(queue, group)
    if len(both) < max(3, OVERLAP * min(len(group), len(queue))):
        return False
    handing = find_handing(queues, group)
    if 2 * len(both) >= len(queue):
        few = len(queue) < _PART * len(group)
        if few and not _is_fragment(search, queues, queue, (group, handing), settings):
            return False
    elif len(np.setdiff1d(handing, queue)) >= len(both) or len(both) < OVERLAP * len(group):
        return False
    silent = np.setdiff1d(group, np.union1d(handing, queue))
    against = float(np.sum(np.log2(1 + expect_repetitions(queues, queue)[silent])))
    return against <= spell_set(len(group), len(group) - len(silent)) + APART_BITS


def _is_fragment(
    search: Search, queues: Queues, queue: I32, beside: tuple[I32, I32], settings: LinkSettings
) -> bool:
    """Say whether a queue of a few is a piece of their group's, of one of which little is seen.

    Where a head hands on one request or two, chance holds any two of them together, and what shows
    is the few who happened to hand on more. Most of the group hand on then, and that these keep to
    themselves is nothing that their number does not explain. A customer's four keys in such a group
    look the same, for four are too few to explain anything by; but their operator is another.
    """
    group, handing = beside
    if len(handing) < OVERLAP * len(group):
        return False
    apart = find_apart(queues, np.union1d(group, queue).astype(np.int32))
    if any(len(np.intersect1d(own, queue)) for own in apart):
        return False
    others = np.setdiff1d(group, queue).astype(np.int32)
    return is_one_operators(search, others, queue, settings)
