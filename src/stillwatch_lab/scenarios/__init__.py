"""The scenarios by name: who is in each, as shards that are drawn apart from one another.

Reads `cohorts`; `simulate` turns each shard into traffic. Sizes are those of scale 1. `demo` is
for a first look, `innocent` holds no campaign and every look-alike, `honest-groups`,
`unowned-groups` and `card-groups` give the null of judging, `trial` is a harder incident,
`one-proxy` and `two-proxies` ask how many campaigns there are; the presets of CONTRACT.md, section
3, are in `presets`. Look-alikes that somebody asked for (`Casting`) take the place of a scenario's
own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from stillwatch.domain.errors import InputError
from stillwatch_lab.presets import PRESETS, scene_of
from stillwatch_lab.scenarios.demo import cast_demo
from stillwatch_lab.scenarios.honest_groups import (
    cast_card_groups,
    cast_honest_groups,
    cast_unowned_groups,
)
from stillwatch_lab.scenarios.innocent import cast_innocent, cast_preset
from stillwatch_lab.scenarios.plans import ONE_PROXY_PLANS, TWO_PROXIES_PLANS
from stillwatch_lab.scenarios.scenario import Scenario
from stillwatch_lab.scenarios.trial import cast_trial
from stillwatch_lab.scene import FORTNIGHT, WEEK

__all__ = ["SCENARIOS", "Scenario", "choose"]

SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario("demo", WEEK, cast_demo),
        Scenario("innocent", FORTNIGHT, cast_innocent),
        Scenario("honest-groups", WEEK, cast_honest_groups),
        Scenario("honest-groups-fortnight", FORTNIGHT, cast_honest_groups),
        Scenario("honest-groups-six-weeks", scene_of("swarm-28m"), cast_honest_groups),
        Scenario("unowned-groups", WEEK, cast_unowned_groups),
        Scenario("unowned-groups-fortnight", FORTNIGHT, cast_unowned_groups),
        Scenario("unowned-groups-six-weeks", scene_of("swarm-28m"), cast_unowned_groups),
        Scenario("card-groups", WEEK, cast_card_groups),
        Scenario("card-groups-fortnight", FORTNIGHT, cast_card_groups),
        Scenario("card-groups-six-weeks", scene_of("swarm-28m"), cast_card_groups),
        Scenario("trial", FORTNIGHT, cast_trial),
        Scenario("one-proxy", FORTNIGHT, partial(cast_preset, plans=ONE_PROXY_PLANS)),
        Scenario("two-proxies", FORTNIGHT, partial(cast_preset, plans=TWO_PROXIES_PLANS)),
        *(
            Scenario(name, scene_of(name), partial(cast_preset, plans=plans))
            for name, plans in PRESETS.items()
        ),
    )
}


def choose(name: str, *, asked: dict[str, int] | None = None) -> Scenario:
    """Give a scenario by name, with look-alikes in another number where somebody asked for it.

    Raises:
        InputError: there is no such scenario.
    """
    if name not in SCENARIOS:
        message = f"there is no scenario {name!r}"
        raise InputError(message, hint=f"the lab knows {', '.join(SCENARIOS)}")
    return replace(SCENARIOS[name], asked=asked or {})
