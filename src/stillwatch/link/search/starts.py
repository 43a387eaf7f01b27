"""Where a seed's hidden searches begin: its best holders, weighed once for every hidden family.

Part of the fifth step of *link*, between the kernels and `witness`. What a family says of a seed's
holders is the same whichever other family is hidden: one look at their rows does for all searches,
and each adds up what is left. The actors are those that `kernels.refine_seeds` chooses with that
family hidden, to a bit.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from stillwatch.domain import limits
from stillwatch.link.kernels import BISECTIONS, weigh_actors
from stillwatch.link.table import F64, I32
from stillwatch.link.workbench import INSIDE, Bench


class Starts:
    """A seed's holders, none of whom is taken, and what each family says of each of them."""

    def __init__(self, bench: Bench, holders: I32) -> None:
        self.holders = holders
        self.families = _weigh_alike(bench, holders)
        self.ends = bench.b.floor, bench.b.cap

    def choose(self, silent: Collection[int]) -> I32:
        """Choose the best quarter by what all families but the silent ones say.

        Grain:   actors, in the holders' order; none, where they are too few for a group.
        Cost:    a look at each holder for every halving.
        """
        if len(self.holders) < limits.ACTORS_MIN:
            return self.holders[:0]
        bits = np.zeros(len(self.holders))
        for family, told in enumerate(self.families.T):
            if family not in silent:
                bits += told  # one by one, in the kernel's order: floats add up to the same
        best = max(len(bits) // 4, limits.ACTORS_MIN)
        return self.holders[bits >= self._find_least(bits, best)]

    def _find_least(self, bits: F64, best: int) -> float:
        """The `best`-largest of some bits, by bisection as in the kernel."""
        low, high = (float(self.families.shape[1] * end) for end in self.ends)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            if np.count_nonzero(bits >= middle) >= best:
                low = middle
            else:
                high = middle
        return low


def _weigh_alike(bench: Bench, holders: I32) -> F64:
    """Weigh holders for one another, before anything has grown: what few hold counts everywhere."""
    own = np.require(holders, requirements=["C", "W"])  # else Numba would compile all anew
    bits = np.zeros((len(own), len(bench.s.families))), np.zeros((len(own), len(bench.s.channels)))
    bench.s.group["wide"] = 0.0
    weigh_actors(bench, (own, own), INSIDE, bits)
    bench.s.group["wide"] = bench.b.support
    return bits[0]
