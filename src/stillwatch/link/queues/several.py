"""Groups that two queues run through: campaigns that have only their proxy in common.

Between the search and its tests: reads the search's groups and `Queues`, writes these groups anew.
The one idea: of one queue, what is refused on some heads is answered on any other, in proportion to
what each sends; of two, never across. Which heads are whose is asked of what they hold, and not of
what they hand on, so that the count across has a null. Whoever hands nothing across may still be
one operator's, with a queue for each kind of work: so the two must also have nothing in common but
what a proxy gives all of its customers, its addresses and its clients.

Blind spots: two campaigns of one sign-up wave, or with one template, stay one; so do two of which
nothing is refused. What one queue would hand across is reckoned by who sends how much, not when:
heads that come one half after the other, and have nothing of an operator in common, are two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from scipy.special import pdtr

from stillwatch.domain import limits
from stillwatch.domain.channels.families import FAMILIES, OPERATORS
from stillwatch.link.counts import weigh_actors, weigh_members
from stillwatch.link.queues.read import Queues
from stillwatch.link.queues.weigh import APART_BITS, count_across, count_inside
from stillwatch.link.search import Search
from stillwatch.link.search.part import Parts, divide_groups, list_sides, take_sides
from stillwatch.link.search.speak import SUPPORT_SHARE, take_sample
from stillwatch.link.table import I32
from stillwatch.link.workbench import Bench

_OPERATORS: Final = [FAMILIES.index(family) for family in OPERATORS]
_ALONE: Final = 2
"""Content and identity may join two sets alone; weeks of sign-up may overlap by chance."""
_ONE_SHARE: Final = 0.6
"""Share of a set's own bits in such a family from which it does."""
_ACROSS_MAX: Final = 0.1
"""Share of what one queue would hand across that two may: chance's, and heads on the wrong side."""
_BITS_MIN: Final = APART_BITS + float(np.log2(limits.DIVIDERS_MAX + limits.SMALL_SETS_MAX))
"""How unlikely it must be that one queue hands so little across, for any side that is tried."""


def part_campaigns(search: Search, queues: Queues) -> None:
    """Part each group that several queues run through, where nothing of an operator joins them.

    A part grows anew, as in `part_groups`. Writes the search's groups, their seeds, who is taken.

    Cost:    a pass over the repetitions; for each group inside which enough is handed on, as
             `find_parts` and a pass for each of its sides; a growth of each part.
    """
    divide_groups(search, lambda asked: _find_each(search, queues, asked))


def _find_each(search: Search, queues: Queues, asked: Sequence[int]) -> Iterator[Parts | None]:
    """Find the parts of each group that is asked; those inside which too little is handed on: none.

    Cost:    one pass over the repetitions, and of the groups with enough what finding parts does.
    """
    groups = [search.groups[g] for g in asked]
    for group, handed in zip(groups, count_inside(queues, groups), strict=True):
        is_heard = len(group) >= 2 * limits.ACTORS_MIN and _weigh_absence(0, handed) >= _BITS_MIN
        yield _find_campaigns(search.bench, queues, group) if is_heard else None


def _find_campaigns(bench: Bench, queues: Queues, group: I32) -> Parts | None:
    """Find two parts that hand nothing over to one another, and that no operator's doing joins."""
    for value, first, second in list_sides(bench, group):
        parts = take_sides(bench, group, (first, second), value)
        across, expected = count_across(queues, parts.holders, parts.others)
        if across > _ACROSS_MAX * expected or _weigh_absence(across, expected) < _BITS_MIN:
            continue
        if not (_joins(bench, first, second) or _joins(bench, second, first)):
            return parts
    return None


def _weigh_absence(seen: int, expected: float) -> float:
    """Say how unlikely so few are where so many are expected. Units: bits, of a Poisson count."""
    return float(-np.log2(max(pdtr(seen, expected), 1e-300)))


def _joins(bench: Bench, group: I32, others: I32) -> bool:
    """Say whether what an operator does speaks for the others nearly as for a set's own members.

    As `speaks_for` asks of all families: only what speaks for counts, and a sample of large sets.
    Content or identity that is nearly all in common is enough.
    """
    forgiving = bench._replace(b=bench.b._replace(floor=0.0))
    mine, theirs = take_sample(group), take_sample(others)
    own = weigh_members(forgiving, mine)[0][:, _OPERATORS].mean(axis=0)
    shared = weigh_actors(forgiving, mine, theirs)[0][:, _OPERATORS].mean(axis=0)
    in_one = (shared >= np.maximum(_ONE_SHARE * own, bench.b.family))[:_ALONE].any()
    return bool(in_one or shared.sum() >= max(SUPPORT_SHARE * own.sum(), bench.b.family))
