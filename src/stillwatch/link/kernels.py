"""The inner loops of linking: tally a group, weigh an actor for it, grow it, score a seed.

Second step of *link*. Everything here is Numba over the arrays of `table.py`, holds no lock on the
interpreter, and touches only the rows of members and the holders of values that the group has more
of than the population. Nothing is ever paired: a value with 400,000 holders costs its count.

Source: Fellegi & Sunter 1969; DESIGN.md, section 6, items 1 to 6 and 8.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from stillwatch.domain import limits
from stillwatch.link.table import F64, I32, I64, Bools
from stillwatch.link.workbench import SUPPORT_MIN as _SUPPORT_MIN
from stillwatch.link.workbench import Bench, Columns, Quest, Scratch

_kernel = nb.njit(nogil=True, cache=True, error_model="numpy")
"""Compiled once per machine and kept beside the module; plain loops, because they compile fast."""
NOBODY = np.int64(-1)
"""No seed, or no hidden family."""
INSIDE, OUTSIDE = np.int64(1), np.int64(0)
# Typed: Numba compiles a kernel anew for every literal.
_ROUNDS_MAX = limits.GROWTH_ROUNDS_MAX
_SAMPLE = limits.SEED_SAMPLE
ALL = np.int64(0)  # no sample of holders
_ACTORS_MIN = limits.ACTORS_MIN
_FAMILIES = 6
_UNHELD_MIN = 1e-3
"""Least population share on values that the group lacks: a finite logarithm."""
_HOLDER_SHARE_MIN = 0.02
"""Share of the members that must hold a value for it to lead to candidates."""
_SHARE_MIN = 1e-9  # least share whose logarithm is taken
_OTHERS_MIN = _FAMILIES_MIN = 2
"""Other members with data below which a channel is silent; families that a member needs."""
_BISECTIONS = 40
"""Halvings of the range of bits."""


@_kernel
def _count_values(t: Columns, s: Scratch, group: I32) -> int:
    """Add up the group's values and its members with data by channel."""
    touched = 0
    for c in range(len(s.members)):
        s.members[c] = 0
    for i in group:
        for r in range(t.row_start[i], t.row_start[i + 1]):
            v = t.row_value[r]
            if s.holders[v] == 0:
                s.touched[touched] = v
                touched += 1
            s.holders[v] += 1
            s.mass[v] += t.row_share[r]
        for c in range(len(s.members)):
            s.members[c] += t.present[i, c]
    return touched


@_kernel
def _weigh_unheld(t: Columns, s: Scratch, group: I32, touched: int, shrink: float) -> None:
    """Weigh a value that nobody else in the group holds, by channel (DESIGN.md, 6.3)."""
    channels = len(s.members)
    own, unheld, held_outside = s.own, s.alone, s.outside
    for c in range(channels):
        own[c] = unheld[c] = held_outside[c] = 0.0
    for i in group:
        for r in range(t.row_start[i], t.row_start[i + 1]):
            c = t.value_channel[t.row_value[r]]
            own[c] += t.row_share[r]
            if s.holders[t.row_value[r]] == 1:
                unheld[c] += t.row_share[r]
        for c in range(channels):
            own[c] += t.single[i, c]
            unheld[c] += t.single[i, c]
    for k in range(touched):
        v = s.touched[k]
        held_outside[t.value_channel[v]] += t.value_mass[v] - s.mass[v]
    for c in range(channels):
        outside = t.channel_present[c] - s.members[c]
        s.unheld[c] = 0.0
        if outside > 0 and s.members[c] > 1:
            free = max((t.channel_mass[c] - own[c] - held_outside[c]) / outside, _UNHELD_MIN)
            share = (unheld[c] + shrink * free) / (s.members[c] + shrink)
            s.unheld[c] = np.log2(max(share, _UNHELD_MIN) / free)


@_kernel
def tally(w: Bench, group: I32) -> int:
    """Count a group's values; gives how many are touched. `clear` undoes it."""
    touched = _count_values(w.t, w.s, group)
    w.s.size[0] = len(group)
    _weigh_unheld(w.t, w.s, group, touched, w.b.shrink)
    return touched


