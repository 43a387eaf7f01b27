"""Do two sets of actors belong together? What the one shares, said of the other.

Part of the third step of *link*, for joining groups and for parting them: one measure for both, so
that what would not be joined does not stay together either. Large sets are heard by a sample of
their members; what is asked of them is a mean over thousands, and a tenth makes no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stillwatch.domain import limits
from stillwatch.link.counts import mean_bits
from stillwatch.link.table import I32
from stillwatch.link.workbench import INSIDE, OUTSIDE, Bench

SUPPORT_SHARE: Final = 0.4
"""Share of a group's own mean bits that other actors must have for it: two families of three or
four, where batches of one campaign differ in the others."""
_GLANCE_BITS: Final = 2.5
"""Mean bits by which a glance at a few may be too low: four or five times its standard error."""


def speaks_for(bench: Bench, group: I32, others: Sequence[I32]) -> list[bool]:
    """Say for which sets of actors what a group shares speaks nearly as for its own members.

    Only what speaks *for* counts: a piece is just where a batch differs. Of large sets a few are
    heard first, and the rest where it might matter.

    Grain:   one answer per set. Cost: the group's rows three times, and those of the samples.
    """
    forgiving = bench._replace(b=bench.b._replace(floor=0.0))
    own = mean_bits(forgiving, group, [take_sample(group)], INSIDE)[0]
    few = [take_sample(other, least=limits.MERGE_GLANCE) for other in others]
    bits = mean_bits(forgiving, group, few, OUTSIDE)
    near = [
        k
        for k, each in enumerate(bits)
        if len(few[k]) < len(others[k]) and each >= SUPPORT_SHARE * own - _GLANCE_BITS
    ]
    if near:
        heard = mean_bits(forgiving, group, [take_sample(others[k]) for k in near], OUTSIDE)
        for k, each in zip(near, heard, strict=True):
            bits[k] = each
    return [each >= SUPPORT_SHARE * own for each in bits]


def take_sample(members: I32, *, least: int = limits.MERGE_SAMPLE) -> I32:
    """Take members evenly by their order, at most twice `least` of them.

    Grain:   actors, in their order. Cost: none; it is a view.
    """
    return members[:: max(len(members) // least, 1)]
