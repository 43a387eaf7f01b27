"""People who work together: offices, small firms, load-balanced keys, a permitted partner.

Rows like those of `people`, with what colleagues share laid over them. In offices and firms
everybody has a job of his own; load-balanced keys and the partner's accounts do one job.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.people import Volume, draw_hexes, draw_people
from stillwatch_lab.cohorts.places import draw_homes, draw_servers, draw_subnet
from stillwatch_lab.cohorts.wording import write_closings, write_openings, write_systems
from stillwatch_lab.rhythms.habits import WORK_SPREAD, share_habits
from stillwatch_lab.scene import DAY_S, Scene, instant
from stillwatch_lab.text.templates import PARTNER

_OFFICE_DAY: Final = {"weekend": 0.08, "spread": 2.2}
"""Weekend against working day, and hours about the peak of an office's day (guesses)."""
_CUSTOMER: Final = 1.0
"""Normal score among customers of one who needs several keys: more than five of six (a guess)."""
_RETRIES_THERE: Final = 2
"""Of so many programs with several keys one hands a refused request to another key, as gateways do
that fall back; the others try again on the same (a guess)."""


def repeat_list(values: pl.Series, count: int) -> pl.Series:
    """Give every one of `count` accounts the same list of addresses."""
    return pl.Series("addresses", [values.to_list()] * count, dtype=pl.List(pl.String))