@_kernel
def clear(w: Bench, touched: int) -> None:
    """Undo `tally` at the cost of what it touched."""
    for k in range(touched):
        w.s.holders[w.s.touched[k]] = 0
        w.s.mass[w.s.touched[k]] = 0.0


@_kernel
def _weigh_channels(w: Bench, i: int, inside: int, skip: int, hidden: int) -> None:
    """Weigh an actor's values, channel by channel, its own rows left out of every share.

    What values that only a few others hold bring is kept apart (`narrow`); `support` is how many
    hold the most widely held lifted one.
    """
    t, s = w.t, w.s
    s.support[0] = 0.0
    lifted = min(w.b.lift, np.log2(len(t.present) / max(s.size[0], 1)) - 1.0)
    for c in range(len(s.members)):
        s.by_channel[c] = s.narrow[c] = 0.0
    for r in range(t.row_start[i], t.row_start[i + 1]):
        v = t.row_value[r]
        c = t.value_channel[v]
        others = s.members[c] - inside
        if v == skip or others < _OTHERS_MIN or t.family[c] == hidden:
            continue
        share = t.row_share[r]
        if s.holders[v] - inside >= 1:
            p = max((t.value_mass[v] - share) / (t.channel_present[c] - 1), _SHARE_MIN)
            q = (s.mass[v] - inside * share + w.b.shrink * p) / (others + w.b.shrink)
            lift = np.log2(max(q, _SHARE_MIN) / p)
            support = (s.holders[v] - inside) / others
            s.by_channel[c] += share * lift
            if lift > 0 and support < s.wide[0]:
                s.narrow[c] += share * lift
            if lift >= lifted:
                s.support[0] = max(s.support[0], support)
        else:
            s.by_channel[c] += share * s.unheld[c]
    for c in range(len(s.members)):
        if t.single[i, c] > 0 and t.family[c] != hidden and s.members[c] - inside >= _OTHERS_MIN:
            s.by_channel[c] += t.single[i, c] * s.unheld[c]


@_kernel
def _cut(w: Bench, high: float, low: float) -> float:
    """Cut a family's strongest channels for and against to floor and cap."""
    return min(max(high + low, w.b.floor), w.b.cap)


@_kernel
def weigh(w: Bench, i: int, inside: int, skip: int, hidden: int) -> tuple[float, int]:
    """Weigh one actor for the tallied group: (total bits, families above the bar).

    `inside` is 1 for a member; the value `skip` and the family `hidden` say nothing. Values that
    few members hold count in one family alone, where they bring most: strangers who share all with
    one another would carry each other in. Leaves channels' and families' bits in the scratch.
    """
    s = w.s
    _weigh_channels(w, i, inside, skip, hidden)
    for f in range(_FAMILIES):
        s.high[f] = s.low[f] = s.by_family[f] = 0.0
    for c in range(len(s.members)):
        f = w.t.family[c]
        s.high[f] = max(s.high[f], s.by_channel[c])
        s.low[f] = min(s.low[f], s.by_channel[c])
        s.by_family[f] = max(s.by_family[f], s.by_channel[c] - s.narrow[c])
    most = 0.0
    best = -1
    for f in range(_FAMILIES):
        wide = _cut(w, s.by_family[f], s.low[f])
        gain = _cut(w, s.high[f], s.low[f]) - wide
        s.by_family[f] = wide
        if gain > most:
            most = gain
            best = f
    if best >= 0:
        s.by_family[best] += most
    total = 0.0
    families = 0
    for f in range(_FAMILIES):
        total += s.by_family[f]
        families += s.by_family[f] >= w.b.family
    return total, families


@_kernel
def _holds(t: Columns, i: int, value: int) -> bool:
    held = False
    for r in range(t.row_start[i], t.row_start[i + 1]):
        held |= t.row_value[r] == value
    return held


