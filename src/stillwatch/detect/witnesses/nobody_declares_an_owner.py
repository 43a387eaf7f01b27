"""Honest groups say whose they are; a hydra's heads pose as strangers to one another.

Largest share of the group's accounts under one declared owner: an organisation as typed, or an
e-mail domain that strangers don't have. Colleagues, a class, one customer's keys and a reseller's
pool share one of them openly; heads that were given mailboxes of their own don't. Blind spot: an
operator who takes one domain for all looks declared; a start-up cohort, a neighbourhood and a firm
that only shares a card declare nothing, and are honest.
Source: coordination.md, section 2 ("identity inconsistency" belongs to judging).
"""

from __future__ import annotations

from stillwatch.detect.witnesses.core import Core, Witness


def measure(core: Core) -> float:
    """Give the largest share under one declared owner; nan without a register."""
    return core.declared_share


WITNESS = Witness(
    "declared_owner",
    "identity",
    -1,
    "largest share of accounts under one declared owner",
    "one owner who says so: colleagues, a class, or one customer's keys",
    measure,
)
