"""A campaign's accounts and the values that tie them: together first, and then one by one.

The one idea: accounts that hold the same values are one bundle, so that twenty thousand accounts
are some twenty bundles and as many values, each of which opens into bundles of its own. Bundles
follow the values that divide the accounts; what all hold is drawn and divides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from stillwatch.app.console.reading.bundles import fold_values, label_bundles
from stillwatch.app.console.reading.reading import Reading
from stillwatch.app.console.reading.values import write_value
from stillwatch.domain.channels.families import CHANNEL_OF

Row = dict[str, Any]
Holds = NDArray[np.bool_]

_TRIED_MAX: Final = 96
_A_CHANNEL_MAX: Final = 8
"""Values tried, in all and of a channel, before those that the same accounts hold become one."""
ONE_BY_ONE_MAX: Final = 60
"""Accounts that are drawn one by one: each still has room for its name."""
_HOLDERS_SHARE_MIN: Final = 0.02
_EDGE_SHARE_MIN: Final = 0.2
_DEPTH_MAX: Final = 6


def draw_together(reading: Reading, campaign_id: str, *, within: str = "") -> dict[str, Any]:
    """Bundle the accounts of a campaign, or those of one bundle of it, by the values they share.

    within:  the bundles that were opened, `3.0`: the fourth, and in it the first.
    Grain:   `bundles` (key, accounts, ids where they are drawn one by one), `traits`, and `edges`
             (bundle, trait, accounts that hold it).
    Nulls:   no trait where the result keeps no ties.
    Order:   bundles by size; the same result gives the same bundles.
    Cost:    linear in the ties of the campaign.
    """
    return reading.remember(
        "graph", campaign_id, within, make=lambda: _bundle(reading, campaign_id, within)
    )


def _bundle(reading: Reading, campaign_id: str, within: str) -> dict[str, Any]:
    accounts = reading.accounts.filter(pl.col("campaign_id") == campaign_id).sort("account_id")
    population = reading.accounts.height
    path = [int(part) for part in within.split(".") if part.isdecimal()][:_DEPTH_MAX]
    ties = reading.ties.join(accounts, on="account_id", how="semi")
    chosen, traits, holds, labels = _divide(ties, accounts, population)
    for number in path:
        inside = chosen.filter(pl.Series(labels == number))
        if inside.is_empty():
            break
        ties = ties.join(inside, on="account_id", how="semi")
        chosen, traits, holds, labels = _divide(ties, inside, population)
    return {
        "campaign": campaign_id,
        "within": ".".join(map(str, path)),
        "accounts": chosen.height,
        "traits": traits,
        "bundles": _list_bundles(chosen, holds, labels, traits),
        "edges": _list_edges(holds, labels),
    }


def _divide(
    ties: pl.DataFrame, accounts: pl.DataFrame, population: int
) -> tuple[pl.DataFrame, list[Row], Holds, NDArray[np.int64]]:
    """Choose the values to draw, and say which account is in which bundle."""
    traits = _choose_traits(ties, accounts.height, population)
    traits, holds = fold_values(traits, _mark_holders(ties, accounts, traits))
    if accounts.height <= ONE_BY_ONE_MAX:
        return accounts, traits, holds, np.arange(accounts.height)
    return accounts, traits, holds, label_bundles(holds)


def _choose_traits(ties: pl.DataFrame, number: int, population: int) -> list[Row]:
    """Take the values that tie most: by how many hold them, and how rare they are elsewhere."""
    bar = max(2, math.ceil(_HOLDERS_SHARE_MIN * number))
    inside = pl.col("inside") / number
    outside = (pl.col("holders") / max(population, 1)).clip(1e-9, 1.0)
    found = (
        ties.group_by("channel", "value")
        .agg(pl.len().cast(pl.Int64).alias("inside"), pl.col("holders").first())
        .filter(pl.col("inside") >= bar)
        .with_columns((inside / outside).log(2).alias("lift_bits"))
        .filter(pl.col("lift_bits") > 1)
        .with_columns((inside * pl.col("lift_bits")).alias("rank"))
        .sort("rank", "channel", "value", descending=[True, False, False])
        .group_by("channel", maintain_order=True)
        .head(_A_CHANNEL_MAX)
        .sort("rank", "channel", "value", descending=[True, False, False])
        .head(_TRIED_MAX)
    )
    return [
        {
            "channel": row["channel"],
            "family": CHANNEL_OF[row["channel"]].family if row["channel"] in CHANNEL_OF else "",
            "value": row["value"],
            "label": write_value(row["channel"], row["value"]),
            "inside": row["inside"],
            "holders": row["holders"],
            "lift_bits": round(row["lift_bits"], 2),
            "values": 1,
        }
        for row in found.iter_rows(named=True)
    ]


def _mark_holders(ties: pl.DataFrame, accounts: pl.DataFrame, traits: Sequence[Row]) -> Holds:
    holds = np.zeros((accounts.height, len(traits)), dtype=np.bool_)
    if not traits:
        return holds
    columns = pl.DataFrame(
        {
            "channel": [trait["channel"] for trait in traits],
            "value": [trait["value"] for trait in traits],
            "column": range(len(traits)),
        }
    )
    numbered = accounts.select("account_id").with_row_index("row")
    found = ties.join(columns, on=["channel", "value"]).join(numbered, on="account_id")
    holds[found["row"].to_numpy(), found["column"].to_numpy()] = True
    return holds


def _list_bundles(
    accounts: pl.DataFrame, holds: Holds, labels: NDArray[np.int64], traits: Sequence[Row]
) -> list[Row]:
    ids = accounts["account_id"].to_list() if accounts.height <= ONE_BY_ONE_MAX else []
    verdicts = accounts["verdict"].to_numpy()
    bundles = []
    for number in range(int(labels.max(initial=-1)) + 1):
        inside = labels == number
        share = holds[inside].mean(axis=0) if len(traits) else np.zeros(0)
        bundles.append(
            {
                "key": number,
                "accounts": int(inside.sum()),
                "account_id": ids[number] if ids else None,
                "fraudulent": int((verdicts[inside] == "fraudulent").sum()),
                "traits": [int(at) for at in np.flatnonzero(share > 0.5)],  # noqa: PLR2004  most
            }
        )
    return bundles


def _list_edges(holds: Holds, labels: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    edges: list[tuple[int, int, int]] = []
    for number in range(int(labels.max(initial=-1)) + 1):
        inside = labels == number
        held = holds[inside].sum(axis=0)
        most = np.flatnonzero(held >= _EDGE_SHARE_MIN * inside.sum())
        edges += [(number, int(column), int(held[column])) for column in most]
    return edges
