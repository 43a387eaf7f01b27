"""The campaigns of the scenarios, as values: every knob in one place.

Read by the scenarios beside it. In `trial` every campaign shares something in at least two families
of evidence and none shares everything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from stillwatch_lab.cohorts.campaigns import Plan

DEMO_PLANS: Final = (
    Plan(
        name="reasoning",
        heads=150,
        per_day=13.0,
        work="problem",
        payment="shared",
        instruments=3,
        network="pool",
        addresses=20,
        vpn_share=0.06,
        clients=3,
        signup="bursts",
        signup_days=4.0,
        signup_before=3.0,
        schedule="round_robin",
    ),
    Plan(
        name="grading",
        heads=80,
        per_day=8.0,
        work="grading",
        mixing=0.5,
        payment="batch",
        instruments=10,
        network="own",
        clients=-1,
        signup="aged",
        signup_days=90.0,
        schedule="human",
    ),
    Plan(
        name="agentic",
        heads=300,
        per_day=26.0,
        work="trace",
        payment="own",
        network="subnet",
        addresses=512,
        clients=4,
        signup="regular",
        signup_days=21.0,
        signup_before=1.0,
        schedule="queue",
        banned=0.08,
        ban_day=3.3,
        pivot_share=1.0,
    ),
)

TRIAL_PLANS: Final = (
    Plan(
        name="rotating",
        heads=450,
        per_day=4.0,
        work="problem",
        wordings=(0, 1),
        network="pool",
        addresses=160,
        clients=5,
        signup="weeks",
        signup_days=30.0,
        schedule="queue",
        payment="own",
    ),
    Plan(
        name="residential",
        heads=260,
        per_day=3.5,
        work="grading",
        wordings=(1,),
        payment="batch",
        instruments=8,
        network="own",
        clients=0,
        signup="aged",
        signup_days=200.0,
        schedule="human",
    ),
    Plan(
        name="one-stack",
        heads=140,
        per_day=5.0,
        work="code",
        payment="own",
        network="own",
        clients=-1,
        signup="regular",
        signup_days=14.0,
        schedule="queue",
        pivot_share=1.0,
    ),
    Plan(
        name="mixed-proxy",
        heads=800,
        per_day=1.6,
        work="trace",
        wordings=(1,),
        mixing=0.7,
        network="pool",
        addresses=240,
        payment="own",
        clients=6,
        has_one_setting=False,
        signup="aged",
        signup_days=150.0,
        schedule="queue",
    ),
    Plan(
        name="replaced",
        heads=60,
        per_day=6.0,
        work="rewriting",
        payment="shared",
        instruments=5,
        network="subnet",
        addresses=256,
        clients=0,
        has_one_setting=False,
        signup="bursts",
        signup_days=6.0,
        signup_before=4.0,
        schedule="queue",
        banned=0.3,
        ban_day=6.4,
        program="startup",
    ),
)

_BEHIND_A_PROXY: Final = Plan(
    name="",
    heads=8_000,
    per_day=5.0,
    work="problem",
    wordings=(0, 1),
    mixing=0.75,
    network="pool",
    addresses=2_000,
    proxies=("harbour",),
    clients=6,
    has_one_setting=False,
    signup="weeks",
    signup_days=28.0,
)

ONE_PROXY_PLANS: Final = (
    replace(_BEHIND_A_PROXY, name="solutions"),
    replace(
        _BEHIND_A_PROXY,
        name="trajectories",
        heads=6_000,
        per_day=6.0,
        work="trace",
        also=("tool_call",),
        wordings=(0,),
        signup="aged",
        signup_days=150.0,
    ),
)
"""Two campaigns that leave through one proxy, with registers, work and queues of their own."""

TWO_PROXIES_PLANS: Final = (
    replace(
        _BEHIND_A_PROXY,
        name="across",
        heads=12_000,
        per_day=6.0,
        work="code",
        also=("grading",),
        mixing=0.7,
        proxies=("harbour", "quay"),
        signup_days=60.0,
    ),
)
"""One campaign, of which every other head leaves through another proxy; one queue."""
