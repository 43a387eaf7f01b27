"""What the kernels work on: the table's arrays, a thread's scratch arrays, the bars, a quest.

Types of *link* without logic; `kernels.py` has the loops. They stand apart because Numba's cache
looks at the age of the file that a kernel stands in, and at no other: all kernels are in one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stillwatch.domain.families import FAMILIES
from stillwatch.link.table import F32, F64, I32, I64, Bools

SUPPORT_MIN = 0.1
"""Share of the other members that one lifted value must join a member to, and that must hold a
value for it to count in every family. A seed's holders are scored without: their best quarter is
what is looked for."""


class Columns(NamedTuple):
    """The arrays of a `TraitTable`, as Numba wants them."""

    row_start: I64
    row_value: I32
    row_share: F32
    column_start: I64
    column_actor: I32
    column_share: F32
    value_channel: I32
    value_mass: F64
    present: Bools
    single: F32
    family: I32
    channel_present: I64
    channel_mass: F64


class Bars(NamedTuple):
    """The bars of `LinkSettings`, in bits but for `shrink` (pseudo-members)."""

    cap: float
    floor: float
    member: float
    family: float
    lift: float
    shrink: float


class Scratch(NamedTuple):
    """Work arrays of one thread; every kernel leaves them as clean as it found them."""

    mass: F64
    holders: I32
    touched: I32
    members: I64
    unheld: F64
    by_channel: F64
    own: F64
    alone: F64
    outside: F64
    by_family: F64
    high: F64
    low: F64
    stamp: I32
    promise: F32
    reached: I32
    found: I32
    bits: F64
    support: F64
    size: I64
    wide: F64
    narrow: F64


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


def make_scratch(columns: Columns) -> Scratch:
    """Allocate the work arrays of one thread: about 16 bytes a value and 4 an actor."""
    values, (actors, channels) = len(columns.value_channel), columns.present.shape
    return Scratch(
        mass=np.zeros(values),
        holders=np.zeros(values, np.int32),
        touched=np.zeros(values, np.int32),
        members=np.zeros(channels, np.int64),
        unheld=np.zeros(channels),
        by_channel=np.zeros(channels),
        own=np.zeros(channels),
        alone=np.zeros(channels),
        outside=np.zeros(channels),
        by_family=np.zeros(len(FAMILIES)),
        high=np.zeros(len(FAMILIES)),
        low=np.zeros(len(FAMILIES)),
        stamp=np.zeros(actors, np.int32),
        promise=np.zeros(actors, np.float32),
        reached=np.zeros(actors, np.int32),
        found=np.zeros(actors, np.int32),
        bits=np.zeros(actors),
        support=np.zeros(1),
        size=np.zeros(1, np.int64),
        wide=np.full(1, SUPPORT_MIN),
        narrow=np.zeros(channels),
    )
