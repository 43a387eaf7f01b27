"""The accounts that carry a plan out, banned ones and their successors included.

Reads `people` for what heads have of their own and lays over it what the plan makes them share
(`register`, `traces`). A head is an account like any other but for that. Read by
`traffic.harvests`, for which there are three columns more: `work_share` (its volume against the
mean), `speciality`, and `rest_salt` (which days it rests). Absent: the work itself.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.campaigns.plan import Plan
from stillwatch_lab.cohorts.campaigns.register import draw_signups, lay_payment
from stillwatch_lab.cohorts.campaigns.traces import lay_clients, lay_network, lay_settings
from stillwatch_lab.cohorts.people import Volume, draw_hexes, draw_people
from stillwatch_lab.rhythms.habits import WORK_SPREAD
from stillwatch_lab.scene import DAY_S, HOUR_S, OLD_MODEL, Scene
from stillwatch_lab.text import mix

_UNRELATED_SIGMA: Final = 0.35
"""Least spread of the unrelated traffic's volumes on the logarithmic scale (a guess)."""
_UNRELATED_CAP: Final = 20.0
"""Times the mean that no head's unrelated traffic exceeds."""
_CAP_LEAST: Final = 1_300.0
"""Exchanges that any head's unrelated traffic may reach."""

_ANSWER_LOG: Final = 5.8
"""Logarithm of the median tokens (330) of the answers to a head with settings of its own: items
are long questions (a guess)."""
_ANSWER_SIGMA: Final = 0.6
"""Spread of that median over heads (a guess)."""


def draw_heads(
    rng: np.random.Generator, scene: Scene, plan: Plan, *, count: int, exits: pl.Series
) -> pl.DataFrame:
    """Draw the heads of a campaign, banned ones and their successors included.

    Grain:   one row per account; `replaces` is the row of the predecessor.
    """
    heads = draw_people(rng, scene, count=count, role="fraud", volume=_unrelated(plan, scene))
    heads = heads.with_columns(
        pl.lit(plan.name).alias("campaign"),
        (pl.col("volume") / pl.col("volume").mean() * _unrelated_mean(plan, scene)).alias("volume"),
        pl.lit(None, pl.Float64).alias("closed_s"),
        pl.Series("created_s", draw_signups(rng, plan, count)),
        pl.lit(plan.program, pl.String).alias("program"),
        pl.Series("answer_tokens", rng.lognormal(_ANSWER_LOG, _ANSWER_SIGMA, count)),
        pl.lit(WORK_SPREAD).alias("answer_spread"),
        pl.Series("work_share", _work_shares(rng, plan, count)),
        pl.Series("speciality", np.arange(count) % plan.specialities),
        pl.Series("rest_salt", rng.integers(0, 2**40, count)),
    )
    if plan.unrelated == "customers":
        heads = heads.with_columns(
            *(pl.lit(-1, pl.Int64).alias(f"topic_{rank}") for rank in (1, 2, 3)),
            pl.lit(400, pl.Int64).alias("end_users"),
        )
    for lay in (lay_payment, lay_clients, lay_settings):
        heads = lay(rng, plan, heads)
    heads = lay_network(rng, plan, heads, exits)
    return _replace_banned(rng, plan, _pivot(rng, plan, heads, scene))


def _unrelated_mean(plan: Plan, scene: Scene) -> float:
    """Give the exchanges of a head that are no harvest, on average over the heads."""
    return plan.harvest_per_head(scene.days) * plan.mixing / (1.0 - plan.mixing)


def _unrelated(plan: Plan, scene: Scene) -> Volume:
    mean = max(_unrelated_mean(plan, scene), 1.0)
    sigma = max(_UNRELATED_SIGMA, plan.sigma)
    return Volume(mean, sigma=sigma, cap=max(_CAP_LEAST, _UNRELATED_CAP * mean))


def _work_shares(
    rng: np.random.Generator, plan: Plan, count: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if plan.sigma == 0:
        return np.ones(count)
    drawn = rng.lognormal(0.0, plan.sigma, count)
    return np.asarray(drawn / drawn.mean())


def _pivot(rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, scene: Scene) -> pl.DataFrame:
    if plan.pivot_share == 0:
        return heads
    turning = np.zeros(heads.height, bool)
    turning[rng.permutation(heads.height)[: round(plan.pivot_share * heads.height)]] = True
    within = scene.release_s + rng.uniform(0.4, 6.0, heads.height) * HOUR_S
    turn = pl.when(pl.Series(turning))
    return heads.with_columns(
        turn.then(pl.Series(within)).otherwise("adopts_s").alias("adopts_s"),
        turn.then(pl.lit(OLD_MODEL)).otherwise("model").alias("model"),
    )


def _replace_banned(rng: np.random.Generator, plan: Plan, heads: pl.DataFrame) -> pl.DataFrame:
    """Ban some heads at the plan's day, and append an account for each that takes its place."""
    rows = np.sort(rng.choice(heads.height, round(plan.banned * heads.height), replace=False))
    if not len(rows):
        return heads
    banned_s = plan.ban_day * DAY_S + rng.uniform(0.0, 3.0 * HOUR_S, len(rows))
    closed = np.full(heads.height, np.nan)
    closed[rows] = banned_s
    ended = heads.with_columns(pl.Series("closed_s", closed).fill_nan(None))
    succeeded = round(plan.replaced * len(rows))
    if not succeeded:
        return ended
    rows, banned_s = rows[:succeeded], banned_s[:succeeded]
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
    return pl.concat([ended, successors])
