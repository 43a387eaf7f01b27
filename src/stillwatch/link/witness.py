"""Are they tied at all? Evidence from families that took no part in forming the group.

Fifth step of *link*: reads the search and the null, gives an e-value per seed. For each family f
the seed is refined and grown with f hidden, and f is then tested on what it grew into, and on the
seed's holders as they are: a family that helped to form a group can't testify for it (every group
re-tested on its own features is "significant", coordination.md 3.6). Of a seed's held-out e-values
the largest is dropped and the rest averaged: two families are needed. e-BH runs over every seed
that was proposed; seeds whose evidence is not computed count with e = 0, which only makes the test
stricter.

Source: DESIGN.md, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from stillwatch.domain.channels.families import FAMILIES
from stillwatch.link.counts import grow_group
from stillwatch.link.e_values import IMPOSSIBLE, average_e, combine_families
from stillwatch.link.evidence import Null, test_family
from stillwatch.link.search import set_bars
from stillwatch.link.search.starts import Starts
from stillwatch.link.table import FAMILY_OF_CHANNEL, I32
from stillwatch.link.workbench import Quest

SAME_SHARE = 0.5
"""Share of a group that a hidden search, or a seed's holders, must hold to speak of that group; so
must what is left of one that some have left (`queues/join.py`)."""


def choose_families(
    null: Null, seed: int, *, direct: dict[str, float], bar: float
) -> tuple[str, ...]:
    """Choose the families whose hidden search is worth its time; none, if the seed can't pass.

    `direct` is each family tested on the very group that it helped to form, in bits; `bar` is what
    a seed must reach, all groups reaching it too. Tested so, a group looks more tied than it is: a
    family that says nothing even then, or a seed whose other families fail together even then,
    keeps e = 0. That is valid whatever the reason, and stricter.
    """
    own = FAMILIES[int(FAMILY_OF_CHANNEL[null.table.value_channel[seed]])]
    others = {f: bits for f, bits in direct.items() if f != own}
    if combine_families(others) < bar:
        return ()
    return tuple(f for f, bits in others.items() if bits > 0)


@dataclass(frozen=True)
class Witness:
    """A seed that may speak for several groups: each of its searches is made once.

    Nobody is taken in these searches: what is found belongs to the seed alone.
    """

    null: Null
    seed: int
    _grown: dict[str, I32] = field(default_factory=dict)
    _told: dict[tuple[str, bool], float] = field(default_factory=dict)

    @property
    def own(self) -> str:
        """The seed's own family, which can't testify."""
        return FAMILIES[int(FAMILY_OF_CHANNEL[self.null.table.value_channel[self.seed]])]

    @cached_property
    def _starts(self) -> Starts:
        return Starts(self.null.search.bench, self.holders)

    @property
    def holders(self) -> I32:
        """The seed's holders as they are."""
        start = self.null.table.column_start
        return self.null.table.column_actor[start[self.seed] : start[self.seed + 1]]

    def grow_without(self, family: str) -> I32:
        """Grow the seed with a family hidden; sorted, empty below five."""
        if family not in self._grown:
            search = self.null.search
            bench = search.bench._replace(b=set_bars(self.null.settings, hidden=True))
            nobody = np.zeros(self.null.table.actors, np.bool_)
            hidden = FAMILIES.index(family)
            quest = Quest(self.seed, hidden, nobody, search.mark)
            start = self._starts.choose([FAMILIES.index(self.own), hidden])
            members = start
            if len(start):
                members, search.mark = grow_group(bench, start, quest)
            self._grown[family] = np.sort(members)
        return self._grown[family]

    def test(self, family: str, *, grown: bool) -> float:
        """Test a family on what has grown without it, or on the holders. Units: log2 e."""
        if (family, grown) not in self._told:
            actors = self.grow_without(family) if grown else self.holders
            self._told[family, grown] = test_family(self.null, actors, family=family)
        return self._told[family, grown]


def weigh_seed(
    witness: Witness, group: I32, *, families: Sequence[str] = FAMILIES
) -> dict[str, float]:
    """Give the held-out e-values of one seed: a log2 e-value for each family but its own.

    A family is tested on what the seed grows into without it, and on the seed's holders as they
    are, whom no family but its own has chosen; the two are averaged. Growth finds the heads among
    the holders of a value that innocents hold too; where they alone hold it, growth from the best
    quarter may lose the others (each week of sign-ups a cohort of its own), and the holders keep
    them. A family that is not among `families` gives -inf (e = 0), and so does what is something
    else than `group` (less than half of it). Setting an e-value to 0 for whatever reason keeps it
    one.
    """
    holders = witness.holders
    alone = _shares(holders, group) and _shares(group, holders)
    out = {family: IMPOSSIBLE for family in FAMILIES if family != witness.own}
    for family in out:
        if family in families:
            told = _shares(witness.grow_without(family), group)
            sides = [
                witness.test(family, grown=grown) if speaks else IMPOSSIBLE
                for grown, speaks in ((True, told), (False, alone))
            ]
            out[family] = average_e(sides)
    return out


def _shares(found: I32, group: I32) -> bool:
    """Say whether `found` holds enough of a group to speak of it."""
    both = len(np.intersect1d(found, group, assume_unique=True))
    return both >= SAME_SHARE * len(group)
