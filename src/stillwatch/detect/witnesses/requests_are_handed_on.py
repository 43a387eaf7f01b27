"""What one account was refused, another sends, and from elsewhere: one queue is behind both.

`handed_on`: share of a group's refused requests that another of its accounts sends within two
minutes, less the same share of its answered ones (a class repeats those as often). Whoever works
through a list of items has to have each of them answered; people try again on the account that they
are at. It is true of one customer's keys and of a pool of lent ones, too, which the null knows.
Blind spot: a queue that waits, or retries on the same account; logs without a status.

`moved_on`: share of those that came from another subnet and with another client than where they had
been refused, less what answered requests show by chance, at the lower end of its error: somebody
hides a hand. One customer's gateway, a relay or a pool of lent keys hands on from one place with
one program; no strangers do otherwise, and so the honest figure is stated as 0 and a tenth a
standard deviation. It is cut where it would decide alone, at about a quarter that moves: a third
does where a queue has a few homes, and nearly all does where each account has its own. Silent where
no queue shows, and where somebody stands for most of the accounts, by name or by one card: who
signs for his keys hides no hand, wherever his workers are (`measure.py`).
Blind spot: heads behind one proxy, or with one client, which other channels tie.

Not handing on costs an attacker little, and so does not hiding: neither clears anybody.
Source: coordination.md, section 2 ("identity inconsistency" belongs to judging) and 6.1c.
"""

from __future__ import annotations

from stillwatch.detect.witnesses.core import Core, Witness


def measure_handed_on(core: Core) -> float:
    """Give the share of refused requests that are handed on; nan where too few were refused.

    Cost:    none: it was measured with the group (`unmix/handed_on.py`).
    """
    return core.handed_on


def measure_moved_on(core: Core) -> float:
    """Give the share of requests handed on that move; nan where too few were handed on.

    Cost:    none: it was measured with the group (`unmix/handed_on.py`).
    """
    return core.moved


HANDED_ON = Witness(
    "handed_on",
    "timing",
    1,
    "share of refused requests that another account sends",
    "people who each send again what was refused, on their own account",
    measure_handed_on,
    exculpates=False,
    scale_min=0.1,
    shows_hand=True,
    resale_explains=True,
)
MOVED_ON = Witness(
    "moved_on",
    "infrastructure",
    1,
    "share of requests handed on that come from elsewhere",
    "one program that hands requests on openly, from one place",
    measure_moved_on,
    exculpates=False,
    spread=0.1,
    shows_hand=True,
)
