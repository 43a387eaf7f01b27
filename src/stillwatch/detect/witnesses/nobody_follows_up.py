"""Nobody reads a harvest: there is no second question, no reaction to an answer.

Share of core exchanges that are a later turn of a conversation, against the run's share, in log2.
Silent where hardly anybody in the run has a later turn, or where most of the core states no turn at
all: then the log doesn't tell, and a few strays in the core would speak for all of it. Blind spot:
a harvest of dialogues; honest applications and batch jobs ask once too.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.witnesses.core import UNKNOWN, Core, Witness, is_thin

_TELLING = 0.1
"""Share of later turns in a run below which the log doesn't tell conversations."""
_STATED = 0.5
"""Share of the core that must state its turn."""
_FLOOR = 0.02
"""Added to both shares; keeps the logarithm finite."""


def measure(core: Core) -> float:
    """Give log2 of the share of later turns over the run's."""
    turns = core.exchanges["turn"].drop_nulls()
    usual = core.usual.later_turns
    stated = len(turns) >= _STATED * len(core.exchanges)
    if is_thin(core) or not stated or not usual >= _TELLING:
        return UNKNOWN
    share = float((turns > 1).sum()) / len(turns)
    return float(np.log2((share + _FLOOR) / (usual + _FLOOR)))


WITNESS = Witness(
    "follow_up",
    "timing",
    -1,
    "log2 of the share of later turns over the run's",
    "people in conversation, who react to what they are told",
    measure,
    exculpates=False,
)
