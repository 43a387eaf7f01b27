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
_ROUNDING = 1e-6
"""Bits by which sums of families in another order may differ, and much more."""
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))
"""Odd numbers that spread the bits of a number over all of a word."""


@_inner
def _mute(family: int) -> np.int64:
    """Give the bit of a family that is to say nothing; none, for NOBODY."""
    return np.int64(1) << family if family >= 0 else np.int64(0)


@_inner
def _weigh_unheld(w: Bench, touched: int) -> None:
    """Weigh a value that nobody else in the group holds, by channel (DESIGN.md, 6.3)."""
    t, s = w.t, w.s
    for k in range(touched):
        v = s.values[k].touched
        here = s.channels[t.values[v].channel]
        here.outside += t.values[v].mass - s.values[v].mass
        if s.values[v].holders == 1:
            here.alone += s.values[v].mass
    for c in range(len(s.channels)):
        here, there = s.channels[c], t.channels[c]
        here.unheld = 0.0
        outside = there.present - here.members
        if outside > 0 and here.members > 1:
            free = max((there.mass - here.own - here.outside) / outside, _UNHELD_MIN)
            share = (here.alone + w.b.shrink * free) / (here.members + w.b.shrink)
            here.unheld = np.log2(max(share, _UNHELD_MIN) / free)


@_inner
def tally(w: Bench, group: I32, mute: int) -> np.int64:
    """Count a group's values; gives how many are touched. `clear` undoes it.

    Families whose bit is set in `mute` are left out: no member has data in them, so that they say
    nothing of anybody until the next tally.
    """
    t, s = w.t, w.s
    touched = np.int64(0)  # not 0: Numba would compile a second kernel for the literal
    for c in range(len(s.channels)):
        here = s.channels[c]
        here.members = 0
        here.own = here.alone = here.outside = 0.0
    for i in group:
        for c in range(len(s.channels)):
            if mute >> t.channels[c].family & 1:
                continue
            here = s.channels[c]
            here.members += t.present[i, c]
            for r in range(t.spans[i, c], t.spans[i, c + 1]):
                v = t.rows[r].value
                if s.values[v].holders == 0:
                    s.values[touched].touched = v
                    touched += 1
                s.values[v].holders += 1
                s.values[v].mass += t.rows[r].share
                here.own += t.rows[r].share
            here.own += t.single[i, c]
            here.alone += t.single[i, c]
    s.group[0].size = len(group)
    s.group[0].lifted = min(w.b.lift, np.log2(len(t.present) / max(len(group), 1)) - 1.0)
    _weigh_unheld(w, touched)
    return touched


@_inner
def clear(w: Bench, touched: np.int64) -> None:
    """Undo `tally` at the cost of what it touched."""
    for k in range(touched):
        value = w.s.values[w.s.values[k].touched]
        value.holders = 0
        value.mass = 0.0


@_inner
def _weigh_value(w: Bench, r: int, c: int, inside: int) -> tuple[float, float]:
    """Weigh one value of an actor, its own row left out: (bits, those that few others bring)."""
    t, s = w.t, w.s
    v, share = t.rows[r].value, t.rows[r].share
    here = s.channels[c]
    held = s.values[v].holders - inside
    if held < 1:
        return share * here.unheld, 0.0
    others = here.members - inside
    p = max((t.values[v].mass - share) / (t.channels[c].present - 1), _SHARE_MIN)
    q = (s.values[v].mass - inside * share + w.b.shrink * p) / (others + w.b.shrink)
    lift = np.log2(max(q, _SHARE_MIN) / p)
    support = held / others
    group = s.group[0]
    if lift >= group.lifted:
        group.support = max(group.support, support)
    return share * lift, share * lift if lift > 0 and support < group.wide else 0.0


@_inner
def _weigh_family(w: Bench, i: int, f: int, inside: int, seed: int) -> float:
    """Weigh an actor's values in one family, channel by channel; gives its bits, capped.

    What values that only a few others hold bring is kept apart (`narrow`), and so is what the value
    `seed` brings; `support` is how many hold the most widely held lifted one.
    """
    t, s = w.t, w.s
    group = s.group[0]
    for c in range(t.families[f], t.families[f + 1]):
        here = s.channels[c]
        here.bits = here.narrow = 0.0
        if here.members - inside < _OTHERS_MIN:
            continue
        for r in range(t.spans[i, c], t.spans[i, c + 1]):
            bits, narrow = _weigh_value(w, r, c, inside)
            here.bits += bits
            here.narrow += narrow
            if t.rows[r].value == seed:
                group.seed_bits, group.seed_narrow = bits, narrow
        if t.single[i, c] > 0:
            here.bits += t.single[i, c] * here.unheld
    return _sum_family(w, f)


@_inner
def _sum_family(w: Bench, f: int) -> float:
    """Take a family's strongest channels for and against: gives its bits, capped."""
    family = w.s.families[f]
    family.high = family.low = family.wide = 0.0
    for c in range(w.t.families[f], w.t.families[f + 1]):
        here = w.s.channels[c]
        family.high = max(family.high, here.bits)
        family.low = min(family.low, here.bits)
        family.wide = max(family.wide, here.bits - here.narrow)
    return min(max(family.high + family.low, w.b.floor), w.b.cap)


