"""Nobody reads a harvest: there is no second question, no reaction to an answer.

Share of core exchanges that are a later turn of a conversation. Blind spot: a harvest of dialogues;
honest applications and batch jobs ask once too.
"""

from __future__ import annotations

from stillwatch.detect.witnesses.core import UNKNOWN, Core, Witness, is_thin


def measure(core: Core) -> float:
    """Give the share of later turns."""
    turns = core.exchanges["turn"].drop_nulls()
    if is_thin(core) or not len(turns):
        return UNKNOWN
    return float((turns > 1).sum()) / len(turns)


WITNESS = Witness(
    "follow_up",
    "timing",
    -1,
    "share of later turns of a conversation",
    "people in conversation, who react to what they are told",
    measure,
)