def lay_office(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Lay office hours, one time zone and one address over the accounts."""
    zone, office = people["zone"][0], draw_homes(rng, rng.integers(0, 12, 1))
    return people.with_columns(
        pl.lit(zone).alias("zone"),
        pl.lit(people["phone_country"][0]).alias("phone_country"),
        pl.Series("peak", rng.normal(11.5, 1.6, people.height)),
        pl.Series("peak_part", rng.beta(2.2, 1.2, people.height)),
        *(pl.lit(value).alias(name) for name, value in _OFFICE_DAY.items()),
        repeat_list(office, people.height),
        pl.Series("address_share", rng.beta(9.0, 1.5, people.height)),
    )


def draw_office(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw an office: one address, one e-mail domain, an internal template, different jobs."""
    people = draw_people(rng, scene, count=count, role="benign-office", volume=volume)
    keeps = pl.Series(rng.random(count) < 0.75)  # noqa: PLR2004  colleagues who use the template
    system = write_systems(rng, 1)[0]
    opening = write_openings(rng, 1)[0]
    return lay_office(rng, people).with_columns(
        pl.lit(draw_hexes(rng, 1, "org_")[0]).alias("org_id"),
        pl.lit(False).alias("org_verified"),
        pl.lit(draw_hexes(rng, 1, "d")[0] + ".example").alias("email_domain"),
        pl.when(keeps).then(pl.lit(system)).alias("system"),
        pl.when(keeps).then(pl.lit(opening)).alias("prefix"),
    )


def draw_firm(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a small firm: one card, one office, one internal prompt, no organisation on record."""
    people = draw_people(rng, scene, count=count, role="benign-firm", volume=volume)
    system = write_systems(rng, 1)[0]
    return lay_office(rng, people).with_columns(
        pl.lit(draw_hexes(rng, 1, "pm_")[0]).alias("payment_fingerprint"),
        pl.lit(people["payment_country"][0]).alias("payment_country"),
        pl.lit(system).alias("system"),
        pl.Series("created_s", np.sort(rng.uniform(-500, -5, count)) * 86_400.0),
    )


def lay_one_job(
    rng: np.random.Generator, people: pl.DataFrame, *, servers: pl.Series
) -> pl.DataFrame:
    """Lay one program's settings over the accounts: its keys, which take turns at its requests."""
    same = (
        "topic_1", "topic_2", "topic_3", "agent", "fingerprint", "second_agent",
        "second_fingerprint", "temperature", "max_tokens", "second_max_tokens", "tools",
        "thinking", "payment_fingerprint", "payment_country", "phone_country", "model",
        "next_model", "adopts_s", "zone", "voice", "sentences",
    )  # fmt: skip
    count = people.height
    voice = int(people["voice"][0])
    return people.with_columns(
        pl.lit(None if voice % _RETRIES_THERE else voice, pl.Int64).alias("gateway"),
        *(pl.lit(people[name][0], people.schema[name]).alias(name) for name in same),
        pl.lit(draw_hexes(rng, 1, "org_")[0]).alias("org_id"),
        pl.lit(draw_hexes(rng, 1, "d")[0] + ".example").alias("email_domain"),
        repeat_list(servers, count),
        pl.Series("address_share", np.ones(count)),
        *share_habits(rng, count, busy=_CUSTOMER).iter_columns(),
        pl.lit("api").alias("path"),
        pl.Series("volume", np.full(count, float(people["volume"].to_numpy().mean()))),
        pl.Series("turns", np.ones(count)),
    )


def draw_load_balanced(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the keys over which one honest, verified customer spreads one application."""
    people = draw_people(rng, scene, count=count, role="benign-load-balanced", volume=volume)
    tied = lay_one_job(rng, people, servers=draw_servers(rng, 4))
    return tied.with_columns(
        pl.lit(True).alias("org_verified"),
        pl.lit(True).alias("verified"),
        pl.lit(write_systems(rng, 1)[0]).alias("system"),
        pl.lit(write_openings(rng, 1)[0]).alias("prefix"),
        pl.lit(write_closings(rng, 1)[0]).alias("suffix"),
        pl.lit(900).alias("end_users"),
        pl.lit("scale").alias("plan"),
    )


def draw_open_keys(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw load-balanced keys of an owner whom nobody has verified: interchangeable, and honest."""
    keys = draw_load_balanced(rng, scene, count=count, volume=volume)
    return keys.with_columns(
        pl.lit(False).alias("org_verified"),
        pl.lit(False).alias("verified"),
    )


def draw_resale_pool(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw the pool over which an unverified reseller spreads its customers' conversations."""
    people = draw_people(rng, scene, count=count, role="benign-resale", volume=volume)
    tied = lay_one_job(rng, people, servers=draw_subnet(rng, 8, spread=256, cloud=True))
    return tied.with_columns(
        pl.lit(False).alias("org_verified"),
        pl.Series("voice", rng.integers(0, 2**40, count)),
        pl.Series("topic_1", np.full(count, -1)),
        pl.Series("topic_2", np.full(count, -1)),
        pl.Series("topic_3", np.full(count, -1)),
        pl.Series("turns", np.full(count, 2.5)),
        pl.Series("end_users", np.full(count, 4_000)),
    )


def draw_partner(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a partner that is permitted to distil: a harvest in every respect but the paper."""
    people = draw_people(rng, scene, count=count, role="benign-partner", volume=volume)
    tied = lay_one_job(rng, people, servers=draw_subnet(rng, 6, spread=256, cloud=True))
    opening, closing = PARTNER
    return tied.with_columns(
        pl.lit(False).alias("org_verified"),
        pl.lit(True).alias("verified"),
        pl.lit("problem").alias("job"),
        pl.lit("machine").alias("rhythm"),
        pl.Series("answer_tokens", rng.lognormal(np.log(800.0), 0.1, count)),
        pl.lit(WORK_SPREAD).alias("answer_spread"),
        pl.lit(write_openings(rng, 1)[0] + opening).alias("prefix"),
        pl.lit(closing).alias("suffix"),
        pl.Series("voice", rng.integers(0, 2**40, count)),
        pl.Series("topic_1", np.full(count, -1)),
        pl.Series("topic_2", np.full(count, -1)),
        pl.Series("topic_3", np.full(count, -1)),
        pl.Series("created_s", rng.uniform(-60, -58, count) * 86_400.0),
        pl.Series("end_users", np.full(count, 100_000)),
    )


def write_permission(
    people: pl.DataFrame, *, scope: str, share: float | None = None
) -> dict[str, object]:
    """Write a permission for a group, by its organisation.

    Units:   `share` is the budget over what the group is expected to send; None: no budget stated.
    """
    expected = float(people["volume"].to_numpy().sum())
    return {
        "account_id": None,
        "org_id": people["org_id"][0],
        "scope": scope,
        "granted_by": "partnerships",
        "valid_from": instant(-58 * DAY_S),
        "valid_to": None,
        "budget_exchanges": None if share is None else round(share * expected) + 100,
    }


def permit(scope: str, share: float | None = None) -> Callable[[pl.DataFrame], dict[str, object]]:
    """Give what writes a group's permission, as `write_permission` does."""
    return partial(write_permission, scope=scope, share=share)