@_kernel
def clears(w: Bench, i: int, inside: int, quest: Quest, priors: tuple[float, float]) -> bool:
    """Say whether an actor clears the bar for the tallied group, by either prior.

    Against the population, everything counts. A holder of the seed's value may instead be judged
    among its holders: then the seed's own bits don't count, but its family does as one of the two.
    Either way a lifted value must join the actor to a tenth of the members.
    """
    total, families = weigh(w, i, inside, NOBODY, quest.hidden)
    if w.s.support[0] < _SUPPORT_MIN:
        return False
    if total + priors[0] >= w.b.member and families >= _FAMILIES_MIN:
        return True
    if quest.seed == NOBODY or not _holds(w.t, i, quest.seed):
        return False
    own = w.t.family[w.t.value_channel[quest.seed]]
    before = w.s.by_family[own] >= w.b.family
    total, families = weigh(w, i, inside, quest.seed, quest.hidden)
    families += before and w.s.by_family[own] < w.b.family
    return total + priors[1] >= w.b.member and families >= _FAMILIES_MIN


@_kernel
def promise_holders(w: Bench, touched: int, size: int, quest: Quest) -> int:
    """Add up, for everybody outside, what the group's lifted values would bring at the most.

    Gives how many were reached. Whom they bring less than half of what is needed is not weighed
    (a holder of the seed: less than a lift): growth costs holders, not their rows.
    """
    t, s = w.t, w.s
    reached = 0
    for k in range(touched):
        v = s.touched[k]
        c = t.value_channel[v]
        if s.holders[v] < max(2, _HOLDER_SHARE_MIN * size) or t.family[c] == quest.hidden:
            continue
        lift = np.log2((s.mass[v] / s.members[c]) / (t.value_mass[v] / t.channel_present[c]))
        if lift < w.b.lift:
            continue
        for r in range(t.column_start[v], t.column_start[v + 1]):
            j = t.column_actor[r]
            if quest.taken[j] or s.stamp[j] == quest.mark:
                continue
            if s.promise[j] == 0.0:
                s.reached[reached] = j
                reached += 1
            s.promise[j] += t.column_share[r] * lift
    return reached


@_kernel
def gather(w: Bench, group: I32, quest: Quest) -> int:
    """One round of growth: everybody free who clears the bar for the group as it stands.

    Gives how many were found; they are in `scratch.found`, members that stay first.
    """
    t, s = w.t, w.s
    touched = tally(w, group)
    prior = np.log2(len(group) / len(t.present))
    among_holders = 0.0
    if quest.seed != NOBODY:
        holders = t.column_start[quest.seed + 1] - t.column_start[quest.seed]
        among_holders = np.log2(max(s.holders[quest.seed], 1) / holders)
    priors = (prior, among_holders)
    found = 0
    for k in range(len(group)):
        i = np.int64(group[k])
        s.stamp[i] = quest.mark
        if not quest.taken[i] and clears(w, i, INSIDE, quest, priors):
            s.found[found] = i
            found += 1
    reached = promise_holders(w, touched, len(group), quest)
    need = max(w.b.lift, (w.b.member - prior) / 2)
    for k in range(reached):
        j = np.int64(s.reached[k])
        likely = s.promise[j] >= need or (
            s.promise[j] >= w.b.lift and quest.seed != NOBODY and _holds(t, j, quest.seed)
        )
        if likely and clears(w, j, OUTSIDE, quest, priors):
            s.found[found] = j
            found += 1
        s.promise[j] = 0.0
    clear(w, touched)
    return found


@_kernel
def grow(w: Bench, start: I32, quest: Quest) -> tuple[I32, int]:
    """Grow a seed's best holders to a fixed point: (members, last mark used); empty below 5."""
    group = start
    mark = quest.mark
    for _ in range(_ROUNDS_MAX):
        mark += 1
        found = gather(w, group, Quest(quest.seed, quest.hidden, quest.taken, mark))
        kept = 0
        for k in range(found):
            kept += w.s.stamp[w.s.found[k]] == mark
        if found == len(group) and kept == found:
            break
        group = w.s.found[: found if found >= _ACTORS_MIN else 0].copy()
        if len(group) == 0:
            break
    return group, mark


