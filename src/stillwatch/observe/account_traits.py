"""All traits of all accounts, from exchanges and register: what linking reads.

Last step of *observe*: reads `OBSERVED`, passages and the register; writes `TRAIT`. Channels
without data are named, so that the run can say which checks stood aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import polars as pl

from stillwatch.domain.channels.families import CHANNELS
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import TRAIT
from stillwatch.observe.day_counts import DayCounts, count_exchanges
from stillwatch.observe.passages import SentPassages, count_systems, count_templates
from stillwatch.observe.traits import (
    adopt_models,
    read_register_traits,
    sample_hours,
    share_traits,
)

_TEMPLATE_SHARE_MIN = 0.01
"""Share of an account's exchanges below which what others send too is a turn of speech: it would
weigh a tenth of a bit, and busy accounts have thousands."""


@dataclass(frozen=True)
class Observed:
    """What observing gives on: traits, the channels that have none, and account-day profiles."""

    traits: pl.DataFrame
    silent: tuple[str, ...]
    profiles: pl.DataFrame


def count_traits(  # noqa: PLR0913  what is known of the accounts, and what was counted before
    exchanges: nw.LazyFrame[Any],
    *,
    passages: SentPassages,
    register: pl.DataFrame,
    launches: pl.DataFrame,
    key: PseudonymKey,
    counts: DayCounts | None = None,
) -> Observed:
    """Collect the traits of every account that sent anything.

    Grain:   one TRAIT row per (account_id, channel, value).
    Nulls:   a channel without data has no rows, and is named in `silent`.
    `counts` is what was counted of these exchanges before, day by day; without it they are counted.
    Order:   irrelevant, in and out.
    Cost:    one group-by a channel over the exchanges, on the engine that they are on.
    """
    counts = counts or count_exchanges(exchanges)
    profiles, counted, first_use = counts.profiles, dict(counts.values), counts.first_use
    totals = profiles.group_by("account_id").agg(pl.col("exchanges").sum().alias("total"))
    sent = count_templates(passages, place="prompt").join(totals, on="account_id")
    often = pl.col("exchanges") >= _TEMPLATE_SHARE_MIN * pl.col("total")
    counted["template"] = sent.filter(often).drop("total")
    counted["system_text"] = count_systems(passages, texts=counted["system_text"])
    active = (
        counted["active_hour"].group_by("account_id").agg(pl.col("value").min().alias("first_hour"))
    )
    end = counted["active_hour"]["value"].max()
    hours = counted["active_hour"] = sample_hours(counted["active_hour"], key=key)
    of_channel = {
        "active_hour": hours.group_by("account_id").agg(pl.col("exchanges").sum().alias("total"))
    }
    parts = [
        share_traits(rows, channel=channel, totals=of_channel.get(channel, totals), key=key)
        for channel, rows in counted.items()
        if len(rows)
    ]
    parts.append(read_register_traits(register, active=active, key=key))
    parts.append(
        adopt_models(first_use, launches=launches, end_hour=end if isinstance(end, int) else 0)
    )
    traits = pl.concat([TRAIT.empty(), *parts])
    heard = set(traits["channel"].unique())
    silent = tuple(c.name for c in CHANNELS if c.name not in heard)
    return Observed(traits, silent, profiles)
