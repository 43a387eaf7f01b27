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
from stillwatch.link.table import F64, I32, I64, Bools, Records
from stillwatch.link.workbench import INSIDE, NOBODY, OUTSIDE, Bench, Quest

_kernel = nb.njit(nogil=True, cache=True, error_model="numpy", no_cfunc_wrapper=True)
"""Compiled once per machine and kept beside the module; plain loops, because they compile fast."""
_inner = nb.njit(
    error_model="numpy", no_cfunc_wrapper=True, no_cpython_wrapper=True, forceinline=True
)
"""The same for what only kernels call: no door to Python, which takes as long again to compile, and
no call, which hands over all arrays anew."""
_once = nb.njit(error_model="numpy", inline="always")
"""The same for what is called at one place: part of its caller before anything is compiled."""
_FAMILIES = 6
_UNHELD_MIN = 1e-3  # least population share on values that the group lacks: a finite logarithm
_HOLDER_SHARE_MIN = 0.02  # of the members that must hold a value for it to lead to candidates
_SHARE_MIN = 1e-9  # least share whose logarithm is taken
_OTHERS_MIN = FAMILIES_MIN = 2  # others with data that a channel needs; families, a member
_MEMBER = np.float32(-1e9)  # promise of a member: nothing adds up to it
BISECTIONS = 40  # halvings of the range of bits
_ROUNDING = 1e-6  # bits by which sums of families in another order may differ, and much more


@_inner
def _weigh_own(w: Bench, c: int, besides: float, own: float) -> float:
    """Weigh what no other member holds (6.3), outsiders `besides`, whom it is weighed for `own`."""
    here, outside = w.s.channels[c], w.t.channels[c].present - w.s.channels[c].members
    free = max((here.free + besides) / outside, _UNHELD_MIN)
    share = (here.alone - own + w.b.shrink * free) / (here.members - (own > 0) + w.b.shrink)
    return float(np.log2(max(share, _UNHELD_MIN) / free))


@_inner
def tally(w: Bench, group: I32, own: int, hidden: int) -> np.int64:
    """Count a group's values; gives how many are touched. `clear` undoes it.

    A seed's own family and the hidden one are left out: they say nothing until the next tally.
    """
    t, s = w.t, w.s
    touched = np.int64(0)  # not 0: Numba would compile a second kernel for the literal
    for c in range(len(s.channels)):
        here = s.channels[c]
        here.members = here.own = here.alone = here.outside = here.paired = 0
    for i in group:
        for c in range(len(s.channels)):
            here, family = s.channels[c], t.channels[c].family
            if family in (own, hidden):
                continue
            here.members += t.present[i, c]
            for r in range(t.spans[i, c], t.spans[i, c + 1]):
                v = t.rows[r].value
                if s.seen[v] == 0:
                    s.values[touched].touched = v
                    touched += 1
                s.seen[v] = min(s.seen[v] + 1, 2)
                s.values[v].holders += 1
                s.values[v].mass += t.rows[r].share
                here.own += t.rows[r].share
            here.own += t.single[i, c]
            here.alone += t.single[i, c]
    s.group[0].lifted = min(w.b.lift, np.log2(len(t.present) / max(len(group), 1)) - 1.0)
    for k in range(touched):
        here, one = s.channels[t.values[s.values[k].touched].channel], s.values[s.values[k].touched]
        here.outside += one.there - one.mass
        here.alone += one.mass if one.holders == 1 else 0.0
        here.paired += one.mass if one.holders == 2 else 0.0  # noqa: PLR2004  a pair
    for c in range(len(s.channels)):
        here, there = s.channels[c], t.channels[c]
        here.once = min(np.log2((here.paired + 1.0) / (here.alone + 1.0)), 0.0)  # Good 1953
        here.free, is_told = there.mass - here.own - here.outside, 1 < here.members < there.present
        here.unheld = _weigh_own(w, c, 0.0, 0.0) if is_told else 0.0
    return touched


@_inner
def clear(w: Bench, touched: np.int64) -> None:
    """Undo `tally` at the cost of what it touched."""
    for k in range(touched):
        v = w.s.values[k].touched
        w.s.seen[v] = w.s.values[v].holders = 0
        w.s.values[v].mass = 0.0


