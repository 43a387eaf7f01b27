"""What a group's members hold, and what they weigh: the kernels' figures as arrays.

Between the kernels and those who reason about groups (`search`, `evidence`, `link`). Reads a
workbench, writes nothing. Absent: what the figures mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.tables import REGISTER, TRAIT
from stillwatch.link import kernels
from stillwatch.link.table import CHANNEL_NAMES, F64, HOLDER, I32, I64, ROW, Bools, tabulate_traits
from stillwatch.link.workbench import (
    ALL,
    CHANNEL,
    COUNTED,
    INSIDE,
    NOBODY,
    OUTSIDE,
    SAMPLE,
    VALUE,
    Bars,
    Bench,
    Columns,
    Quest,
    list_rows,
    set_bench,
)

SHARE_MIN = 1e-9  # least share whose logarithm is taken


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
    counted = counted[: kernels.list_values(bench, _own(group), counted)]
    members = columns.present[group].sum(axis=0)
    return Counted(counted["value"], counted["holders"], counted["mass"], members)


def weigh_members(bench: Bench, group: I32) -> tuple[F64, F64]:
    """Weigh every member of a group: bits by family, and three figures by channel.

    Grain:   one row per member, in the group's order. The figures: bits, the share of the other
             members that hold what it holds, and the population's.
    Cost:    the members' rows.
    """
    families, bits = _weigh(bench, (group, group), INSIDE)
    columns, counted = bench.t, count_values(bench, group)
    member, rows = list_rows(columns, group)
    value, share = rows["value"], rows["share"].astype(np.float64)
    order = np.argsort(counted.value)
    mass = counted.mass[order][np.searchsorted(counted.value, value, sorter=order)]
    channel = columns.values["channel"][value]
    others = np.maximum(counted.members[channel] - 1, 1)
    here = share * (mass - share) / others
    there = (columns.values["mass"][value] - share) / (columns.channels["present"][channel] - 1)
    cell = member * bits.shape[1] + channel
    both = [np.bincount(cell, told, bits.size) for told in (here, share * there)]
    return families, np.stack([bits, *(told.reshape(bits.shape) for told in both)], axis=2)


def weigh_actors(bench: Bench, group: I32, actors: I32) -> tuple[F64, F64]:
    """Weigh actors outside a group: bits by family and by channel.

    Grain:   one row per actor, in the order given. Cost: the rows of both.
    """
    return _weigh(bench, (group, actors), OUTSIDE)


def promise_holders(bench: Bench, group: I32, *, least: float) -> F64:
    """Add up, for everybody, what the values would bring that a group holds much more of.

    Grain:   one figure per actor, members too, in bits: of holders of values that `least` members
             or more hold, with the lift at which a growing group looks at holders; 0 of all others.
    Cost:    the group's rows, and the holders of such values.
    """
    columns, counted = bench.t, count_values(bench, group)
    channel = columns.values["channel"][counted.value]
    here = counted.mass / np.maximum(counted.members[channel], 1)
    there = columns.values["mass"][counted.value] / columns.channels["present"][channel]
    lift = np.log2(np.maximum(here, SHARE_MIN) / there)
    promise = np.zeros(len(columns.present))
    for k in np.flatnonzero((lift >= bench.b.lift) & (counted.holders >= least)):
        v = counted.value[k]
        span = columns.holders[columns.holder_start[v] : columns.holder_start[v + 1]]
        promise[span["actor"]] += span["share"] * lift[k]
    return promise


def mean_bits(bench: Bench, group: I32, sides: Sequence[I32], inside: np.int64) -> list[float]:
    """Mean bits of sets of actors for a group; who has fewer than two families counts as none.

    Grain:   one figure per set. Cost: the group's rows once, and those of all sets.
    """
    families, _ = _weigh(bench, (group, np.concatenate(sides)), inside)
    spoken = (families >= bench.b.family).sum(axis=1) >= kernels.FAMILIES_MIN
    bits = np.where(spoken, families.sum(axis=1), 0.0)
    ends = np.cumsum([len(side) for side in sides])
    return [float(part.sum() / max(len(part), 1)) for part in np.split(bits, ends[:-1])]


def add_bits(bench: Bench, group: I32, actors: I32, inside: np.int64) -> F64:
    """Add up what some actors, members of a group or not, weigh for it.

    Grain:   one sum per actor. Units: bits, all families, no prior. Cost: the rows of both.
    """
    return np.asarray(_weigh(bench, (group, actors), inside)[0].sum(axis=1))


def _weigh(bench: Bench, sides: tuple[I32, I32], inside: np.int64) -> tuple[F64, F64]:
    bits = (
        np.zeros((len(sides[1]), len(bench.s.families))),
        np.zeros((len(sides[1]), len(bench.s.channels))),
    )
    group, actors = map(_own, sides)
    kernels.weigh_actors(bench, (group, actors), inside, bits)
    return bits


def _own(actors: I32) -> I32:
    """Give an array that may be written: for one that may not, Numba would compile all anew."""
    return np.require(actors, requirements=["C", "W"])


def score_seeds(bench: Bench, seeds: I64, taken: Bools) -> F64:
    """Score seeds by what other families say of a sample of their holders.

    Grain:   one score per seed. Units: mean bits. Cost: the sample's rows; no lock is held.
    """
    scores: F64 = kernels.refine_seeds(bench, seeds, NOBODY, taken, SAMPLE)[0]
    return scores


def grow_group(bench: Bench, start: I32, quest: Quest) -> tuple[I32, int]:
    """Grow some actors, or the best quarter of the seed's holders where there are none.

    Grain:   the members, none below five; and the last mark that was used.
    Cost:    a round costs the members' rows and the holders of what they share.
    """
    if len(start) == 0:
        seeds = np.array([quest.seed])
        start = kernels.refine_seeds(bench, seeds, quest.hidden, quest.taken, ALL)[1]
    grown: tuple[I32, int] = kernels.grow(bench, start, quest)
    return grown


def compile_kernels() -> None:
    """Have the kernels of *link* ready before the first table comes.

    Cost:    five seconds the first time on a machine, a tenth where Numba's cache has them.
    """
    shared = pl.DataFrame({"account_id": ["a", "b"], "value": 1, "share": 1.0})
    traits = TRAIT.conform(shared.with_columns(channel=pl.lit(CHANNEL_NAMES[0])))
    tabulate_traits(traits, register=REGISTER.empty())
    bench, nobody, taken = _nothing()
    kernels.grow(bench, nobody, Quest(0, NOBODY, taken, 0))
    kernels.list_values(bench, nobody, np.zeros(0, COUNTED))
    kernels.refine_seeds(bench, np.zeros(0, np.int64), NOBODY, taken, ALL)
    _weigh(bench, (nobody, nobody), INSIDE)


def _nothing() -> tuple[Bench, I32, Bools]:
    """One actor, who holds nothing; no group; nobody taken."""
    start, channels = np.zeros(2, np.int64), len(CHANNEL_NAMES)
    columns = Columns(
        start, np.zeros((1, channels + 1), np.int32), np.zeros(0, ROW), start, np.zeros(0, HOLDER),
        np.zeros(1, VALUE), np.zeros(channels, CHANNEL), np.zeros(len(FAMILIES) + 1, np.int64),
        np.zeros((1, channels), np.bool_), np.zeros((1, channels), np.float32),
    )  # fmt: skip
    bars = Bars(*[1.0] * len(Bars._fields))
    return set_bench(columns, bars), np.zeros(0, np.int32), np.zeros(1, np.bool_)
