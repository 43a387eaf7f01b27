"""The presets of CONTRACT.md, section 3: campaigns of stated sizes, as plans.

Read by `scenarios`, which puts each into the traffic of the `innocent` scenario. The one idea: the
table of the contract is `SIZES`, and a plan takes its heads and rates from there, successors of
banned heads counted in, so neither can drift from the other. Absent: honest accounts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.scene import DAY_S, FORTNIGHT, HOUR_S, Scene

SIX_WEEKS: Final = Scene(days=45, release_s=30 * DAY_S + 16 * HOUR_S)


@dataclass(frozen=True, slots=True)
class Size:
    """A row of the contract's table."""

    heads: int
    exchanges: int
    """Of a head in the run, unrelated ones included."""
    harvest: int
    """Of a head in the run."""
    scene: Scene = FORTNIGHT

    def fit(self, plan: Plan) -> Plan:
        """Give a plan this many heads, successors among them, and this many exchanges."""
        accounts = 1.0 + plan.banned * plan.replaced
        return replace(
            plan,
            heads=round(self.heads / accounts),
            per_day=self.harvest * accounts / self.scene.days,
            mixing=1.0 - self.harvest / self.exchanges,
        )


SIZES: Final = {
    "reasoning-150k": Size(225, 667, 667),
    "agentic-3m": Size(5_000, 667, 667),
    "coding-13m": Size(18_775, 667, 667),
    "swarm-28m": Size(25_000, 1_152, 1_152, SIX_WEEKS),
    "proxy-20k": Size(20_000, 400, 80),
    "ghost": Size(3_000, 400, 400),
    "phantom": Size(4_000, 200, 100),
}
"""CONTRACT.md, section 3, at scale 1."""

_PLANS: Final = (
    Plan(  # chain of thought and rubric grading, in rotation, over shared cards
        name="reasoning-150k",
        heads=0,
        per_day=0.0,
        work="problem",
        also=("grading", "reconstruction", "sensitive"),
        wordings=(0, 1),
        payment="batch",
        instruments=15,
        network="pool",
        addresses=60,
        vpn_share=0.05,
        clients=2,
        signup="bursts",
        signup_days=8.0,
        schedule="round_robin",
    ),
    Plan(  # several access paths, heads that specialise, banned ones replaced
        name="agentic-3m",
        heads=0,
        per_day=0.0,
        work="trace",
        also=("tool_call", "code", "seed"),
        specialities=2,
        wordings=(0, 1),
        paraphrase=0.3,
        payment="batch",
        instruments=20,
        network="subnet",
        addresses=16_384,
        paths=("api", "cloud-east"),
        clients=5,
        signup="regular",
        signup_days=40.0,
        banned=0.05,
        ban_day=6.4,
        program="startup",
    ),
    Plan(  # half of it turns to a new model within a day
        name="coding-13m",
        heads=0,
        per_day=0.0,
        work="code",
        also=("tool_call", "trace"),
        wordings=(0, 1),
        payment="batch",
        instruments=50,
        network="pool",
        addresses=4_000,
        clients=8,
        signup="weeks",
        signup_days=60.0,
        ramp_days=2.0,
        pivot_share=0.5,
    ),
    Plan(  # six weeks of everything, in batches of accounts
        name="swarm-28m",
        heads=0,
        per_day=0.0,
        work="problem",
        also=("code", "tool_call", "grading", "seed"),
        specialities=5,
        wordings=(0, 1),
        paraphrase=0.3,
        payment="batch",
        instruments=25,
        network="pool",
        addresses=4_000,
        clients=6,
        signup="weeks",
        signup_days=75.0,
        sigma=0.3,
        banned=0.05,
        ban_day=20.4,
        ramp_days=3.0,
        rests=0.1,
        pivot_share=0.5,
    ),
    Plan(  # four fifths are unrelated customers' requests
        name="proxy-20k",
        heads=0,
        per_day=0.0,
        work="trace",
        also=("problem", "grading"),
        wordings=(0, 1),
        payment="own",
        network="pool",
        addresses=4_000,
        clients=8,
        has_one_setting=False,
        signup="aged",
        signup_days=150.0,
    ),
    Plan(  # shares a few client stacks and weeks of sign-up; each head its own paraphrase
        name="ghost",
        heads=0,
        per_day=0.0,
        work="problem",
        also=("code",),
        paraphrase=0.6,
        paraphrase_by="head",
        clients=4,
        has_one_setting=False,
        signup="weeks",
        signup_days=21.0,
        schedule="human",
    ),
    Plan(  # one shared queue of items is all that joins its heads
        name="phantom",
        heads=0,
        per_day=0.0,
        work="problem",
        also=("code", "tool_call"),
        paraphrase=1.0,
        paraphrase_by="head",
        unrelated="own_life",
        sigma=0.8,
        has_one_setting=False,
        signup="aged",
        signup_days=300.0,
        schedule="human",
    ),
)

PRESET_PLANS: Final = {plan.name: SIZES[plan.name].fit(plan) for plan in _PLANS}
"""One plan a row of the contract's table."""
PRESETS: Final[dict[str, tuple[Plan, ...]]] = {
    **{name: (plan,) for name, plan in PRESET_PLANS.items()},
    "february-24k": tuple(
        PRESET_PLANS[name] for name in ("reasoning-150k", "agentic-3m", "coding-13m")
    ),
}
"""The campaigns of each preset."""


def scene_of(preset: str) -> Scene:
    """Give the stretch of time of a preset."""
    return SIZES[PRESETS[preset][0].name].scene
