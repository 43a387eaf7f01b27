"""Which campaign of today is which of before: one to one, best first.

Between `telling` and `track`: reads the accounts and telling values of campaigns known and seen,
gives pairs. The one idea: accounts are the surest sign, so pairs are taken in the order of their
overlap of accounts; where accounts were replaced, what they are told by decides, and then it takes
two families, for a shared public template or a shared proxy alone makes no identity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stillwatch.domain.channels.families import CHANNEL_OF

Values = Mapping[tuple[str, int], float]
"""(channel, value) → weight in bits."""

_SAME_ACCOUNTS: Final = 0.5
"""Share of the smaller set of accounts from which two sightings are one campaign, whatever it is
told by: more than half of one can't be more than half of two others."""
_SAME_TRAITS: Final = 0.5
"""Overlap of what they are told by from which it is one campaign without a shared account."""
_BOTH: Final = (0.2, 0.25)
"""Overlap of accounts and of traits that are enough together: a campaign half of whose heads were
replaced, and half of what it is told by with them."""
_FAMILIES_MIN: Final = 2
"""Families that shared telling values must come from (CONTRACT.md: what a verdict needs too)."""


@dataclass(frozen=True)
class Look:
    """What a campaign is known by at one look."""

    accounts: frozenset[str]
    """Its accounts at that look."""
    ever: frozenset[str]
    """These and all that were in it before."""
    values: Values


@dataclass(frozen=True)
class Overlap:
    """How much of one sighting is in another."""

    accounts: float
    """Share of the smaller set of accounts that both have; accounts of earlier looks count too."""
    jaccard: float
    """Shared accounts over all accounts of the two looks."""
    traits: float
    """Weight of shared telling values over that of all, each at its smaller and larger weight."""
    families: int
    """Families from which shared telling values come."""

    @property
    def is_same(self) -> bool:
        """Whether this is enough to be one campaign."""
        if self.accounts >= _SAME_ACCOUNTS:
            return True
        if self.families < _FAMILIES_MIN:
            return False
        both = self.accounts >= _BOTH[0] and self.traits >= _BOTH[1]
        return both or self.traits >= _SAME_TRAITS


def measure_overlap(known: Look, seen: Look) -> Overlap:
    """Measure how far a campaign of before and one of today are the same.

    Units:   shares in [0, 1].
    Cost:    linear in accounts and telling values.
    Nulls:   no account or no telling value in one of them: no overlap of that.
    """
    now = known.accounts & seen.accounts
    of_seen = len(known.ever & seen.accounts) / max(len(seen.accounts), 1)
    of_known = len(now) / max(len(known.accounts), 1)
    every = len(known.accounts | seen.accounts)
    shared = known.values.keys() & seen.values.keys()
    less = sum(min(known.values[v], seen.values[v]) for v in shared)
    more = sum(
        max(known.values.get(v, 0.0), seen.values.get(v, 0.0))
        for v in sorted(known.values.keys() | seen.values.keys())
    )
    families = {CHANNEL_OF[channel].family for channel, _ in shared if channel in CHANNEL_OF}
    return Overlap(
        max(of_seen, of_known),
        len(now) / every if every else 0.0,
        less / more if more else 0.0,
        len(families),
    )


def match_campaigns(
    known: Mapping[str, Look], seen: Mapping[str, Look]
) -> dict[str, tuple[str, Overlap]]:
    """Pair campaigns of today with those of before.

    Grain:   one entry per campaign of today that has a match: (known id, overlap).
    Order:   best first by overlap of accounts, then of traits, then by id: input order is
             irrelevant. Each is used once on either side.
    Cost:    pairs that share an account or a telling value; linear in those.
    """
    pairs = [
        (-overlap.jaccard, -overlap.traits, old, new, overlap)
        for new, old in sorted(_candidates(known, seen))
        if (overlap := measure_overlap(known[old], seen[new])).is_same
    ]
    matched: dict[str, tuple[str, Overlap]] = {}
    used: set[str] = set()
    for _, _, old, new, overlap in sorted(pairs, key=lambda pair: pair[:4]):
        if new not in matched and old not in used:
            matched[new] = (old, overlap)
            used.add(old)
    return matched


def _candidates(known: Mapping[str, Look], seen: Mapping[str, Look]) -> set[tuple[str, str]]:
    """Pairs that have anything in common."""
    holders: dict[object, list[str]] = defaultdict(list)
    for old, look in known.items():
        for sign in (*look.ever, *look.values):
            holders[sign].append(old)
    return {
        (new, old)
        for new, look in seen.items()
        for sign in (*look.accounts, *look.values)
        for old in holders.get(sign, ())
    }
