"""What one account was refused, another sends: one queue is behind both.

Share of a group's refused requests that another of its accounts sends within two minutes, less the
same share of its answered ones (a class repeats those as often). Whoever works through a list of
items has to have each of them answered; people try again on the account that they are at. It is
true of one customer's keys and of a pool of lent ones, too, which the null knows. Not handing on
costs an attacker little, so it clears nobody.
Blind spot: a queue that waits, or retries on the same account; logs without a status.
Source: coordination.md, 6.1c.
"""

from __future__ import annotations

from stillwatch.detect.witnesses.core import Core, Witness


def measure(core: Core) -> float:
    """Give the share of refused requests that are handed on; nan where too few were refused.

    Cost:    none: it was measured with the group (`unmix/handed_on.py`).
    """
    return core.handed_on


WITNESS = Witness(
    "handed_on",
    "timing",
    1,
    "share of refused requests that another account sends",
    "people who each send again what was refused, on their own account",
    measure,
    exculpates=False,
    scale_min=0.1,
    resale_explains=True,
)
