"""What one account of a campaign has left to another: values that few others of it hold.

Used by `successors`: reads the members' `TRAIT` rows and pairs of accounts, gives each pair its
weight. The one idea: all heads of a campaign are alike, so what two of them share tells nothing
unless the *other heads* don't share it: an address that was used by the banned account and then by
the new one, an instrument, a client stack, a speciality. Frequencies are those inside the campaign,
the pair left out. Hours and sign-up times are left out: successors never inherit them.

Blind spot: what is handed over before the ban, and what a proxy hands to whoever comes next.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import polars as pl

from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import CHANNELS, MOMENTS

_HANDED_ON: Final = 0.5
"""Probability that a successor takes a value over: nothing is known of it, so as likely as not."""
_UNSEEN: Final = 0.5
"""Other holders that a value is taken to have beyond those that are seen (Jeffreys)."""
_PAIR: Final = 2


def weigh_inheritance(
    traits: pl.DataFrame, *, old: Collection[str], new: Collection[str]
) -> pl.DataFrame:
    """Weigh what the accounts of one campaign may have inherited from one another.

    Grain:   one row per pair of an `old` and a `new` account that shares a value: old, new, bits.
    `traits` is TRAIT of all accounts of the campaign.
    Units:   log2 of (probability that the heir holds the value) over (share of the other heads that
             does), times the smaller of the two accounts' shares of it; in each family the channel
             with the most, over families the sum.
    Nulls:   a channel in which one of them has no value tells nothing.
    Order:   by old and new; input order is irrelevant.
    Cost:    values of more than told_limits.INHERITED_HOLDERS_MAX accounts are left out: what a
             campaign shares is no inheritance, and pairs stay linear in trait rows.
    Source:  Fellegi & Sunter 1969, with the campaign as the population.
    """
    heads = max(traits["account_id"].n_unique(), 1)
    lasting = traits.filter(~pl.col("channel").is_in(MOMENTS))
    held = lasting.group_by("channel", "value").agg(pl.len().alias("holders"))
    few = held.filter(pl.col("holders").is_between(_PAIR, told_limits.INHERITED_HOLDERS_MAX))
    rows = lasting.join(few, on=["channel", "value"])
    others = (pl.col("holders") - _PAIR + _UNSEEN) / max(heads - _PAIR + 1, 1)
    lift = (_HANDED_ON / others + 1 - _HANDED_ON).log(2)
    columns = ("channel", "value", "share", "lift")
    rows = rows.with_columns(lift.alias("lift"))
    left = rows.filter(pl.col("account_id").is_in(list(old)))
    right = rows.filter(pl.col("account_id").is_in(list(new)))
    shared = (
        left.select(pl.col("account_id").alias("old"), *columns)
        .join(
            right.select(
                pl.col("account_id").alias("new"),
                "channel",
                "value",
                pl.col("share").alias("other"),
            ),
            on=["channel", "value"],
        )
        .filter(pl.col("old") != pl.col("new"))
        .with_columns((pl.col("lift") * pl.min_horizontal("share", "other")).alias("bits"))
    )
    families = pl.DataFrame(
        {"channel": [c.name for c in CHANNELS], "family": [c.family for c in CHANNELS]}
    )
    by_channel = (
        shared.sort("old", "new", "channel", "value")
        .group_by("old", "new", "channel", maintain_order=True)
        .agg(pl.col("bits").sum())
        .join(families, on="channel")
    )
    best = by_channel.sort("bits", "channel", descending=[True, False]).unique(
        ["old", "new", "family"], keep="first", maintain_order=True
    )
    return (
        best.group_by("old", "new", maintain_order=True)
        .agg(pl.col("bits").sum())
        .sort("old", "new")
    )


def choose_one(bits: float, *, rivals: np.ndarray) -> float:
    """Give the probability of one of several candidates, each as likely as any beforehand.

    Units:   probability. `rivals` are the bits of all candidates, the chosen one's among them.
    Source:  Bayes; where nothing is shared it is one in as many as there are: chance.
    """
    return float(np.exp2(bits - rivals.max()) / np.exp2(rivals - rivals.max()).sum())
