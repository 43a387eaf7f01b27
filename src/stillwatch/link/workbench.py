"""What the kernels work on: the table's arrays, a thread's scratch arrays, the bars, a quest.

Types of *link*; `kernels.py` has the loops. They stand apart because Numba's cache
looks at the age of the file that a kernel stands in, and at no other: all kernels are in one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stillwatch.domain import limits
from stillwatch.domain.channels.families import CHANNELS, FAMILIES
from stillwatch.link.table import F32, FAMILY_OF_CHANNEL, I32, I64, Bools, Records, TraitTable

NOBODY = np.int64(-1)  # typed: Numba compiles a kernel anew for every literal
"""No seed, or no hidden family."""
INSIDE, OUTSIDE = np.int64(1), np.int64(0)
"""Whether the actor that is weighed is in the group."""
THREADS = 2  # that score seeds and test groups; each has scratch arrays of its own
ALL = np.int64(0)  # no sample of a seed's holders
SAMPLE = np.int64(limits.SEED_SAMPLE)
"""Holders of a seed that are looked at while seeds are many."""
VALUE = np.dtype([("mass", np.float64), ("channel", np.int64)], align=True)
"""A value in the population."""
CHANNEL = np.dtype(
    [("mass", np.float64)] + [(name, np.int64) for name in ("present", "family", "whole")]
)
"""A channel in the population; `whole` is 1 where each value is had whole (`Channel.is_whole`)."""
VALUE_WORK = np.dtype(
    [("mass", np.float64), ("there", np.float64), ("holders", np.int32), ("touched", np.int32)],
    align=True,
)
"""A value in the group that is looked at, and its mass in the population (`there`) beside it: one
place in memory for whoever weighs it; `touched` is a list of values, an entry a slot."""
CHANNEL_WORK = np.dtype(
    [("members", np.int64), ("paired", np.float64), ("outside", np.float64), ("once", np.float64)]
    + [(name, np.float64) for name in ("free", "unheld", "own", "alone", "bits", "narrow")],
    align=True,
)
"""A channel in the group, and for the actor that is weighed."""
FAMILY_WORK = np.dtype([(name, np.float64) for name in ("bits", "high", "low", "wide")], align=True)
"""A family for the actor that is weighed."""
ACTOR_WORK = np.dtype(
    [("bits", np.float64)] + [(name, np.int32) for name in ("stamp", "held", "found")], align=True
)
"""An actor in a growth: the mark of the last round that began with it (`stamp`), and of the last
whose seed it holds; `bits` and `found` are lists, an entry a slot."""
COUNTED = np.dtype([("value", np.int64), ("holders", np.int64), ("mass", np.float64)], align=True)
"""A value that a group holds, how many of its members do, and how much of it."""
GROUP_WORK = np.dtype(
    [(name, np.float64) for name in ("lifted", "wide", "support", "seed_bits", "seed_narrow")],
    align=True,
)
"""The one group that is looked at, and of the actor that is weighed what is kept apart."""


class Columns(NamedTuple):
    """The arrays of a `TraitTable`, as Numba wants them."""

    row_start: I64
    spans: I32
    """N x (C + 1): rows of an actor by channel, sorted by value."""
    rows: Records
    holder_start: I64
    holders: Records
    values: Records
    channels: Records
    families: I64
    """F + 1: channels of a family."""
    present: Bools
    single: F32


class Bars(NamedTuple):
    """The bars of linking, in bits but for `shrink` (pseudo-members) and the last two (shares)."""

    cap: float
    floor: float
    member: float
    family: float
    lift: float
    shrink: float
    settled: float
    """Share of a group that may still come or go when its growth ends."""
    support: float
    """Share of the other members that one lifted value must join a member to, and that must hold a
    value for it to count in every family. A seed's holders are scored without it."""


