"""One queue, and every account behind an address and a client of its own: somebody hides a hand.

Share of the requests handed on that came from another subnet and with another client than where
they had been refused, seconds before, less what answered requests show by chance, at the lower end
of its error. One customer's gateway, a relay or a pool of lent keys hands on from one place with
one program; no strangers do otherwise, and so the honest figure is stated as 0 and a tenth a
standard deviation. It is cut where it would decide alone, at about a quarter that moves: a third
does where a queue has a few homes, and nearly all does where each account has its own. Silent where
no queue shows, and where somebody stands for most of the accounts, by name or by one card: who
signs for his keys hides no hand, wherever his workers are (`measure.py`). Not hiding clears nobody.
Blind spot: heads behind one proxy, or with one client, which other channels tie.
Source: coordination.md, section 2 ("identity inconsistency" belongs to judging).
"""

from __future__ import annotations

from stillwatch.detect.witnesses.core import Core, Witness


def measure(core: Core) -> float:
    """Give the share of requests handed on that move; nan where too few were handed on.

    Cost:    none: it was measured with the group (`unmix/handed_on.py`).
    """
    return core.moved


WITNESS = Witness(
    "moved_on",
    "infrastructure",
    1,
    "share of requests handed on that come from elsewhere",
    "one program that hands requests on openly, from one place",
    measure,
    exculpates=False,
    spread=0.1,
)
