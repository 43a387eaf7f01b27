"""What a group's members hold, and what they weigh: the kernels' figures as arrays.

Between the kernels and those who reason about groups (`search`, `evidence`, `link`). Reads a
workbench, writes nothing. Absent: what the figures mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stillwatch.link import kernels
from stillwatch.link.table import F64, I32, I64
from stillwatch.link.workbench import COUNTED, Bench

_NO_SHARES = np.empty((0, 0, 0))
"""Bits by family are all that is asked for."""


@dataclass(frozen=True)
class Counted:
    """What a group holds: arrays with an entry a value, and one with an entry a channel."""

    value: I64
    holders: I64
    mass: F64
    members: I64
    """C: members that have a value in the channel."""


def count_values(bench: Bench, group: I32) -> Counted:
    """Count what a group's members hold, each value once.

    Grain:   one entry per value. Order: as the members and their rows come.
    Cost:    the members' rows.
    """
    columns = bench.t
    room = int((columns.row_start[group + 1] - columns.row_start[group]).sum())
    counted = np.empty(room, COUNTED)
    counted = counted[: kernels.list_values(bench, group, counted)]
    members = columns.present[group].sum(axis=0)
    return Counted(counted["value"], counted["holders"], counted["mass"], members)


def weigh_members(bench: Bench, group: I32) -> tuple[F64, F64]:
    """Weigh every member of a group: bits by family, and three figures by channel.

    Grain:   one row per member, in the group's order; the figures are those of
             `kernels.weigh_actors`.
    Cost:    the members' rows.
    """
    families = np.zeros((len(group), len(bench.s.families)))
    shares = np.zeros((len(group), len(bench.s.channels), 3))
    kernels.weigh_actors(bench, (group, group), kernels.INSIDE, families, shares)
    return families, shares


def mean_bits(bench: Bench, group: I32, actors: I32, inside: np.int64) -> float:
    """Mean bits of some actors for a group; those with fewer than two families count as none.

    Cost:    the rows of both.
    """
    families = np.zeros((len(actors), len(bench.s.families)))
    kernels.weigh_actors(bench, (group, actors), inside, families, _NO_SHARES)
    spoken = (families >= bench.b.family).sum(axis=1) >= kernels.FAMILIES_MIN
    return float(families.sum(axis=1)[spoken].sum() / max(len(actors), 1))
