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
from dataclasses import dataclass

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
from stillwatch.link.table import F64, FAMILY_OF_CHANNEL, I32, Bools, TraitTable
from stillwatch.link.workbench import Quest

SAME_SHARE = 0.5
"""Share of a group that a hidden search, or a seed's holders, must hold to speak of that group; so
must what is left of one that some have left (`queues/join.py`)."""


@dataclass(frozen=True)
class Null:
    """What a hidden family is tested against: the table, its search, and rho by channel."""

    table: TraitTable
    search: Search
    rho: F64
    settings: LinkSettings


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
    known = max(int(np.sum(null.table.value_channel == shown.channel)), 1)
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
    columns, n = null.search.bench.t, shown.members
    inside = null.table.value_channel == shown.channel
    holders = np.diff(null.table.column_start)[inside]
    present = float(columns.channels["present"][shown.channel])
    chance = -np.expm1(-(n - 1) * (holders - 1) / present)
    expected = float(np.sum(null.table.value_mass[inside] * chance)) / present
    held = np.array([min(float(shown.mass[shown.shared].sum()), n)])
    rho = float(null.rho[shown.channel])
    return float(log2_bayes_factor(held, n, mean=np.array([expected]), rho=rho)[0])


def _profile(null: Null, shown: _Shown) -> float:
    """That their mass lies on fewer values than the population's: all values at once.

    What only one account of the population holds is a value of its own, of all such together.
    """
    inside = null.table.value_channel == shown.channel
    present = float(null.search.bench.t.channels["present"][shown.channel])
    unshared = max(1.0 - float(null.table.value_mass[inside].sum()) / present, 0.0)
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


def weigh_seed(
    null: Null, seed: int, group: I32, *, families: Sequence[str] = FAMILIES
) -> dict[str, float]:
    """Give the held-out e-values of one seed: a log2 e-value for each family but its own.

    A family is tested on what the seed grows into without it, and on the seed's holders as they
    are, whom no family but its own has chosen; the two are averaged. Growth finds the heads among
    the holders of a value that innocents hold too; where they alone hold it, growth from the best
    quarter may lose the others (each week of sign-ups a cohort of its own), and the holders keep
    them. A family that is not among `families` gives -inf (e = 0), and so does what is something
    else than `group` (less than half of it). Setting an e-value to 0 for whatever reason keeps it
    one. Nobody is taken in these searches: the hypothesis belongs to the seed alone.
    """
    search = null.search
    bench = search.bench._replace(b=set_bars(null.settings, hidden=True))
    nobody = np.zeros(null.table.actors, np.bool_)
    own = int(FAMILY_OF_CHANNEL[null.table.value_channel[seed]])
    holders = _holders_of(null.table, seed)
    alone = _shares(holders, group) and _shares(group, holders)
    out = {family: IMPOSSIBLE for f, family in enumerate(FAMILIES) if f != own}
    for family in out:
        if family not in families:
            continue
        f = FAMILIES.index(family)
        quest = Quest(seed, f, nobody, search.mark)
        grown, search.mark = grow_group(bench, NO_START, quest)
        told = len(grown) >= limits.ACTORS_MIN and _shares(grown, group)
        sides = [
            test_family(null, grown, family=family) if told else IMPOSSIBLE,
            test_family(null, holders, family=family) if alone else IMPOSSIBLE,
        ]
        out[family] = average_e(sides)
    return out


def _holders_of(table: TraitTable, seed: int) -> I32:
    return table.column_actor[table.column_start[seed] : table.column_start[seed + 1]]


def _shares(found: I32, group: I32) -> bool:
    """Say whether `found` holds enough of a group to speak of it."""
    both = len(np.intersect1d(found, group, assume_unique=True))
    return both >= SAME_SHARE * len(group)