@_inner
def _weigh_family(w: Bench, i: int, f: int, inside: int, seed: int) -> float:
    """Weigh an actor's values in one family, its own rows left out; gives its bits, capped.

    What values that only a few others hold bring is kept apart (`narrow`), and so is what the value
    `seed` brings; `support` is how many hold the most widely held lifted one. Of values had whole
    the one that brings most counts.
    """
    t, s, shrink = w.t, w.s, w.b.shrink
    rows, values, group = t.rows, s.values, s.group[0]
    lifted, few, support = group.lifted, group.wide, group.support
    for c in range(t.families[f], t.families[f + 1]):
        here = s.channels[c]
        others = here.members - inside
        bits = narrow = wide = 0.0
        if others >= _OTHERS_MIN:
            unheld, is_whole = here.unheld, t.channels[c].whole == 1
            by_outside = 1.0 / (t.channels[c].present - 1)  # a division a row costs as much again
            by_others, by_shrunk = 1.0 / others, 1.0 / (others + shrink)
            for r in range(t.spans[i, c], t.spans[i, c + 1]):
                v, share = rows[r].value, rows[r].share
                told, is_narrow = share * unheld, False
                if s.seen[v] > inside:
                    held = values[v].holders - inside
                    p = max((values[v].there - share) * by_outside, _SHARE_MIN)
                    q = (values[v].mass - inside * share + shrink * p) * by_shrunk
                    lift = np.log2(max(q, _SHARE_MIN) / p)
                    lift = max(lift + here.once, min(lift, 0.0)) if held == 1 else lift
                    told = share * lift
                    is_narrow = lift > 0 and held < few * others
                    if lift >= lifted:
                        support = max(support, held * by_others)
                elif s.seen[v] == 1 and values[v].there > share:
                    told = share * _weigh_own(w, c, values[v].there - share, share)
                bits = max(bits, told) if is_whole else bits + told
                wide = wide if is_narrow else max(wide, told) if is_whole else wide + told
                if v == seed:
                    group.seed_bits, group.seed_narrow = told, told * is_narrow
            narrow = bits - wide
            bits += t.single[i, c] * unheld
        here.bits, here.narrow = bits, narrow
    group.support = support
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
    most, best, total, families = 0.0, -1, 0.0, 0
    for f in range(_FAMILIES):
        family = w.s.families[f]
        wide = min(max(family.wide + family.low, w.b.floor), w.b.cap)
        gain = min(max(family.high + family.low, w.b.floor), w.b.cap) - wide
        family.bits = wide
        if gain > most:
            most, best = gain, f
    for f in range(_FAMILIES):
        if f == best:
            w.s.families[f].bits += most
        total += w.s.families[f].bits
        families += w.s.families[f].bits >= w.b.family
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
    """
    s, group = w.s, w.s.group[0]
    group.support = group.seed_bits = group.seed_narrow = 0.0
    is_holder = s.actors[i].held == quest.mark  # set by `gather`
    most = priors[0] + _FAMILIES * w.b.cap
    for k in range(_FAMILIES):
        most -= w.b.cap - _weigh_family(w, i, (k + 1) % _FAMILIES, inside, quest.seed)
        if most < w.b.member - _ROUNDING and not is_holder:
            return False
    if group.support < w.b.support:
        return False
    total, families = _add_families(w)
    is_clear = total + priors[0] >= w.b.member and families >= FAMILIES_MIN
    if is_clear or not is_holder:
        return is_clear
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
def promise_holders(w: Bench, touched: int, size: int) -> int:
    """Add up, for everybody outside, what the group's lifted values would bring at the most.

    Gives how many were reached. Whom they bring little is not weighed: growth costs holders, not
    their rows. Members have a promise below 0 meanwhile.
    """
    t, s, reached = w.t, w.s, 0
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
            s.reached[reached] = j
            reached += s.promise[j] == 0.0
            s.promise[j] += t.holders[r].share * lift
    return reached


@_once
def gather(w: Bench, group: I32, quest: Quest) -> int:
    """One round of growth: everybody free who clears the bar for the group as it stands.

    Gives how many were found; they are in `scratch.actors.found`, members that stay first.
    """
    t, s, found = w.t, w.s, 0
    touched = tally(w, group, NOBODY, quest.hidden)
    prior, among_holders, begin, end = np.log2(len(group) / len(t.present)), 0.0, 0, 0
    if quest.seed != NOBODY:
        begin, end = t.holder_start[quest.seed], t.holder_start[quest.seed + 1]
        among_holders = np.log2(max(s.values[quest.seed].holders, 1) / (end - begin))
    priors = (prior, among_holders)
    for r in range(begin, end):
        s.actors[t.holders[r].actor].held = quest.mark
    for i in group:
        s.promise[i] = _MEMBER
        s.actors[i].stamp = quest.mark
        if not quest.taken[i] and clears(w, np.int64(i), INSIDE, quest, priors):
            s.actors[found].found = i
            found += 1
    reached = promise_holders(w, touched, len(group))
    need = max(w.b.lift, (w.b.member - prior) / 2)
    for k in range(reached + end - begin):
        j = np.int64(s.reached[k] if k < reached else t.holders[begin + k - reached].actor)
        likely = s.promise[j] >= need if k < reached else w.b.lift <= s.promise[j] < need
        if likely and not quest.taken[j] and clears(w, j, OUTSIDE, quest, priors):
            s.actors[found].found = j
            found += 1
    for k in range(reached):
        s.promise[s.reached[k]] = 0.0
    for i in group:
        s.promise[i] = 0.0
    clear(w, touched)
    return found


@_inner
def _top_bits(w: Bench, n: int, best: int) -> float:
    """The `best`-largest of the first `n` bits, by bisection on the value; leaves them in place."""
    actors = w.s.actors
    low, high = _FAMILIES * w.b.floor, _FAMILIES * w.b.cap
    for _ in range(BISECTIONS):
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
    return free[: n : max(n // sample, 1) if sample > 0 else 1].copy()


@_kernel
def refine_seeds(w: Bench, seeds: I64, hidden: int, taken: Bools, sample: int) -> tuple[F64, I32]:
    """Score seeds by what other families say of their best quarter: mean bits of each.

    And those actors, of the last one; none, if most are taken. With a `sample` above 0, about so
    many holders are looked at, evenly by their order.
    """
    actors, scores, free = w.s.actors, np.zeros(len(seeds)), np.empty(0, np.int32)
    w.s.group[0].wide = 0.0
    for m in range(len(seeds)):
        free = _list_free(w, seeds[m], taken, sample)
        if len(free) == 0:
            continue
        own = w.t.channels[w.t.values[seeds[m]].channel].family
        touched = tally(w, free, own, hidden)
        for k in range(len(free)):
            actors[k].bits = weigh(w, np.int64(free[k]), INSIDE)
        clear(w, touched)
        least = _top_bits(w, len(free), max(len(free) // 4, limits.ACTORS_MIN))
        best = 0
        for k in range(len(free)):
            if actors[k].bits >= least:
                free[best] = free[k]
                scores[m] += actors[k].bits
                best += 1
        scores[m] /= best
        free = free[:best]
    w.s.group[0].wide = w.b.support
    return scores, free


@_kernel
def grow(w: Bench, start: I32, quest: Quest) -> tuple[I32, int]:
    """Grow some actors to a fixed point, or nearly: (members, last mark used); empty below 5."""
    group, mark = start, quest.mark
    for _ in range(limits.GROWTH_ROUNDS_MAX if len(group) else 0):
        mark += 1
        found = gather(w, group, Quest(quest.seed, quest.hidden, quest.taken, mark))
        kept = 0
        for k in range(found):
            kept += w.s.actors[w.s.actors[k].found].stamp == mark
        settled = len(group) + found - 2 * kept <= w.b.settled * len(group)
        group = w.s.actors["found"][: found if found >= limits.ACTORS_MIN else 0].copy()
        if settled or len(group) == 0:
            break
    return group, mark


@_kernel
def list_values(w: Bench, group: I32, counted: Records) -> int:
    """List a group's values into `counted`, as long as the members' rows; gives how many it has."""
    touched = tally(w, group, NOBODY, NOBODY)
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
    touched = tally(w, sides[0], NOBODY, NOBODY)
    for k in range(len(sides[1])):
        weigh(w, np.int64(sides[1][k]), inside)
        for f in range(_FAMILIES):
            bits[0][k, f] = w.s.families[f].bits
        for c in range(len(w.s.channels)):
            bits[1][k, c] = w.s.channels[c].bits
    clear(w, touched)
