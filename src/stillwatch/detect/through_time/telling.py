"""What a group is told by: the values that its accounts hold and others don't.

Reads `TRAIT` and members, writes `TELLING` rows by group. The one idea: a campaign whose accounts
were all replaced still works with the same templates, addresses, client stacks or instruments; so
of each group the values with the most weight are kept, hashed as they are. Left out are channels
whose values are moments (hours of use and of sign-up): successors never share them with those
whose place they took.

Blind spot: whoever changes template, network, client and payment at once comes back as another
campaign; two campaigns bought from one operator, with one set of tools, may be taken for one.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.channels.families import MOMENTS

_HELD_BY: Final = 0.1
"""Share of a group's accounts that must hold a value for it to tell anything of the group."""
_LIFT_BITS: Final = 1.0
"""Bits by which it must be more frequent inside than in the whole population."""


def find_telling(traits: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Find what each group is told by.

    Grain:   one row per (group_id, channel, value): weight_bits, at most limits.TELLING_VALUES_MAX
             a group.
    Units:   share of the group's accounts that hold the value, times log2 of that share over the
             population's, the group included.
    Nulls:   an account without a value in a channel holds none of it.
    Order:   by group, then weight, channel and value; input order is irrelevant.
    Cost:    one join of the members' trait rows, one count of the values that they hold.
    """
    lasting = traits.filter(~pl.col("channel").is_in(MOMENTS)).select(
        "account_id", "channel", "value"
    )
    population = max(traits["account_id"].n_unique(), 1)
    sizes = members.group_by("group_id").agg(pl.len().alias("size"))
    inside = (
        members.select("group_id", pl.col("account_id").cast(traits.schema["account_id"]))
        .join(lasting, on="account_id")
        .group_by("group_id", "channel", "value")
        .agg(pl.len().alias("holders"))
        .join(sizes, on="group_id")
        .with_columns((pl.col("holders") / pl.col("size")).alias("inside"))
        .filter(pl.col("inside") >= _HELD_BY, pl.col("holders") > 1)
    )
    everywhere = (
        lasting.join(
            inside.select("channel", "value").unique(), on=["channel", "value"], how="semi"
        )
        .group_by("channel", "value")
        .agg((pl.len() / population).alias("outside"))
    )
    lift = (pl.col("inside") / pl.col("outside")).log(2)
    return (
        inside.join(everywhere, on=["channel", "value"])
        .with_columns(lift.alias("lift"))
        .filter(pl.col("lift") >= _LIFT_BITS)
        .with_columns((pl.col("inside") * pl.col("lift")).alias("weight_bits"))
        .sort("group_id", "weight_bits", "channel", "value", descending=[False, True, False, False])
        .group_by("group_id", maintain_order=True)
        .head(limits.TELLING_VALUES_MAX)
        .select("group_id", pl.col("channel").cast(pl.String), "value", "weight_bits")
    )
