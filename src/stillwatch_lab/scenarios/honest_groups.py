"""The scenario `honest-groups`: tied honest groups of every kind, for the null of judging.

The one idea: kinds take turns, so each is there as often as any other and in
every size; around them stand strangers, framework users and VPN users. Scenarios of the catalogue
differ in their days (groups that were watched for six weeks look otherwise than after one) and in
their kinds (all, or those that nobody owns: a null of their own wants more of them).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from stillwatch_lab.cohorts.casting import Casting
from stillwatch_lab.cohorts.groups import order_asked, order_turns
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.registry import PAID, TIED, UNOWNED
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.scenarios.cast import cast_groups, draw_crowd
from stillwatch_lab.scene import Scene
from stillwatch_lab.shards import Shard

_DAILY = 16 / 7
"""Mean exchanges of an account and day, about what CONTRACT.md has (40 in a fortnight)."""


_GROUPS = 69
"""Groups at scale 1: three of each of the 23 kinds, or nine or ten of those that nobody owns."""


def cast_honest_groups(
    rng: np.random.Generator, scene: Scene, casting: Casting, *, kinds: Sequence[str] = TIED
) -> Iterator[Shard]:
    """Cast strangers, and honest groups of some kinds in turn."""
    mean = _DAILY * scene.days
    exits, volume = draw_vpn_exits(rng), Volume(mean=mean)
    few = {"individuals": casting.count(3_000, least=200)}
    few |= dict.fromkeys(("vpn", "framework", "applications"), casting.count(300))
    parts = tuple((kind, few[kind], volume) for kind in few if kind not in casting.asked)
    yield Shard(partial(draw_crowd, parts=parts, exits=exits), mean * sum(few.values()))
    groups = max(6, round(_GROUPS * casting.scale))
    turns = order_turns(rng, casting.keep(kinds), accounts=10**9, groups=groups)
    yield from cast_groups(turns, volume=volume, exits=exits)
    yield from cast_groups(order_asked(rng, casting), volume=volume, exits=exits)


cast_unowned_groups = partial(cast_honest_groups, kinds=UNOWNED)
"""Cast strangers, and in turn honest groups whose accounts declare no common owner."""

cast_card_groups = partial(cast_honest_groups, kinds=PAID)
"""Cast strangers, and customers who have several keys on one card and declare nobody."""
