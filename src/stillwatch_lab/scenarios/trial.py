"""The scenario `trial`: a fortnight, nine thousand honest accounts and five campaigns that evade.

One of the catalogue. Its look-alikes are those with which it was first measured.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stillwatch_lab.cohorts.casting import Casting
from stillwatch_lab.cohorts.groups import order_asked, order_turns
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.registry import TRIAL_KINDS
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.cohorts.strangers import CROWDED
from stillwatch_lab.scenarios.cast import cast_groups, cast_plans, cast_strangers
from stillwatch_lab.scenarios.plans import TRIAL_PLANS
from stillwatch_lab.scene import Scene
from stillwatch_lab.shards import Shard


def cast_trial(rng: np.random.Generator, scene: Scene, casting: Casting) -> Iterator[Shard]:
    """Cast strangers, honest groups and the five campaigns."""
    volume = Volume(mean=24.0, sigma=1.7, cap=2_500.0)
    exits = draw_vpn_exits(rng)
    strangers = casting.count(8_600, least=400)
    mixture = CROWDED.without(casting.asked)
    yield from cast_strangers(mixture, strangers, volume=volume, exits=exits)
    tied, groups = casting.count(700, least=60), max(4, round(14 * casting.scale))
    turns = order_turns(rng, casting.keep(TRIAL_KINDS), accounts=tied, groups=groups)
    yield from cast_groups(turns, volume=volume, exits=exits)
    yield from cast_groups(order_asked(rng, casting), volume=volume, exits=exits)
    yield from cast_plans(scene, casting.scale, plans=TRIAL_PLANS, exits=exits)
