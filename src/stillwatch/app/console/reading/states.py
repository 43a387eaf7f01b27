"""What has become of each campaign: new, growing, acted on, regrown.

Reads `campaigns`, HISTORY, the effects in force and the register's status. A scan has no look
before it, so that all it finds is new.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.app.console.reading.reading import Reading
from stillwatch.domain.results import TAKING

WORDS: Final = {
    "born": "new",
    "grew": "growing",
    "steady": "steady",
    "regrown": "regrown",
    "split": "split",
    "merged": "merged",
    "dormant": "dormant",
}
_GRADED: Final = pl.Schema({"grade": pl.String, "is_permitted": pl.Boolean})
_STOPPED: Final = ("suspended", "terminated")


def state_campaigns(reading: Reading) -> pl.DataFrame:
    """Give every campaign with its state, those that a person wants to see first at the top.

    Grain:   CAMPAIGNS_OUT with `state`, `grade`, `is_permitted`, `acted_on` (accounts under an
             effect or stopped by the register) and `fraudulent` (accounts).
    Order:   that of the report.
    """
    return reading.remember("states", reading.mark, make=lambda: _state(reading))


def _state(reading: Reading) -> pl.DataFrame:
    ranked = reading.findings.ranked_campaigns()
    if not ranked:
        schema = {"state": pl.String, "grade": pl.String, "is_permitted": pl.Boolean}
        counts = {"acted_on": pl.Int64, "fraudulent": pl.Int64}
        return reading.campaigns.with_columns(
            pl.lit(None, dtype=dtype).alias(name) for name, dtype in (schema | counts).items()
        )
    frame = pl.DataFrame(ranked, schema=reading.campaigns.schema | _GRADED)
    return (
        frame.join(_states(reading), on="campaign_id", how="left", maintain_order="left")
        .join(_acted_on(reading), on="campaign_id", how="left", maintain_order="left")
        .join(_fraudulent(reading), on="campaign_id", how="left", maintain_order="left")
        .with_columns(
            pl.when("is_permitted")
            .then(pl.lit("permitted"))
            .otherwise(pl.col("state").fill_null("new"))
            .alias("state"),
            pl.col("acted_on", "fraudulent").fill_null(0),
        )
    )


def _states(reading: Reading) -> pl.DataFrame:
    """Give what the newest look says of each campaign."""
    newest = reading.history.filter(pl.col("look") == pl.col("look").max())
    return newest.select(
        "campaign_id", pl.col("state").replace_strict(WORDS, default="steady").alias("state")
    )


def _acted_on(reading: Reading) -> pl.DataFrame:
    stopped = reading.register.filter(pl.col("status").is_in(_STOPPED)).select("account_id")
    taking = reading.decisions.filter(pl.col("effect").is_in(TAKING)).select("account_id")
    acted = pl.concat([stopped, taking]).unique()
    members = reading.accounts.filter(pl.col("campaign_id").is_not_null())
    met = members.join(acted, on="account_id", how="semi").group_by("campaign_id")
    return met.agg(pl.len().cast(pl.Int64).alias("acted_on"))


def _fraudulent(reading: Reading) -> pl.DataFrame:
    called = reading.accounts.filter(pl.col("verdict") == "fraudulent").group_by("campaign_id")
    return called.agg(pl.len().cast(pl.Int64).alias("fraudulent"))