class Scratch(NamedTuple):
    """Work arrays of one thread; every kernel leaves them as clean as it found them."""

    values: Records
    seen: npt.NDArray[np.uint8]
    """Of each value, how many in the group hold it, two at most: it fits a cache."""
    channels: Records
    families: Records
    actors: Records
    promise: F32
    """Of each actor, apart from all else of it: this fits a cache, too."""
    reached: I32
    """Actors that something was promised, and room for one more."""
    group: Records


class Bench(NamedTuple):
    """What every kernel works on: the table, the thread's scratch arrays, the bars."""

    t: Columns
    s: Scratch
    b: Bars


class Quest(NamedTuple):
    """What a growth is after: its seed, the hidden family, who is taken, the last mark used."""

    seed: int | np.int64
    hidden: int | np.int64
    taken: Bools
    mark: int


def take_columns(table: TraitTable) -> Columns:
    """Give a table's arrays to the kernels: no copy of its rows."""
    masses = table.single.sum(axis=0, dtype=np.float64)
    np.add.at(masses, table.value_channel, table.value_mass)
    present = table.present.sum(axis=0)
    is_whole = np.array([channel.is_whole for channel in CHANNELS])
    return Columns(
        table.row_start,
        _span_channels(table),
        table.rows,
        table.column_start,
        table.holders,
        _join(VALUE, table.value_mass, table.value_channel),
        _join(CHANNEL, masses, present, FAMILY_OF_CHANNEL, is_whole),
        np.searchsorted(FAMILY_OF_CHANNEL, np.arange(len(FAMILIES) + 1)),
        table.present,
        table.single,
    )


def _span_channels(table: TraitTable) -> I32:
    """Say where each channel of each actor begins among the rows, and where the last one ends."""
    actors, channels = table.present.shape
    owner = np.repeat(np.arange(actors), np.diff(table.row_start))
    cell = owner * channels + table.value_channel[table.row_value]
    spans = np.empty((actors, channels + 1), np.int32)
    counts = np.bincount(cell, minlength=actors * channels).reshape(actors, channels)
    spans[:, 0] = table.row_start[:-1]
    np.cumsum(counts, axis=1, out=counts)
    spans[:, 1:] = table.row_start[:-1, None] + counts
    return spans


def _join(kind: np.dtype[np.void], *fields: npt.NDArray[Any]) -> Records:
    records = np.empty(len(fields[0]), kind)
    for name, field in zip(kind.names or (), fields, strict=True):
        records[name] = field
    return records


def list_rows(columns: Columns, group: I32) -> tuple[I64, Records]:
    """List the rows of some actors, and whose each is.

    Grain:   one entry per row: its actor's place in `group`, and the row. Cost: the rows.
    """
    spans = columns.row_start[group + 1] - columns.row_start[group]
    owner = np.repeat(np.arange(len(group)), spans)
    begins = np.repeat(columns.row_start[group] - np.cumsum(spans) + spans, spans)
    return owner, columns.rows[begins + np.arange(len(owner))]


def make_scratch(columns: Columns, bars: Bars) -> Scratch:
    """Allocate the work arrays of one thread: 25 bytes a value and 32 an actor."""
    actors, channels = columns.present.shape
    group, values = np.zeros(1, GROUP_WORK), np.zeros(len(columns.values), VALUE_WORK)
    group["wide"] = bars.support
    values["there"] = columns.values["mass"]
    return Scratch(
        values,
        np.zeros(len(values), np.uint8),
        np.zeros(channels, CHANNEL_WORK),
        np.zeros(len(FAMILIES), FAMILY_WORK),
        np.zeros(actors, ACTOR_WORK),
        np.zeros(actors, np.float32),
        np.zeros(actors + 1, np.int32),
        group,
    )


def set_bench(columns: Columns, bars: Bars) -> Bench:
    """Set up a workbench with scratch arrays of its own.

    Cost:    what `make_scratch` allocates; the columns are shared.
    """
    return Bench(columns, make_scratch(columns, bars), bars)
