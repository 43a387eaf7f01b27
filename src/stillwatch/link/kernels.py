"""The inner loops of linking: tally a group, weigh an actor for it, grow it, score a seed.

Second step of *link*. Everything here is Numba over the arrays of `table.py`, holds no lock on the
interpreter, and touches only the rows of members and the holders of values that the group has more
of than the population. Nothing is ever paired: a value with 400,000 holders costs its count.

Source: Fellegi & Sunter 1969 for the weight; DESIGN.md, section 6, items 1 to 6 and 8.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from stillwatch.domain import limits
from stillwatch.link.table import F32, F64, I32, I64, Bools

NOBODY = -1
"""No seed, or no hidden family."""
_ROUNDS_MAX = limits.GROWTH_ROUNDS_MAX
_ACTORS_MIN = limits.ACTORS_MIN
_FAMILIES = 6
_UNHELD_MIN = 1e-3
"""Least population share on values that the group does not hold; keeps its logarithm finite."""
_HOLDER_SHARE_MIN = 0.02
"""A value leads to new candidates where at least this share of the members holds it."""


class Columns(NamedTuple):
    """The arrays of a `TraitTable`, as Numba wants them."""

    row_start: I64
    row_value: I32
    row_share: F32
    column_start: I64
    column_actor: I32
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
    member: float
    family: float
    lift: float
    shrink: float


class Scratch(NamedTuple):
    """Work arrays of one thread; every kernel leaves them as clean as it found them."""

    mass: F64
    count: I32
    touched: I32
    members: I64
    unheld: F64
    by_channel: F64
    by_family: F64
    stamp: I32


def make_scratch(columns: Columns) -> Scratch:
    """Allocate the work arrays of one thread: about 16 bytes a value and 4 an actor."""
    values, (actors, channels) = len(columns.value_channel), columns.present.shape
    return Scratch(
        mass=np.zeros(values),
        count=np.zeros(values, np.int32),
        touched=np.zeros(values, np.int32),
        members=np.zeros(channels, np.int64),
        unheld=np.zeros(channels),
        by_channel=np.zeros(channels),
        by_family=np.zeros(_FAMILIES),
        stamp=np.zeros(actors, np.int32),
    )


@nb.njit(nogil=True, cache=True)
def tally(t: Columns, s: Scratch, group: I32, shrink: float) -> int:
    """Count a group's values; gives how many are touched. `clear` undoes it."""
    touched = 0
    s.members[:] = 0
    for i in group:
        for r in range(t.row_start[i], t.row_start[i + 1]):
            v = t.row_value[r]
            if s.count[v] == 0:
                s.touched[touched] = v
                touched += 1
            s.count[v] += 1
            s.mass[v] += t.row_share[r]
        for c in range(len(s.members)):
            s.members[c] += t.present[i, c]
    own = np.zeros(len(s.members))
    unheld = np.zeros(len(s.members))
    for i in group:
        for r in range(t.row_start[i], t.row_start[i + 1]):
            c = t.value_channel[t.row_value[r]]
            own[c] += t.row_share[r]
            if s.count[t.row_value[r]] == 1:
                unheld[c] += t.row_share[r]
        for c in range(len(s.members)):
            own[c] += t.single[i, c]
            unheld[c] += t.single[i, c]
    held_outside = np.zeros(len(s.members))
    for k in range(touched):
        v = s.touched[k]
        held_outside[t.value_channel[v]] += t.value_mass[v] - s.mass[v]
    for c in range(len(s.members)):
        outside = t.channel_present[c] - s.members[c]
        s.unheld[c] = 0.0
        if outside > 0 and s.members[c] > 1:
            free = (t.channel_mass[c] - own[c] - held_outside[c]) / outside
            free = max(free, _UNHELD_MIN)
            share = (unheld[c] + shrink * free) / (s.members[c] + shrink)
            s.unheld[c] = np.log2(max(share, _UNHELD_MIN) / free)
    return touched


