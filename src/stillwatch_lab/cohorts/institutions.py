"""People whom a place or an occasion joins: a class, a benchmark run, a VPN, a start-up cohort.

Rows like those of `people`. Each shares much in one or two families of traits, as honest groups do,
and is as diverse as everybody else in the others.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_hexes, draw_people
from stillwatch_lab.cohorts.places import draw_subnet
from stillwatch_lab.cohorts.teams import repeat_list
from stillwatch_lab.cohorts.wording import write_systems
from stillwatch_lab.scene import DAY_S, HOUR_S, Scene
from stillwatch_lab.text.templates import BENCHMARK, EXERCISE

_EXERCISES = 9  # questions on a class's sheet
_BENCHMARK_ITEMS = 300  # questions of a benchmark
_VPN_EXITS = 24  # addresses of one consumer VPN that its customers meet


def draw_vpn_exits(rng: np.random.Generator) -> pl.Series:
    """Draw the addresses at which one consumer VPN's customers appear."""
    return draw_subnet(rng, _VPN_EXITS, spread=1024, cloud=True)


def draw_class(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a class: campus network, education programme, one hour of sign-ups, one exercise."""
    people = draw_people(rng, scene, count=count, role="benign-class", volume=volume)
    evening = rng.integers(1, scene.days - 1) * DAY_S + (19.0 - people["zone"][0]) * HOUR_S
    signup = -rng.integers(5, 40) * DAY_S + 10.0 * HOUR_S
    campus = draw_subnet(rng, 3, spread=256, cloud=False)
    share = np.clip(rng.normal(0.9, 0.05, count), 0.0, 1.0)
    return people.with_columns(
        pl.lit("education").alias("program"),
        pl.lit("free").alias("plan"),
        pl.lit(None, pl.String).alias("payment_fingerprint"),
        pl.lit(draw_hexes(rng, 1, "d")[0] + ".example").alias("email_domain"),
        pl.lit(people["phone_country"][0]).alias("phone_country"),
        pl.lit(people["zone"][0]).alias("zone"),
        pl.Series("created_s", signup + rng.uniform(0, HOUR_S, count)),
        repeat_list(campus, count),
        pl.Series("address_share", share),
        pl.lit("problem").alias("job"),
        pl.lit(EXERCISE).alias("prefix"),
        pl.lit(int(rng.integers(1, 2**30))).alias("pool"),
        pl.lit(_EXERCISES).alias("pool_items"),
        pl.Series("from_s", evening + rng.uniform(0, 0.5 * HOUR_S, count)),
        pl.Series("until_s", evening + rng.uniform(2 * HOUR_S, 3.5 * HOUR_S, count)),
        pl.Series("volume", np.clip(people["volume"].to_numpy(), 4, 4 * volume.mean)),
        pl.lit("console").alias("path"),
    )


def draw_evaluation(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw an evaluation harness: accounts of one laboratory that replay one benchmark."""
    people = draw_people(rng, scene, count=count, role="benign-evaluation", volume=volume)
    opening, closing = BENCHMARK
    same = ("agent", "fingerprint", "second_agent", "second_fingerprint", "payment_country")
    return people.with_columns(
        *(pl.lit(people[name][0], people.schema[name]).alias(name) for name in same),
        pl.lit(draw_hexes(rng, 1, "org_")[0]).alias("org_id"),
        pl.lit(False).alias("org_verified"),
        pl.lit(draw_hexes(rng, 1, "d")[0] + ".example").alias("email_domain"),
        pl.lit(0.0).alias("temperature"),
        pl.lit(16, pl.Int64).alias("max_tokens"),
        pl.lit(16, pl.Int64).alias("second_max_tokens"),
        repeat_list(draw_subnet(rng, 2, spread=256, cloud=True), count),
        pl.lit(1.0).alias("address_share"),
        pl.lit("quiz").alias("job"),
        pl.lit(opening).alias("prefix"),
        pl.lit(closing).alias("suffix"),
        pl.lit(int(rng.integers(1, 2**30))).alias("pool"),
        pl.lit(_BENCHMARK_ITEMS).alias("pool_items"),
        pl.Series(
            "volume",
            rng.uniform(0.8, 1.2, count) * max(volume.mean, 2.5 * _BENCHMARK_ITEMS / count),
        ),
        pl.lit("machine").alias("rhythm"),
        pl.lit(1.0).alias("turns"),
        pl.lit("api").alias("path"),
    )


def draw_vpn_users(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume, exits: pl.Series
) -> pl.DataFrame:
    """Draw strangers who appear at the same VPN addresses, some always and some now and then."""
    people = draw_people(rng, scene, count=count, role="benign-vpn", volume=volume)
    return people.with_columns(
        repeat_list(exits, count),
        pl.Series("address_share", rng.beta(1.4, 1.0, count)),
    )


def draw_startups(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a cohort of start-ups in one accelerator: its address and programme, own products."""
    people = draw_people(rng, scene, count=count, role="benign-startup", volume=volume)
    joined = -rng.uniform(20, 120) * DAY_S
    return people.with_columns(
        pl.lit("startup").alias("program"),
        pl.lit(f"accelerator-{int(rng.integers(10_000))}").alias("referrer"),
        repeat_list(draw_subnet(rng, 2, spread=256, cloud=False), count),
        pl.Series("address_share", rng.beta(2.5, 2.0, count)),
        pl.Series("created_s", joined + rng.uniform(0, 12, count) * DAY_S),
        write_systems(rng, count).alias("system"),
        pl.Series("end_users", rng.integers(0, 60, count)),
        pl.lit("scale").alias("plan"),
    )