@_inner
def _add_families(w: Bench) -> tuple[float, int]:
    """Add up what the families say: (total bits, families above the bar).

    Values that few members hold count in one family alone, where they bring most: strangers who
    share all with one another would carry each other in.
    """
    s = w.s
    most, best = 0.0, -1
    for f in range(_FAMILIES):
        family = s.families[f]
        wide = min(max(family.wide + family.low, w.b.floor), w.b.cap)
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
def weigh(w: Bench, i: int, inside: int) -> float:
    """Weigh one actor for the tallied group, in bits; `inside` is 1 for a member.

    Leaves channels' and families' bits in the scratch.
    """
    w.s.group[0].support = 0.0
    for f in range(_FAMILIES):
        _weigh_family(w, i, f, inside, NOBODY)
    return _add_families(w)[0]


@_inner
def clears(w: Bench, i: int, inside: int, quest: Quest, priors: tuple[float, float]) -> bool:
    """Say whether an actor clears the bar for the tallied group, by either prior.

    Against the population, everything counts. A holder of the seed's value may instead be judged
    among its holders: then the seed's own bits don't count, but its family does as one of the two.
    Either way a lifted value must join the actor to a tenth of the members. Families with many
    values are weighed last, and not at all for whom even a full score in them would not help.
    Whoever holds the seed bears the quest's mark in `held`.
    """
    s = w.s
    group = s.group[0]
    group.support = group.seed_bits = group.seed_narrow = 0.0
    is_holder = s.actors[i].held == quest.mark
    most = priors[0] + _FAMILIES * w.b.cap
    for k in range(_FAMILIES):
        most -= w.b.cap - _weigh_family(w, i, (k + 1) % _FAMILIES, inside, quest.seed)
        if most < w.b.member - _ROUNDING and not is_holder:
            return False
    if group.support < w.b.support:
        return False
    total, families = _add_families(w)
    if total + priors[0] >= w.b.member and families >= FAMILIES_MIN:
        return True
    if not is_holder:
        return False
    channel = w.t.values[quest.seed].channel
    own = w.t.channels[channel].family
    before = s.families[own].bits >= w.b.family
    s.channels[channel].bits -= group.seed_bits
    s.channels[channel].narrow -= group.seed_narrow
    _sum_family(w, own)
    total, families = _add_families(w)
    families += before and s.families[own].bits < w.b.family
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
        if s.values[v].holders < max(2, _HOLDER_SHARE_MIN * size):
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
    touched = tally(w, group, _mute(quest.hidden))
    prior = np.log2(len(group) / len(t.present))
    among_holders = 0.0
    if quest.seed != NOBODY:
        begin, end = t.holder_start[quest.seed], t.holder_start[quest.seed + 1]
        among_holders = np.log2(max(s.values[quest.seed].holders, 1) / (end - begin))
        for r in range(begin, end):
            s.actors[t.holders[r].actor].held = quest.mark
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
        likely = promise >= need or (promise >= w.b.lift and s.actors[j].held == quest.mark)
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
    own = w.t.channels[w.t.values[seed].channel].family
    s.group[0].wide = 0.0
    touched = tally(w, free, _mute(own) | _mute(hidden))
    for k in range(n):
        s.actors[k].bits = weigh(w, np.int64(free[k]), INSIDE)
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


@_inner
def _fingerprint(group: I32) -> np.uint64:
    """Give a number that two different sets of actors share by accident alone."""
    told = np.uint64(0)
    for i in group:
        x = np.uint64(i + 1) * _MIX[0]
        x = (x ^ (x >> np.uint64(29))) * _MIX[1]
        told += x ^ (x >> np.uint64(32))
    return told


@_kernel
def grow(w: Bench, start: I32, quest: Quest) -> tuple[I32, int]:
    """Grow some actors to a fixed point: (members, last mark used); empty below 5.

    A growth that comes back to where it was goes round in a circle: only what is left of the last
    round is walked.
    """
    group, mark = start, quest.mark
    seen = np.zeros(limits.GROWTH_ROUNDS_MAX + 1, np.uint64)
    seen[0] = _fingerprint(group)
    rounds, k = limits.GROWTH_ROUNDS_MAX if len(group) else 0, 0
    while k < rounds:
        k += 1
        mark += 1
        found = gather(w, group, Quest(quest.seed, quest.hidden, quest.taken, mark))
        kept = 0
        for m in range(found):
            kept += w.s.actors[w.s.actors[m].found].stamp == mark
        if found == len(group) and kept == found:
            break
        group = np.empty(found if found >= limits.ACTORS_MIN else 0, np.int32)
        for m in range(len(group)):
            group[m] = w.s.actors[m].found
        if len(group) == 0:
            break
        seen[k] = _fingerprint(group)
        for j in range(k):
            if seen[j] == seen[k]:
                rounds = k + (rounds - k) % (k - j)
    return group, mark


@_kernel
def list_values(w: Bench, group: I32, counted: Records) -> int:
    """List a group's values, how many members hold each and how much; gives how many there are.

    `counted` has room for as many as the group's members have rows.
    """
    touched = tally(w, group, np.int64(0))
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
    touched = tally(w, group, np.int64(0))
    for k in range(len(actors)):
        weigh(w, np.int64(actors[k]), inside)
        for f in range(_FAMILIES):
            families[k, f] = w.s.families[f].bits
        for c in range(len(w.s.channels)):
            channels[k, c] = w.s.channels[c].bits
    clear(w, touched)
