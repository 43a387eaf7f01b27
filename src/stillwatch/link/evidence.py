"""What one family says of a group that it took no part in forming: three statements a channel.

Fourth step of *link*: reads the search and the table, gives an e-value per group and family. Who
was chosen by the family itself has no place here: `witness` sees to it.

Source: DESIGN.md, section 6; the null and its sources stand in `e_values`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.channels.families import CHANNELS, FAMILIES
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.counts import count_values
from stillwatch.link.e_values import (
    IMPOSSIBLE,
    average_e,
    log2_bayes_factor,
    log2_profile_factor,
)
from stillwatch.link.search import Search
from stillwatch.link.table import F64, I32, I64, Bools, TraitTable


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
            masses = np.bincount(at, mass[span], minlength=len(counts)).astype(np.float64)
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
    (several batches, several client stacks). Of values had whole, whose shares are in no sum, the
    first alone.
    """
    shown = _show(null, group, family)
    parts = [
        say(null, c)
        for c in shown
        for say in (_one_value, _any_value, _profile)
        if say == _one_value or not CHANNELS[c.channel].is_whole
    ]
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
