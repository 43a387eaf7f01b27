"""A new account that carries traits of a known campaign, told at its first requests.

Between looks: reads `TRAIT` of the accounts of a micro-batch and what campaigns are told by
(`TELLING`), writes `EARLY`. The one idea: a look has already found what a campaign's accounts hold
and others don't, so an account that holds such values in two families needs no population of its
own to stand out. It is `suspect`, for a person or the next look; a judgement takes the whole.

Blind spot: templates and rhythms, which only many requests show; a campaign whose successors change
all but one family; and a look-alike that joins an office or a relay beside a campaign and copies
its client as well.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.domain.channels.families import CHANNELS
from stillwatch.domain.lake_tables import EARLY
from stillwatch.domain.settings import LinkSettings

_FAMILIES_MIN: Final = 2
"""As for every member of a group (DESIGN.md, 6.5)."""
_PRIOR_BITS_MIN: Final = 3.0
"""Bits to overcome where a campaign is told by little: no more than one new account in eight is
taken to be its."""
_SUSPECT: Final = "suspect"


def sight_early(
    traits: pl.DataFrame, telling: pl.DataFrame, *, settings: LinkSettings
) -> pl.DataFrame:
    """Find accounts that carry traits of known campaigns.

    Grain:   one row per account: account_id, campaign_id, verdict, weight_bits, families, channels;
             of several campaigns the one with the most evidence.
    Units:   the weight of a telling value (holders' share times lift, in bits) times the share
             of the account's exchanges that carry it; in each family the value with the most, up
             to `family_cap_bits`, over families the sum; it must reach `hidden_bar_bits`, the bar
             of candidates, beyond the prior. That is the most that one value of the campaign
             tells: what only its accounts hold has as many bits as they are rare.
    Nulls:   a channel without a shared value tells nothing.
    Order:   by account id; input order is irrelevant.
    Cost:    one join on the telling values, which are few.
    """
    latest = telling.filter(pl.col("look") == pl.col("look").max().over("campaign_id"))
    prior = latest.group_by("campaign_id").agg(
        pl.col("weight_bits").max().clip(lower_bound=_PRIOR_BITS_MIN).alias("prior")
    )
    families = pl.DataFrame(
        {"channel": [c.name for c in CHANNELS], "family": [c.family for c in CHANNELS]}
    )
    shared = traits.join(
        latest.select("campaign_id", "channel", "value", "weight_bits"), on=["channel", "value"]
    ).with_columns((pl.col("weight_bits") * pl.col("share")).alias("bits"))
    best = (
        shared.join(families, on="channel")
        .sort(
            "account_id", "campaign_id", "bits", "channel", descending=[False, False, True, False]
        )
        .group_by("account_id", "campaign_id", "family", maintain_order=True)
        .agg(pl.col("bits").first().clip(upper_bound=settings.family_cap_bits), "channel")
        .filter(pl.col("bits") >= settings.family_bar_bits)
        .sort("account_id", "campaign_id", "bits", "family", descending=[False, False, True, False])
    )
    found = best.group_by("account_id", "campaign_id", maintain_order=True).agg(
        pl.col("bits").sum().alias("weight_bits"),
        pl.col("family").alias("families"),
        pl.col("channel").explode().unique(maintain_order=True).alias("channels"),
    )
    reached = pl.col("weight_bits") >= pl.col("prior") + settings.hidden_bar_bits
    return (
        found.join(prior, on="campaign_id")
        .filter(pl.col("families").list.len() >= _FAMILIES_MIN, reached)
        .sort("account_id", "weight_bits", "campaign_id", descending=[False, True, False])
        .unique("account_id", keep="first", maintain_order=True)
        .with_columns(pl.lit(_SUSPECT).alias("verdict"))
        .select(name for name in EARLY.columns if name not in {"time", "exchanges"})
    )