@_kernel
def _top_bits(bits: F64, n: int, best: int) -> float:
    """The `best`-largest of the first `n` bits, by bisection on the value; leaves them in place."""
    low = bits[0]
    high = bits[0]
    for k in range(n):
        low = min(low, bits[k])
        high = max(high, bits[k])
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        above = 0
        for k in range(n):
            above += bits[k] >= middle
        if above >= best:
            low = middle
        else:
            high = middle
    return low


@_kernel
def refine(w: Bench, seed: int, hidden: int, taken: Bools, sample: int) -> tuple[float, I32]:
    """Score a seed by what other families say of its best quarter: (mean bits, those actors).

    With a `sample` above 0, about so many of its holders are looked at, evenly by their order.
    """
    t, s = w.t, w.s
    holders = t.column_actor[t.column_start[seed] : t.column_start[seed + 1]]
    free = holders.copy()
    n = 0
    for k in range(len(holders)):
        if not taken[holders[k]]:
            free[n] = holders[k]
            n += 1
    if n < _ACTORS_MIN or 2 * n < len(holders):
        return 0.0, free[:0]
    step = max(n // sample, 1) if sample > 0 else 1
    free = free[:n:step].copy()
    n = len(free)
    own = t.family[t.value_channel[seed]]
    w.s.wide[0] = 0.0
    touched = tally(w, free)
    for k in range(n):
        total, _ = weigh(w, np.int64(free[k]), INSIDE, seed, hidden)
        s.bits[k] = total - s.by_family[own]
    clear(w, touched)
    w.s.wide[0] = _SUPPORT_MIN
    least = _top_bits(s.bits, n, max(n // 4, _ACTORS_MIN))
    score = 0.0
    best = 0
    for k in range(n):
        if s.bits[k] >= least:
            free[best] = free[k]
            score += s.bits[k]
            best += 1
    return score / best, free[:best]


@_kernel
def score_seeds(w: Bench, seeds: I64, hidden: int, taken: Bools) -> F64:
    """Score many seeds; `refine` gives the actors of one when its turn comes."""
    out = np.empty(len(seeds))
    for k in range(len(seeds)):
        out[k] = refine(w, seeds[k], hidden, taken, _SAMPLE)[0]
    return out


@_kernel
def mean_bits(w: Bench, group: I32, actors: I32, inside: int) -> float:
    """Mean bits of some actors for a group; those with fewer than two families count as none."""
    touched = tally(w, group)
    total = 0.0
    for k in range(len(actors)):
        bits, families = weigh(w, np.int64(actors[k]), inside, NOBODY, NOBODY)
        if families >= _FAMILIES_MIN:
            total += bits
    clear(w, touched)
    return total / max(len(actors), 1)


@_kernel
def weigh_group(w: Bench, group: I32, families: F64, channels: F64) -> None:
    """Weigh every member of a group into two arrays.

    `families` takes bits by member and family, capped; `channels`, by member and channel, three
    figures: bits, the share of the other members that hold what it holds, and the population's.
    """
    t, s = w.t, w.s
    touched = tally(w, group)
    for k in range(len(group)):
        i = np.int64(group[k])
        weigh(w, i, INSIDE, NOBODY, NOBODY)
        for f in range(_FAMILIES):
            families[k, f] = s.by_family[f]
        for c in range(len(s.members)):
            channels[k, c, 0] = s.by_channel[c]
        for r in range(t.row_start[i], t.row_start[i + 1]):
            v = t.row_value[r]
            c = t.value_channel[v]
            share = t.row_share[r]
            if s.members[c] > 1:
                channels[k, c, 1] += share * (s.mass[v] - share) / (s.members[c] - 1)
            channels[k, c, 2] += share * (t.value_mass[v] - share) / (t.channel_present[c] - 1)
    clear(w, touched)
