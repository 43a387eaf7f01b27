"""The inner loops of linking: tally a group, weigh an actor for it, grow it, refine a seed.

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
from stillwatch.link.workbench import INSIDE, NOBODY, OUTSIDE, Bench, Quest, Records

_kernel = nb.njit(nogil=True, cache=True, error_model="numpy", no_cfunc_wrapper=True)
"""Compiled once per machine and kept beside the module; plain loops, because they compile fast."""
_inner = nb.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True, no_cpython_wrapper=True)
"""The same for what only kernels call: it needs no door to Python, which takes as long again."""
_FAMILIES = 6
_UNHELD_MIN = 1e-3
"""Least population share on values that the group lacks: a finite logarithm."""
_HOLDER_SHARE_MIN = 0.02
"""Share of the members that must hold a value for it to lead to candidates."""
_SHARE_MIN = 1e-9  # least share whose logarithm is taken
_OTHERS_MIN = FAMILIES_MIN = 2
"""Other members with data below which a channel is silent; families that a member needs."""
_BISECTIONS = 40
"""Halvings of the range of bits."""


@_inner
def _weigh_unheld(w: Bench, group: I32, touched: int) -> None:
    """Weigh a value that nobody else in the group holds, by channel (DESIGN.md, 6.3)."""
    t, s = w.t, w.s
    for c in range(len(s.channels)):
        s.channels[c].own = s.channels[c].alone = s.channels[c].outside = 0.0
    for i in group:
        for r in range(t.row_start[i], t.row_start[i + 1]):
            v = t.rows[r].value
            c = t.values[v].channel
            s.channels[c].own += t.rows[r].share
            if s.values[v].holders == 1:
                s.channels[c].alone += t.rows[r].share
        for c in range(len(s.channels)):
            s.channels[c].own += t.single[i, c]
            s.channels[c].alone += t.single[i, c]
    for k in range(touched):
        v = s.values[k].touched
        s.channels[t.values[v].channel].outside += t.values[v].mass - s.values[v].mass
    for c in range(len(s.channels)):
        here, there = s.channels[c], t.channels[c]
        here.unheld = 0.0
        outside = there.present - here.members
        if outside > 0 and here.members > 1:
            free = max((there.mass - here.own - here.outside) / outside, _UNHELD_MIN)
            share = (here.alone + w.b.shrink * free) / (here.members + w.b.shrink)
            here.unheld = np.log2(max(share, _UNHELD_MIN) / free)


@_inner
def tally(w: Bench, group: I32) -> np.int64:
    """Count a group's values; gives how many are touched. `clear` undoes it."""
    t, s = w.t, w.s
    touched = np.int64(0)  # not 0: Numba would compile a second kernel for the literal
    for c in range(len(s.channels)):
        s.channels[c].members = 0
    for i in group:
        for r in range(t.row_start[i], t.row_start[i + 1]):
            v = t.rows[r].value
            if s.values[v].holders == 0:
                s.values[touched].touched = v
                touched += 1
            s.values[v].holders += 1
            s.values[v].mass += t.rows[r].share
        for c in range(len(s.channels)):
            s.channels[c].members += t.present[i, c]
    s.group[0].size = len(group)
    _weigh_unheld(w, group, touched)
    return touched


@_inner
def clear(w: Bench, touched: np.int64) -> None:
    """Undo `tally` at the cost of what it touched."""
    for k in range(touched):
        value = w.s.values[w.s.values[k].touched]
        value.holders = 0
        value.mass = 0.0


@_inner
def _weigh_channels(w: Bench, i: int, inside: int, skip: int, hidden: int) -> None:
    """Weigh an actor's values, channel by channel, its own rows left out of every share.

    What values that only a few others hold bring is kept apart (`narrow`); `support` is how many
    hold the most widely held lifted one.
    """
    t, s = w.t, w.s
    group = s.group[0]
    group.support = 0.0
    lifted = min(w.b.lift, np.log2(len(t.present) / max(group.size, 1)) - 1.0)
    for c in range(len(s.channels)):
        s.channels[c].bits = s.channels[c].narrow = 0.0
    for r in range(t.row_start[i], t.row_start[i + 1]):
        v, share = t.rows[r].value, t.rows[r].share
        c = t.values[v].channel
        here = s.channels[c]
        others = here.members - inside
        if v == skip or others < _OTHERS_MIN or t.channels[c].family == hidden:
            continue
        held = s.values[v].holders - inside
        if held >= 1:
            p = max((t.values[v].mass - share) / (t.channels[c].present - 1), _SHARE_MIN)
            q = (s.values[v].mass - inside * share + w.b.shrink * p) / (others + w.b.shrink)
            lift = np.log2(max(q, _SHARE_MIN) / p)
            support = held / others
            here.bits += share * lift
            if lift > 0 and support < group.wide:
                here.narrow += share * lift
            if lift >= lifted:
                group.support = max(group.support, support)
        else:
            here.bits += share * here.unheld
    for c in range(len(s.channels)):
        here = s.channels[c]
        told = t.single[i, c] > 0 and here.members - inside >= _OTHERS_MIN
        if told and t.channels[c].family != hidden:
            here.bits += t.single[i, c] * here.unheld


