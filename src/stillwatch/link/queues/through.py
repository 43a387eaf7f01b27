"""Whether a queue is its group's: of whom traits have found, and of whom repetitions have.

Part of the sixth step of *link*, for `join.py`: reads `Queues`, says yes or no. Blind spot: of a
campaign of which little is seen, a few who happen to hand on more are taken out, as a stowaway's
queue is: from both alike hardly anything passes to the others. Seen: nine of 117 heads.
"""

from __future__ import annotations

import numpy as np

from stillwatch.link.queues.read import Queues
from stillwatch.link.queues.weigh import APART_BITS, expect_repetitions, find_handing, spell_set
from stillwatch.link.table import I32

OVERLAP = 0.3
"""Share of a group that a queue must run through to make the rest of it members too: less than a
third, and the queue is somebody's in the group, not the group's."""
_PART = 0.1
"""Share of a group below which a queue inside it is not one of the group's."""


def runs_through(queues: Queues, queue: I32, group: I32) -> bool:
    """Say whether a queue is the group's, or one of its, and not that of a few in it.

    Whoever is of a queue and has refused requests hands some of them on. Those of the group who
    hand on nothing speak against it: by more than it costs to name the others, and the queue stands
    alone. Who hands on to others of the group doesn't: a campaign may have a queue a kind of work.
    But a queue of less than a tenth of its group, or one that lies elsewhere and meets as many in
    the group who are of another queue, is a stowaway or meets some: nobody is to be judged for
    standing beside one.

    Cost:    a few passes over the repetitions.
    """
    both = np.intersect1d(queue, group)
    if len(both) < max(3, OVERLAP * min(len(group), len(queue))):
        return False
    handing = find_handing(queues, group)
    if 2 * len(both) >= len(queue):
        if len(queue) < _PART * len(group):
            return False
    elif len(np.setdiff1d(handing, queue)) >= len(both) or len(both) < OVERLAP * len(group):
        return False
    silent = np.setdiff1d(group, np.union1d(handing, queue))
    against = float(np.sum(np.log2(1 + expect_repetitions(queues, queue)[silent])))
    return against <= spell_set(len(group), len(group) - len(silent)) + APART_BITS
