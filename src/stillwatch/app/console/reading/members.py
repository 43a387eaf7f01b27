"""The accounts of a campaign, as a table that twenty thousand rows do not slow down.

Reads `accounts`, `evidence`, the register's rows and the effects in force; made once a campaign.
"""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from stillwatch.app.console.reading.reading import Reading
from stillwatch.domain.results import EVIDENCE
from stillwatch.report.findings import SEVERITY
from stillwatch.store.ledger.nouns.decisions import EFFECTS

_RANK: Final = {verdict: rank for rank, verdict in enumerate(SEVERITY)}
_GRAVITY: Final = {effect: rank for rank, effect in enumerate(EFFECTS)}
_REGISTER: Final = ("created_at", "plan", "program", "protected", "status")


def list_members(reading: Reading, campaign_id: str) -> pl.DataFrame:
    """Give the accounts of a campaign.

    Grain:   one row per account: ACCOUNTS_OUT, with `weight_bits` (over all families), `families`
             (that speak for it), `effect` in force, and what the register says.
    Nulls:   what the register or an older result lacks.
    Order:   gravest verdict first, then probability, exchanges, account_id.
    """
    key = ("members", campaign_id, reading.mark)
    return reading.remember(*key, make=lambda: _list(reading, campaign_id))


def weigh_members(reading: Reading, campaign_id: str) -> pl.DataFrame:
    """Give the accounts of a campaign as `list_members` does, but for the effects in force.

    Cost:    linear in the evidence on accounts; made once a campaign, whatever people decide.
    """
    return reading.remember("weighed", campaign_id, make=lambda: _weigh(reading, campaign_id))


def _list(reading: Reading, campaign_id: str) -> pl.DataFrame:
    gravity = pl.col("effect").replace_strict(_GRAVITY, default=-1)
    graver = reading.decisions.sort(gravity, "decision_id", descending=[True, False])
    effects = graver.unique("account_id", keep="first").select("account_id", "effect")
    members = weigh_members(reading, campaign_id)
    joined = members.join(effects, on="account_id", how="left", maintain_order="left")
    own = [name for name in members.columns if name not in _REGISTER]
    return joined.select(*own, "effect", *_REGISTER)


def _weigh(reading: Reading, campaign_id: str) -> pl.DataFrame:
    chosen = reading.accounts.filter(pl.col("campaign_id") == campaign_id)
    rank = pl.col("verdict").replace_strict(_RANK).alias("rank")
    order = ("rank", "probability", "exchanges", "account_id")
    ranked = chosen.with_columns(rank).sort(*order, descending=[False, True, True, False])
    known = reading.register.select("account_id", *_REGISTER)
    frame = ranked.drop("rank").with_row_index("row")
    weights = _weights(reading, frame.select("row", subject_id="account_id"))
    frame = frame.join(weights, on="row", how="left", maintain_order="left").drop("row")
    return frame.join(known, on="account_id", how="left", maintain_order="left")


def _weights(reading: Reading, numbered: pl.DataFrame) -> pl.DataFrame:
    """Sum the evidence on accounts over families; by number, since ids are slow to group by."""
    by_family = (
        reading.scan(EVIDENCE)
        .select("subject_id", "family", "weight_bits")
        .join(numbered.lazy(), on="subject_id")
        .group_by("row", "family")
        .agg(pl.col("weight_bits").sum())
    )
    summed = by_family.group_by("row").agg(
        pl.col("weight_bits").sum(),
        pl.col("family").filter(pl.col("weight_bits") > 0).sort().alias("families"),
    )
    return summed.collect()


def spell_members(members: pl.DataFrame) -> dict[str, Any]:
    """Give the members as columns for a script; repeated words are numbered.

    Grain:   `rows` accounts; each column a list of so many values.
    """
    columns: dict[str, Any] = {
        "account_id": members["account_id"].to_list(),
        "probability": members["probability"].round(4).to_list(),
        "exchanges": members["exchanges"].to_list(),
        "weight_bits": members["weight_bits"].round(1).to_list(),
        "created_at": members["created_at"].dt.epoch("s").to_list(),
    }
    words: dict[str, list[str]] = {}
    for name in ("verdict", "effect", "plan", "program", "status"):
        words[name] = sorted(members[name].drop_nulls().unique())
        numbers = {word: number for number, word in enumerate(words[name])}
        coded = members[name].replace_strict(numbers, default=None, return_dtype=pl.Int64)
        columns[name] = coded.to_list()
    flags = members["protected"].fill_null(value=False)
    columns["protected"] = flags.cast(pl.Int8).to_list()
    columns["successor"] = members["predecessor_account_id"].is_not_null().cast(pl.Int8).to_list()
    return {"rows": members.height, "columns": columns, "words": words}