@nb.njit(nogil=True, cache=True)
def clear(s: Scratch, touched: int) -> None:
    """Undo `tally` at the cost of what it touched."""
    for k in range(touched):
        s.count[s.touched[k]] = 0
        s.mass[s.touched[k]] = 0.0


@nb.njit(nogil=True, cache=True)
def weigh(
    t: Columns, s: Scratch, b: Bars, i: int, inside: int, skip: int, hidden: int
) -> tuple[float, int]:
    """Weigh one actor for the tallied group: (total bits, families above the bar).

    Own rows are left out of the group's and the population's shares (`inside` is 1 for a member);
    the value `skip` and the family `hidden` say nothing. Leaves the weights of each channel and of
    each family, capped, in the scratch arrays.
    """
    s.by_channel[:] = 0.0
    for r in range(t.row_start[i], t.row_start[i + 1]):
        v = t.row_value[r]
        c = t.value_channel[v]
        others = s.members[c] - inside
        if v == skip or others < 2 or t.family[c] == hidden:
            continue
        share = t.row_share[r]
        if s.count[v] - inside >= 1:
            p = max((t.value_mass[v] - share) / (t.channel_present[c] - 1), 1e-9)
            mass = s.mass[v] - inside * share
            q = (mass + b.shrink * p) / (others + b.shrink)
            s.by_channel[c] += share * np.log2(max(q, 1e-9) / p)
        else:
            s.by_channel[c] += share * s.unheld[c]
    high = np.zeros(_FAMILIES)
    low = np.zeros(_FAMILIES)
    for c in range(len(s.members)):
        f = t.family[c]
        if f == hidden or not t.present[i, c] or s.members[c] - inside < 2:
            continue
        if t.single[i, c] > 0:
            s.by_channel[c] += t.single[i, c] * s.unheld[c]
        high[f] = max(high[f], s.by_channel[c])
        low[f] = min(low[f], s.by_channel[c])
    total = 0.0
    families = 0
    for f in range(_FAMILIES):
        s.by_family[f] = min(max(high[f] + low[f], -b.cap), b.cap)
        total += s.by_family[f]
        families += s.by_family[f] >= b.family
    return total, families


@nb.njit(nogil=True, cache=True)
def clears(
    t: Columns,
    s: Scratch,
    b: Bars,
    i: int,
    inside: int,
    seed: int,
    hidden: int,
    prior: float,
    holder_prior: float,
) -> bool:
    """Say whether an actor clears the bar for the tallied group, by either prior.

    Against the population, everything counts. A holder of the seed's value may instead be judged
    among its holders: then the seed's own bits don't count, but its family does as one of the two.
    """
    total, families = weigh(t, s, b, i, inside, NOBODY, hidden)
    if total + prior >= b.member and families >= 2:
        return True
    if seed == NOBODY:
        return False
    for r in range(t.row_start[i], t.row_start[i + 1]):
        if t.row_value[r] == seed:
            before = s.by_family[t.family[t.value_channel[seed]]] >= b.family
            total, families = weigh(t, s, b, i, inside, seed, hidden)
            after = s.by_family[t.family[t.value_channel[seed]]] >= b.family
            families += before and not after
            return total + holder_prior >= b.member and families >= 2
    return False


@nb.njit(nogil=True, cache=True)
def gather(
    t: Columns, s: Scratch, b: Bars, group: I32, seed: int, hidden: int, taken: Bools, mark: int
) -> I32:
    """One round of growth: everybody free who clears the bar for the group as it stands."""
    touched = tally(t, s, group, b.shrink)
    n = len(t.present)
    prior = np.log2(len(group) / n)
    holder_prior = 0.0
    if seed != NOBODY:
        holders = t.column_start[seed + 1] - t.column_start[seed]
        holder_prior = np.log2(max(s.count[seed], 1) / holders)
    found = nb.typed.List.empty_list(nb.int32)
    for i in group:
        s.stamp[i] = mark
        if not taken[i] and clears(t, s, b, i, 1, seed, hidden, prior, holder_prior):
            found.append(np.int32(i))
    for k in range(touched):
        v = s.touched[k]
        c = t.value_channel[v]
        if s.count[v] < max(2, _HOLDER_SHARE_MIN * len(group)) or t.family[c] == hidden:
            continue
        ratio = (s.mass[v] / s.members[c]) / (t.value_mass[v] / t.channel_present[c])
        if np.log2(ratio) < b.lift:
            continue
        for r in range(t.column_start[v], t.column_start[v + 1]):
            j = t.column_actor[r]
            if s.stamp[j] == mark or taken[j]:
                continue
            s.stamp[j] = mark
            if clears(t, s, b, j, 0, seed, hidden, prior, holder_prior):
                found.append(np.int32(j))
    clear(s, touched)
    out = np.empty(len(found), np.int32)
    for k in range(len(found)):
        out[k] = found[k]
    return np.sort(out)


