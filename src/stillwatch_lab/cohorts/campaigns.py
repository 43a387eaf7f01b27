"""Campaigns: a plan of knobs, and the accounts (heads) that carry it out.

Reads `people` for what heads have of their own and lays over it what the plan makes them share. A
head is an account like any other but for that. Read by `traffic.harvests`. The one idea: each knob
belongs to one family of evidence, so an evasion is a change of one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.clients import AGENTS, FINGERPRINTS, UNUSUAL, draw_clients
from stillwatch_lab.cohorts.people import Volume, draw_hexes, draw_people
from stillwatch_lab.cohorts.places import draw_subnet
from stillwatch_lab.cohorts.teams import repeat_list
from stillwatch_lab.scene import DAY_S, HOUR_S, OLD_MODEL, Scene
from stillwatch_lab.text import mix

HEADS_MIN: Final = 60
"""CONTRACT.md: no campaign falls under 60 heads at any scale."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One campaign, knob by knob."""

    name: str
    heads: int
    per_day: float
    """Harvest exchanges of a head and day."""
    work: str
    """Kind of item (`text.items`)."""
    wordings: tuple[int, ...] = (0,)
    """Which wordings of the template it uses."""
    mixing: float = 0.0
    """Share of a head's traffic that is unrelated customers'."""
    payment: Literal["shared", "batch", "own"] = "own"
    instruments: int = 1
    """Shared: how many instruments; batch: accounts on one instrument."""
    network: Literal["pool", "subnet", "own"] = "own"
    addresses: int = 1
    """Pool: how many addresses; subnet: how many neighbours it spans."""
    vpn_share: float = 0.0
    """Share of the heads that also appear at the consumer VPN."""
    clients: int = 0
    """How many client stacks they share; 0 = own ones; -1 = one that nobody else has."""
    has_one_setting: bool = True
    """All heads send the same parameters."""
    signup: Literal["bursts", "regular", "weeks", "aged"] = "aged"
    signup_days: float = 21.0
    """Over how many days the accounts were opened."""
    signup_before: float = 2.0
    """How many days before the run the last of them was opened; below 0: during the run."""
    schedule: Literal["round_robin", "queue", "human"] = "queue"
    banned: float = 0.0
    """Share of the heads that are banned during the run, each replaced within hours."""
    ban_day: float = 3.5
    pivots: bool = False
    """Turns to the new model within hours of its release."""
    program: str | None = None


def scale_plan(plan: Plan, scale: float) -> int:
    """Give the heads of a plan at a scale."""
    return max(HEADS_MIN, round(plan.heads * scale))


def expect_exchanges(plan: Plan, count: int, *, days: int) -> float:
    """Give the exchanges that a plan's heads send in a run, unrelated ones included."""
    return count * plan.per_day * days / (1.0 - plan.mixing)


def draw_heads(
    rng: np.random.Generator, scene: Scene, plan: Plan, *, count: int, exits: pl.Series
) -> pl.DataFrame:
    """Draw the heads of a campaign, banned ones and their successors included.

    Grain:   one row per account; `replaces` is the row of the predecessor.
    """
    unrelated = plan.per_day * scene.days * plan.mixing / (1.0 - plan.mixing)
    volume = Volume(max(unrelated, 1.0), sigma=0.35)
    heads = draw_people(rng, scene, count=count, role="fraud", volume=volume)
    heads = heads.with_columns(
        pl.lit(plan.name).alias("campaign"),
        (pl.col("volume") * (plan.mixing > 0)).alias("volume"),
        pl.lit(None, pl.Float64).alias("closed_s"),
        pl.Series("created_s", _signups(rng, plan, count)),
        pl.lit(plan.program, pl.String).alias("program"),
        *(pl.lit(-1, pl.Int64).alias(f"topic_{rank}") for rank in (1, 2, 3)),
        pl.lit(400, pl.Int64).alias("end_users"),
    )
    for lay in (_lay_payment, _lay_clients, _lay_settings):
        heads = lay(rng, plan, heads)
    heads = _lay_network(rng, plan, heads, exits)
    if plan.pivots:
        within = scene.release_s + rng.uniform(0.4, 6.0, count) * HOUR_S
        heads = heads.with_columns(pl.Series("adopts_s", within), pl.lit(OLD_MODEL).alias("model"))
    return _replace_banned(rng, plan, heads)