@_inner
def weigh(w: Bench, i: int, inside: int, skip: int, hidden: int) -> tuple[float, int]:
    """Weigh one actor for the tallied group: (total bits, families above the bar).

    `inside` is 1 for a member; the value `skip` and the family `hidden` say nothing. Values that
    few members hold count in one family alone, where they bring most: strangers who share all with
    one another would carry each other in. Leaves channels' and families' bits in the scratch.
    """
    s = w.s
    _weigh_channels(w, i, inside, skip, hidden)
    for f in range(_FAMILIES):
        s.families[f].high = s.families[f].low = s.families[f].bits = 0.0
    for c in range(len(s.channels)):
        family, bits = s.families[w.t.channels[c].family], s.channels[c].bits
        family.high = max(family.high, bits)
        family.low = min(family.low, bits)
        family.bits = max(family.bits, bits - s.channels[c].narrow)
    most, best = 0.0, -1
    for f in range(_FAMILIES):
        family = s.families[f]
        wide = min(max(family.bits + family.low, w.b.floor), w.b.cap)
        gain = min(max(family.high + family.low, w.b.floor), w.b.cap) - wide
        family.bits = wide
        if gain > most:
            most = gain
            best = f
    if best >= 0:
        s.families[best].bits += most
    total, families = 0.0, 0
    for f in range(_FAMILIES):
        total += s.families[f].bits
        families += s.families[f].bits >= w.b.family
    return total, families


@_inner
def _holds(w: Bench, i: int, value: int) -> bool:
    held = False
    for r in range(w.t.row_start[i], w.t.row_start[i + 1]):
        held |= w.t.rows[r].value == value
    return held


@_inner
def clears(w: Bench, i: int, inside: int, quest: Quest, priors: tuple[float, float]) -> bool:
    """Say whether an actor clears the bar for the tallied group, by either prior.

    Against the population, everything counts. A holder of the seed's value may instead be judged
    among its holders: then the seed's own bits don't count, but its family does as one of the two.
    Either way a lifted value must join the actor to a tenth of the members.
    """
    total, families = weigh(w, i, inside, NOBODY, quest.hidden)
    if w.s.group[0].support < w.b.support:
        return False
    if total + priors[0] >= w.b.member and families >= FAMILIES_MIN:
        return True
    if quest.seed == NOBODY or not _holds(w, i, quest.seed):
        return False
    own = w.s.families[w.t.channels[w.t.values[quest.seed].channel].family]
    before = own.bits >= w.b.family
    total, families = weigh(w, i, inside, quest.seed, quest.hidden)
    families += before and own.bits < w.b.family
    return total + priors[1] >= w.b.member and families >= FAMILIES_MIN


@_inner
def promise_holders(w: Bench, touched: int, size: int, quest: Quest) -> int:
    """Add up, for everybody outside, what the group's lifted values would bring at the most.

    Gives how many were reached. Whom they bring less than half of what is needed is not weighed
    (a holder of the seed: less than a lift): growth costs holders, not their rows.
    """
    t, s = w.t, w.s
    reached = 0
    for k in range(touched):
        v = s.values[k].touched
        c = t.values[v].channel
        few = s.values[v].holders < max(2, _HOLDER_SHARE_MIN * size)
        if few or t.channels[c].family == quest.hidden:
            continue
        here = s.values[v].mass / s.channels[c].members
        lift = np.log2(here / (t.values[v].mass / t.channels[c].present))
        if lift < w.b.lift:
            continue
        for r in range(t.holder_start[v], t.holder_start[v + 1]):
            j = t.holders[r].actor
            if quest.taken[j] or s.actors[j].stamp == quest.mark:
                continue
            if s.actors[j].promise == 0.0:
                s.actors[reached].reached = j
                reached += 1
            s.actors[j].promise += t.holders[r].share * lift
    return reached


@_inner
def gather(w: Bench, group: I32, quest: Quest) -> int:
    """One round of growth: everybody free who clears the bar for the group as it stands.

    Gives how many were found; they are in `scratch.actors.found`, members that stay first.
    """
    t, s = w.t, w.s
    touched = tally(w, group)
    prior = np.log2(len(group) / len(t.present))
    among_holders = 0.0
    if quest.seed != NOBODY:
        holders = t.holder_start[quest.seed + 1] - t.holder_start[quest.seed]
        among_holders = np.log2(max(s.values[quest.seed].holders, 1) / holders)
    priors = (prior, among_holders)
    found = 0
    for k in range(len(group)):
        i = np.int64(group[k])
        s.actors[i].stamp = quest.mark
        if not quest.taken[i] and clears(w, i, INSIDE, quest, priors):
            s.actors[found].found = i
            found += 1
    reached = promise_holders(w, touched, len(group), quest)
    need = max(w.b.lift, (w.b.member - prior) / 2)
    for k in range(reached):
        j = np.int64(s.actors[k].reached)
        promise = s.actors[j].promise
        likely = promise >= need or (
            promise >= w.b.lift and quest.seed != NOBODY and _holds(w, j, quest.seed)
        )
        if likely and clears(w, j, OUTSIDE, quest, priors):
            s.actors[found].found = j
            found += 1
        s.actors[j].promise = 0.0
    clear(w, touched)
    return found


