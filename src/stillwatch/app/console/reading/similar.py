"""Campaigns that resemble one another: shared templates, shared values, the same aims.

The one idea: say what is shared and how much of it, and let a person judge. It is no test: two
campaigns of one operator may share nothing, and two operators may use one proxy network.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.app.console.reading.reading import Reading
from stillwatch.domain.channels.families import CHANNEL_OF

SIMILAR_MAX: Final = 8
"""Campaigns that are listed: what is nearest; the overview has all."""
_TELLING: Final = frozenset({"content", "identity", "infrastructure", "client"})
"""Families whose values say something of an operator; everybody shares an hour."""
_RARE: Final = 0.05
"""Share of all accounts that may hold a value for it to count: a country says nothing."""
_TEXTS: Final = pl.List(pl.String)
_SCHEMA: Final = pl.Schema(
    [
        ("campaign_id", pl.String()),
        ("templates", pl.Int64()),
        ("values", pl.Int64()),
        ("aims", _TEXTS),
        ("tactics", _TEXTS),
        ("score", pl.Float64()),
    ]
)


def find_similar(reading: Reading, campaign_id: str) -> pl.DataFrame:
    """Find campaigns that share something with one.

    Grain:   one row per other campaign that shares anything: numbers of shared templates and of
             shared values that tie (held by two or more accounts of each), shared capabilities and
             tactics.
    Order:   templates, values, aims, most first; at most SIMILAR_MAX.
    Cost:    linear in TIE the first time, in the rare values of campaigns then.
    """
    rows = reading.campaigns.select("campaign_id", "capabilities", "tactics").to_dicts()
    own = next((row for row in rows if row["campaign_id"] == campaign_id), None)
    if own is None:
        return pl.DataFrame(schema=_SCHEMA)
    templates = _shared(reading.templates.select("campaign_id", "template_id"), campaign_id)
    known = reading.remember("values", make=lambda: _values(reading))
    values = _shared(known, campaign_id)
    found = []
    for row in rows:
        name = row["campaign_id"]
        aims = [one for one in own["capabilities"] if one in row["capabilities"]]
        tactics = [one for one in own["tactics"] if one in row["tactics"]]
        shared = (templates.get(name, 0), values.get(name, 0))
        if name != campaign_id and (any(shared) or (aims and tactics)):
            score = 3.0 * (shared[0] > 0) + 2.0 * (shared[1] > 0) + len(aims) + len(tactics)
            found.append((name, *shared, aims, tactics, score))
    frame = pl.DataFrame(found, schema=_SCHEMA, orient="row")
    return frame.sort(
        "templates", "values", "score", "campaign_id", descending=[True, True, True, False]
    ).head(SIMILAR_MAX)


def _values(reading: Reading) -> pl.DataFrame:
    """Give the values that tie, by campaign."""
    campaigns = reading.groups.select("group_id", "campaign_id").drop_nulls()
    told = [c.name for c in CHANNEL_OF.values() if c.family in _TELLING]
    rare = pl.col("holders") <= _RARE * max(reading.accounts.height, 1)
    keyed = reading.ties.filter(pl.col("channel").is_in(told), rare).select(
        "group_id", pl.concat_str("channel", "value").alias("value")
    )
    return keyed.unique().join(campaigns, on="group_id").select("campaign_id", "value").unique()


def _shared(frame: pl.DataFrame, campaign_id: str) -> dict[str, int]:
    column = frame.columns[1]
    own = frame.filter(pl.col("campaign_id") == campaign_id).select(column).unique()
    others = frame.unique().join(own, on=column, how="semi")
    return dict(others.group_by("campaign_id").len().iter_rows())