def _signups(
    rng: np.random.Generator, plan: Plan, count: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    end, span = -plan.signup_before * DAY_S, plan.signup_days * DAY_S
    if plan.signup == "bursts":
        bursts = end - rng.uniform(0.0, span, max(3, round(plan.signup_days)))
        return bursts[rng.integers(0, len(bursts), count)] + rng.exponential(900.0, count)
    if plan.signup == "regular":
        step = span / count
        return end - span + step * (np.arange(count) + rng.uniform(0.0, 0.12, count))
    if plan.signup == "weeks":
        return end - rng.uniform(0.0, span, count)
    return end - rng.uniform(30.0, 30.0 + plan.signup_days, count) * DAY_S


def _lay_payment(rng: np.random.Generator, plan: Plan, heads: pl.DataFrame) -> pl.DataFrame:
    if plan.payment == "own":
        return heads.with_columns(
            pl.Series("payment_fingerprint", draw_hexes(rng, heads.height, "pm_"))
        )
    place = np.arange(heads.height)
    card = (
        rng.integers(0, plan.instruments, heads.height)
        if plan.payment == "shared"
        else place // plan.instruments
    )
    cards = pl.Series(draw_hexes(rng, int(card.max()) + 1, "pm_"))
    countries = heads["payment_country"].gather(card)
    return heads.with_columns(
        cards.gather(card).alias("payment_fingerprint"), countries.alias("payment_country")
    )


def _lay_clients(rng: np.random.Generator, plan: Plan, heads: pl.DataFrame) -> pl.DataFrame:
    if plan.clients == 0:
        return heads
    if plan.clients < 0:
        agent, fingerprint = (pl.lit(part) for part in UNUSUAL)
        return heads.with_columns(
            agent.alias("agent"),
            fingerprint.alias("fingerprint"),
            agent.alias("second_agent"),
            fingerprint.alias("second_fingerprint"),
        )
    stacks = draw_clients(rng, plan.clients)
    first, second = stacks[rng.integers(0, plan.clients, (2, heads.height))]
    return heads.with_columns(
        pl.Series("agent", AGENTS[first]),
        pl.Series("fingerprint", FINGERPRINTS[first]),
        pl.Series("second_agent", AGENTS[second]),
        pl.Series("second_fingerprint", FINGERPRINTS[second]),
    )


def _lay_settings(rng: np.random.Generator, plan: Plan, heads: pl.DataFrame) -> pl.DataFrame:
    if not plan.has_one_setting:
        return heads
    limit = int(rng.choice([3_000, 4_096, 6_000, 8_192]))
    return heads.with_columns(
        pl.lit(float(rng.choice([0.6, 0.7, 0.9, 1.0]))).alias("temperature"),
        pl.lit(limit, pl.Int64).alias("max_tokens"),
        pl.lit(0.02).alias("wander"),
        pl.lit(4 if plan.work == "trace" else 0, pl.Int64).alias("tools"),
        pl.lit(plan.work in {"problem", "trace"}).alias("thinking"),
        pl.lit(plan.work == "grading" and limit == 4_096).alias("logprobs"),  # noqa: PLR2004  one of the limits above
        pl.lit("api").alias("path"),
        pl.Series("answer_tokens", rng.lognormal(np.log(900.0), 0.1, heads.height)),
    )


def _lay_network(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, exits: pl.Series
) -> pl.DataFrame:
    count = heads.height
    if plan.network == "subnet":
        place = draw_subnet(rng, count, spread=max(plan.addresses, 256), cloud=True)
        heads = heads.with_columns(
            place.alias("home"), place.alias("next_home"), pl.lit(0.0).alias("away_share")
        )
    elif plan.network == "pool":
        pool = draw_subnet(rng, plan.addresses, spread=4_096, cloud=True)
        heads = heads.with_columns(repeat_list(pool, count), pl.lit(0.97).alias("address_share"))
    on_vpn = pl.Series(rng.random(count) < plan.vpn_share)
    return heads.with_columns(
        pl.when(on_vpn).then(repeat_list(exits, count)).otherwise("addresses").alias("addresses"),
        pl.when(on_vpn).then(0.35).otherwise("address_share").alias("address_share"),
    )


def _replace_banned(rng: np.random.Generator, plan: Plan, heads: pl.DataFrame) -> pl.DataFrame:
    """Ban some heads at the plan's day, and append an account for each that takes its place."""
    rows = np.sort(rng.choice(heads.height, round(plan.banned * heads.height), replace=False))
    if not len(rows):
        return heads
    banned_s = plan.ban_day * DAY_S + rng.uniform(0.0, 3.0 * HOUR_S, len(rows))
    begins = banned_s + rng.uniform(0.8, 6.0, len(rows)) * HOUR_S
    own = draw_hexes(rng, len(rows), "pm_")
    successors = heads[rows].with_columns(
        pl.Series("replaces", rows),
        pl.Series("created_s", begins - rng.uniform(300.0, 2_400.0, len(rows))),
        pl.Series("from_s", begins),
        pl.Series("email_hash", draw_hexes(rng, len(rows), "em_")),
        pl.Series("voice", (mix(rows + int(banned_s[0])) >> np.uint64(24)).astype(np.int64)),
        *([pl.Series("payment_fingerprint", own)] if plan.payment == "own" else []),
    )
    closed = np.full(heads.height, np.nan)
    closed[rows] = banned_s
    ended = heads.with_columns(pl.Series("closed_s", closed).fill_nan(None))
    return pl.concat([ended, successors])