@nb.njit(nogil=True, cache=True)
def grow(
    t: Columns, s: Scratch, b: Bars, start: I32, seed: int, hidden: int, taken: Bools, mark: int
) -> tuple[I32, int]:
    """Grow a seed's best holders to a fixed point: (members, next free mark); empty below 5."""
    group = start
    for _ in range(_ROUNDS_MAX):
        mark += 1
        found = gather(t, s, b, group, seed, hidden, taken, mark)
        if len(found) < _ACTORS_MIN:
            return found[:0], mark
        if len(found) == len(group) and np.all(found == group):
            break
        group = found
    return group, mark


@nb.njit(nogil=True, cache=True)
def refine(
    t: Columns, s: Scratch, b: Bars, seed: int, hidden: int, taken: Bools
) -> tuple[float, I32]:
    """Score a seed by what the other families say of its best quarter: (mean bits, those actors)."""
    holders = t.column_actor[t.column_start[seed] : t.column_start[seed + 1]]
    free = holders[~taken[holders]]
    nothing = (0.0, holders[:0].copy())
    if len(free) < _ACTORS_MIN or 2 * len(free) < len(holders):
        return nothing
    own = t.family[t.value_channel[seed]]
    touched = tally(t, s, free, b.shrink)
    bits = np.empty(len(free))
    for k in range(len(free)):
        total, _ = weigh(t, s, b, free[k], 1, seed, hidden)
        bits[k] = total - s.by_family[own]
    clear(s, touched)
    order = np.argsort(-bits)
    best = max(len(free) // 4, _ACTORS_MIN)
    score = bits[order[:best]].mean()
    return score, np.sort(free[order[:best]])


@nb.njit(nogil=True, cache=True)
def score_seeds(t: Columns, s: Scratch, b: Bars, seeds: I32, hidden: int, taken: Bools) -> F64:
    """Score many seeds; `refine` gives the actors of one when its turn comes."""
    out = np.empty(len(seeds))
    for k in range(len(seeds)):
        out[k], _ = refine(t, s, b, seeds[k], hidden, taken)
    return out


@nb.njit(nogil=True, cache=True)
def weigh_group(t: Columns, s: Scratch, b: Bars, group: I32) -> tuple[F64, F64]:
    """Weigh every member of a group.

    Gives bits by member and family (capped), and by member and channel three figures: bits, the
    share of the other members that hold what the member holds, and the population's share of it.
    """
    touched = tally(t, s, group, b.shrink)
    families = np.empty((len(group), _FAMILIES))
    channels = np.zeros((len(group), len(s.members), 3))
    for k in range(len(group)):
        i = group[k]
        weigh(t, s, b, i, 1, NOBODY, NOBODY)
        families[k] = s.by_family
        channels[k, :, 0] = s.by_channel
        for r in range(t.row_start[i], t.row_start[i + 1]):
            v = t.row_value[r]
            c = t.value_channel[v]
            share = t.row_share[r]
            if s.members[c] > 1:
                channels[k, c, 1] += share * (s.mass[v] - share) / (s.members[c] - 1)
            channels[k, c, 2] += share * (t.value_mass[v] - share) / (t.channel_present[c] - 1)
    clear(s, touched)
    return families, channels
