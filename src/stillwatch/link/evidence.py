"""Are they tied at all? Evidence from families that took no part in forming the group.

Fourth step of *link*: reads the search and the table, gives an e-value per seed. For each family f
the seed is refined and grown with f hidden, and f is then tested on what it grew into, and on the
seed's holders as they are: a family that helped to form a group can't testify for it (every group
re-tested on its own features is "significant", coordination.md 3.6). Of a seed's held-out e-values
the largest is dropped and the rest averaged: two families are needed. e-BH runs over every seed
that was proposed; seeds whose evidence is not computed count with e = 0, which only makes the test
stricter.

Source: DESIGN.md, section 6; the null and its sources stand in `e_values`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.counts import count_values, grow_group
from stillwatch.link.e_values import (
    IMPOSSIBLE,
    average_e,
    combine_families,
    log2_bayes_factor,
    log2_profile_factor,
)
from stillwatch.link.search import NO_START, Search, set_bars
from stillwatch.link.table import F64, FAMILY_OF_CHANNEL, I32, I64, Bools, TraitTable
from stillwatch.link.workbench import Quest

SAME_SHARE = 0.5
"""Share of a group that a hidden search, or a seed's holders, must hold to speak of that group; so
must what is left of one that some have left (`queues/join.py`)."""


class _Known(NamedTuple):
    """What a channel holds in the population: its values, by how many hold each."""

    values: int
    mass: float
    """Of all of them."""
    holders: I64
    """The different numbers of holders, ..."""
    masses: F64
    """... and the mass of the values that have so many."""


@dataclass(frozen=True)
class Null:
    """What a hidden family is tested against: the table, its search, and rho by channel."""

    table: TraitTable
    search: Search
    rho: F64
    settings: LinkSettings

    @cached_property
    def known(self) -> list[_Known]:
        """What each channel holds. Cost: a pass over all values, once."""
        channel, mass = self.table.value_channel, self.table.value_mass
        holders = np.diff(self.table.column_start)
        out = []
        for c in range(len(self.rho)):
            span = slice(*np.searchsorted(channel, [c, c + 1]))
            counts, at = np.unique(holders[span], return_inverse=True)
            masses = np.bincount(at, mass[span], minlength=len(counts))
            out.append(_Known(len(at), float(mass[span].sum()), counts, masses))
        return out


@dataclass(frozen=True)
class _Shown:
    """What a group shows in one channel: its members with data, and values with their mass."""

    channel: int
    members: float
    values: I32
    mass: F64
    shared: Bools
    """Values that two members or more hold."""


def test_family(null: Null, group: I32, *, family: str) -> float:
    """Test one family on a group that was grown without it.

    Units:   log2 of an e-value. Nulls: channels without data say nothing; none at all gives -inf.
    Three statements per channel, averaged: that many hold *one* value (over all values alike, so
    that looking at many costs what it should); that many hold values that others of the group hold
    (a proxy pool), against a random group of the same size; and that their mass lies on few values
    (several batches, several client stacks).
    """
    shown = _show(null, group, family)
    parts = [say(null, c) for c in shown for say in (_one_value, _any_value, _profile)]
    return average_e(parts)


def _show(null: Null, group: I32, family: str) -> list[_Shown]:
    bench = null.search.bench
    counted = count_values(bench, group)
    members, mass = counted.members, counted.mass
    channel_of = null.table.value_channel[counted.value]
    out = []
    for c in np.flatnonzero(bench.t.channels["family"] == FAMILIES.index(family)):
        if members[c] < limits.ACTORS_MIN or bench.t.channels["present"][c] < 2 * limits.ACTORS_MIN:
            continue
        here = channel_of == c
        shared = counted.holders[here] > 1
        out.append(_Shown(int(c), float(members[c]), counted.value[here], mass[here], shared))
    return out


def _one_value(null: Null, shown: _Shown) -> float:
    """That many members hold one value; every value of the channel had the same chance."""
    if not shown.shared.any():
        return IMPOSSIBLE
    known = max(null.known[shown.channel].values, 1)
    present = float(null.search.bench.t.channels["present"][shown.channel])
    bits = log2_bayes_factor(
        np.minimum(shown.mass[shown.shared], shown.members),
        shown.members,
        mean=null.table.value_mass[shown.values[shown.shared]] / present,
        rho=float(null.rho[shown.channel]),
    )
    return average_e(bits, np.full(len(bits), 1 / known))


def _any_value(null: Null, shown: _Shown) -> float:
    """That members hold values which other members hold, against random groups of their size."""
    columns, n, known = null.search.bench.t, shown.members, null.known[shown.channel]
    present = float(columns.channels["present"][shown.channel])
    chance = -np.expm1(-(n - 1) * (known.holders - 1) / present)
    expected = float(np.sum(known.masses * chance)) / present
    held = np.array([min(float(shown.mass[shown.shared].sum()), n)])
    rho = float(null.rho[shown.channel])
    return float(log2_bayes_factor(held, n, mean=np.array([expected]), rho=rho)[0])


def _profile(null: Null, shown: _Shown) -> float:
    """That their mass lies on fewer values than the population's: all values at once.

    What only one account of the population holds is a value of its own, of all such together.
    """
    present = float(null.search.bench.t.channels["present"][shown.channel])
    unshared = max(1.0 - null.known[shown.channel].mass / present, 0.0)
    mass = np.append(shown.mass, max(shown.members - float(shown.mass.sum()), 0.0))
    share = np.append(null.table.value_mass[shown.values] / present, unshared)
    return log2_profile_factor(mass, shown.members, share=share, rho=float(null.rho[shown.channel]))


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
            quest = Quest(self.seed, FAMILIES.index(family), nobody, search.mark)
            members, search.mark = grow_group(bench, NO_START, quest)
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
