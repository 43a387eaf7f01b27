"""The state of one search: the workbench, the groups found so far, and who is in them.

Part of the third step of *link*: what proposing, growing and merging share.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.counts import grow_group
from stillwatch.link.table import I32, I64, Bools
from stillwatch.link.workbench import NOBODY, Bars, Bench, Columns, Quest

_SUPPORT_MIN = 0.1
"""`Bars.support`: a tenth of the others."""
_SETTLED = 0.0025
"""`Bars.settled`: to a fixed point up to 400 members. Large groups never come to rest, because who
comes in at the edge changes who else does; of 15,000 some 60 came and went in rounds 6 to 12."""
_SETTLED_HIDDEN = 0.05
"""The same with a family hidden: these groups are candidates, of which a mean is tested, and half
of a group is enough to speak of it. At 0.01 they have the same size within a hundredth, and take
twice as long."""
NO_START = np.empty(0, np.int32)
"""A growth starts from its seed's holders."""


@dataclass
class Search:
    """The state of one search: the workbench, who is taken, and what was found."""

    bench: Bench
    taken: Bools
    groups: list[I32] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    seeds_tested: int = 0
    mark: int = 0

    def grow(self, start: I32, seed: int) -> I32:
        """Grow some actors, or a seed's holders, on the search's own bench; sorted."""
        members, self.mark = grow_group(
            self.bench, start, Quest(seed, NOBODY, self.taken, self.mark)
        )
        return np.sort(members)


def set_bars(settings: LinkSettings, *, hidden: bool = False) -> Bars:
    """Take the bars from the settings; a search with a family hidden has the lower one."""
    return Bars(
        settings.family_cap_bits,
        -settings.family_cap_bits,
        settings.hidden_bar_bits if hidden else settings.member_bar_bits,
        settings.family_bar_bits,
        settings.lift_bits,
        settings.shrink_members,
        _SETTLED_HIDDEN if hidden else _SETTLED,
        _SUPPORT_MIN,
    )


def list_seeds(columns: Columns) -> I64:
    """Every value that at least `limits.ACTORS_MIN` actors hold."""
    holders = np.diff(columns.holder_start)
    return np.flatnonzero(holders >= limits.ACTORS_MIN).astype(np.int64)
