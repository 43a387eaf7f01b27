"""What a campaign's prompts have in common: its templates, and who else sends them.

Part of the fifth step of *detect*: reads `Traffic` and the list of passages; gives rows of
`TEMPLATES_OUT`. Counted in numbers of accounts and exchanges; ids of neither are looked up.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from stillwatch.detect.traffic import I32, Traffic
from stillwatch.domain import limits
from stillwatch.domain.observations import Passages

_TEMPLATE_SHARE = 0.1
"""Share of a campaign's accounts that must send a template for it to be listed."""
_TEMPLATES_MAX = 12
"""Templates listed of one campaign."""
_NAMED = ("template", "place")


def list_templates(traffic: Traffic, members: I32, *, passages: Passages) -> pl.DataFrame:
    """List the templates that at least a tenth of a campaign's accounts sent.

    Grain:   one row per template and place, at most 12: `TEMPLATES_OUT` but for the campaign.
    Order:   most widely sent first.
    Cost:    the passages of the campaign's exchanges, and a look at those of all.
    """
    named = passages.listed
    listed = (
        _count_inside(traffic, members, named)
        .filter(pl.col("accounts") >= np.ceil(_TEMPLATE_SHARE * len(members)))
        .sort("accounts", "exchanges", "template", descending=[True, True, False])
        .head(_TEMPLATES_MAX)
    )
    chosen = named.join(listed, on=["template", "place"], how="semi")
    everywhere = _count_holders(traffic, passages.carried, chosen)
    return (
        listed.join(everywhere, on=["template", "place"])
        .with_columns(
            (pl.col("all_accounts") - pl.col("accounts")).cast(pl.Int64).alias("accounts_outside"),
            pl.col("template")
            .map_elements(lambda t: f"{t & 0xFFFFFFFFFFFFFFFF:016x}", return_dtype=pl.String)
            .alias("template_id"),
        )
        .sort("accounts", "exchanges", "template_id", descending=[True, True, False])
    )


def _count_inside(traffic: Traffic, members: I32, named: pl.DataFrame) -> pl.DataFrame:
    """Count the campaign's accounts and exchanges that carry each template, and its likely tactic.

    Grain:   a row a template and place. Cost: some accounts at a time, each whole, so that counts
             add up: rows of all passages of millions of exchanges would be gigabytes.
    """
    templates = named.select("passage", "template", pl.col("place").cast(pl.Categorical))
    counts, tactics = [], []
    begins = traffic.passage_start[traffic.account_start]
    ends = np.cumsum((begins[1:] - begins[:-1])[members]) // limits.CAMPAIGN_BLOCK_ROWS
    for block in np.split(members, np.flatnonzero(np.diff(ends)) + 1):
        inside = _carry(traffic, block).join(templates, on="passage")
        each = pl.col("account").n_unique(), pl.col("at").n_unique()
        counts.append(inside.group_by(_NAMED).agg(each))
        tactics.append(inside.drop_nulls("tactic").group_by(*_NAMED, "tactic").len())
    summed = pl.concat(counts).group_by(_NAMED).sum()
    often = pl.concat(tactics).group_by(*_NAMED, "tactic").sum().cast({"tactic": pl.String})
    often = often.sort("len", "tactic", descending=[True, False])
    likely = often.group_by(_NAMED, maintain_order=True).agg(pl.col("tactic").first())
    both = summed.join(likely, on=_NAMED, how="left")
    return both.rename({"account": "accounts", "at": "exchanges"}).cast({"place": pl.String})


def _carry(traffic: Traffic, members: I32) -> pl.DataFrame:
    """The passages of some accounts. Grain: one row per exchange (`at`) and passage of it."""
    rows = traffic.rows_of(members)
    sizes = np.diff(traffic.passage_start)[rows]
    at = np.repeat(rows, sizes)
    within = np.arange(len(at)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    account = np.searchsorted(traffic.account_start, at, side="right") - 1
    return pl.DataFrame(
        {
            "at": at.astype(np.uint32),
            "account": account.astype(np.uint32),
            "passage": traffic.passage[traffic.passage_start[at] + within].astype(np.uint32),
            "tactic": traffic.exchanges["tactic"].cast(pl.Categorical).gather(at),
        }
    )


def _count_holders(traffic: Traffic, carried: pl.DataFrame, passages: pl.DataFrame) -> pl.DataFrame:
    """Count the accounts of the whole run that sent some templates. Grain: a row a template."""
    wanted = np.zeros(len(traffic.holders), np.bool_)
    wanted[passages["passage"].to_numpy()] = True
    held = carried.filter(wanted[carried["passage"].to_numpy()])
    account = traffic.population.find_senders(held["row"].to_numpy())
    found = held.select("passage", account=pl.Series(account)).filter(pl.col("account") >= 0)
    return (
        found.join(passages, on="passage")
        .group_by("template", "place")
        .agg(pl.col("account").n_unique().alias("all_accounts"))
    )