@_inner
def _top_bits(w: Bench, n: int, best: int) -> float:
    """The `best`-largest of the first `n` bits, by bisection on the value; leaves them in place."""
    actors = w.s.actors
    low = high = actors[0].bits
    for k in range(n):
        low, high = min(low, actors[k].bits), max(high, actors[k].bits)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        above = 0
        for k in range(n):
            above += actors[k].bits >= middle
        if above >= best:
            low = middle
        else:
            high = middle
    return low


@_inner
def _list_free(w: Bench, seed: int, taken: Bools, sample: int) -> I32:
    """List a seed's free holders, about `sample` of them evenly; none, if most are taken."""
    begin, end = w.t.holder_start[seed], w.t.holder_start[seed + 1]
    free = np.empty(end - begin, np.int32)
    n = 0
    for r in range(begin, end):
        free[n] = w.t.holders[r].actor
        n += not taken[w.t.holders[r].actor]
    if n < limits.ACTORS_MIN or 2 * n < end - begin:
        n = 0
    step = max(n // sample, 1) if sample > 0 else 1
    n = (n + step - 1) // step
    for k in range(n):
        free[k] = free[k * step]
    return free[:n]


@_inner
def refine(w: Bench, seed: int, hidden: int, taken: Bools, sample: int) -> tuple[float, I32]:
    """Score a seed by what other families say of its best quarter: (mean bits, those actors).

    With a `sample` above 0, about so many of its holders are looked at, evenly by their order.
    """
    s = w.s
    free = _list_free(w, seed, taken, sample)
    n = len(free)
    if n == 0:
        return 0.0, free
    own = s.families[w.t.channels[w.t.values[seed].channel].family]
    s.group[0].wide = 0.0
    touched = tally(w, free)
    for k in range(n):
        total, _ = weigh(w, np.int64(free[k]), INSIDE, seed, hidden)
        s.actors[k].bits = total - own.bits
    clear(w, touched)
    s.group[0].wide = w.b.support
    least = _top_bits(w, n, max(n // 4, limits.ACTORS_MIN))
    score, best = 0.0, 0
    for k in range(n):
        if s.actors[k].bits >= least:
            free[best] = free[k]
            score += s.actors[k].bits
            best += 1
    return score / best, free[:best]


@_kernel
def refine_seeds(w: Bench, seeds: I64, hidden: int, taken: Bools, sample: int) -> tuple[F64, I32]:
    """Refine many seeds: (a score each, the actors of the last one)."""
    scores = np.empty(len(seeds))
    best = np.empty(0, np.int32)
    for k in range(len(seeds)):
        scores[k], best = refine(w, seeds[k], hidden, taken, sample)
    return scores, best


@_kernel
def grow(w: Bench, start: I32, quest: Quest) -> tuple[I32, int]:
    """Grow some actors to a fixed point: (members, last mark used); empty below 5."""
    group = start
    mark = quest.mark
    for _ in range(limits.GROWTH_ROUNDS_MAX if len(group) else 0):
        mark += 1
        found = gather(w, group, Quest(quest.seed, quest.hidden, quest.taken, mark))
        kept = 0
        for k in range(found):
            kept += w.s.actors[w.s.actors[k].found].stamp == mark
        if found == len(group) and kept == found:
            break
        group = np.empty(found if found >= limits.ACTORS_MIN else 0, np.int32)
        for k in range(len(group)):
            group[k] = w.s.actors[k].found
        if len(group) == 0:
            break
    return group, mark


@_kernel
def list_values(w: Bench, group: I32, counted: Records) -> int:
    """List a group's values, how many members hold each and how much; gives how many there are.

    `counted` has room for as many as the group's members have rows.
    """
    touched = tally(w, group)
    for k in range(touched):
        v = w.s.values[k].touched
        counted[k].value = v
        counted[k].holders = w.s.values[v].holders
        counted[k].mass = w.s.values[v].mass
    clear(w, touched)
    return touched


@_kernel
def weigh_actors(w: Bench, sides: tuple[I32, I32], inside: int, bits: tuple[F64, F64]) -> None:
    """Weigh some actors for a group (`sides`: the group, the actors).

    `bits` takes them by actor and family, capped, and by actor and channel as they are.
    """
    group, actors = sides
    families, channels = bits
    touched = tally(w, group)
    for k in range(len(actors)):
        weigh(w, np.int64(actors[k]), inside, NOBODY, NOBODY)
        for f in range(_FAMILIES):
            families[k, f] = w.s.families[f].bits
        for c in range(len(w.s.channels)):
            channels[k, c] = w.s.channels[c].bits
    clear(w, touched)
