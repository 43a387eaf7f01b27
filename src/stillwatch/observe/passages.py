"""Which passages each exchange carries: shingles of widely sent templates, and system texts.

Sixth step of *observe*: reads `OBSERVED`, gives passages by exchange and the traits of the content
family that rest on them. The lists are collected once and used by linking (which templates an
account sends) and by judging (which exchanges belong to the group).
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl

from stillwatch.domain import limits
from stillwatch.observe.templates import count_spread, find_templates, list_frequent


def list_passages(exchanges: nw.LazyFrame[Any]) -> pl.DataFrame:
    """List the passages of each exchange.

    Grain:   one row per (row, hash): row, account_id, hash, template, place (`prompt`, `system`).
    Nulls:   an exchange with nothing that others send has no row.
    Cost:    one explode of the sketches and two group-bys; linear in shingles.
    """
    spread = collect_here(count_spread(exchanges))
    frequent = collect_here(list_frequent(exchanges, _like(spread, exchanges)))
    templates = find_templates(frequent)
    prompts = frequent.join(templates, on="hash").with_columns(pl.lit("prompt").alias("place"))
    systems = collect_here(
        exchanges.select("row", "account_id", nw.col("system_hash").alias("hash")).filter(
            ~nw.col("hash").is_null()
        )
    )
    wide = (
        systems.group_by("hash")
        .agg(pl.col("account_id").n_unique().alias("accounts"))
        .filter(pl.col("accounts") >= limits.TEMPLATE_ACCOUNTS_MIN)
    )
    shared = systems.join(wide.select("hash"), on="hash").with_columns(
        pl.col("hash").alias("template"), pl.lit("system").alias("place")
    )
    columns = ("row", "account_id", "hash", "template", "place")
    return pl.concat([prompts.select(columns), shared.select(columns)])


def _like(frame: pl.DataFrame, exchanges: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Give a small frame to the engine that the exchanges are on."""
    if exchanges.implementation.is_polars():
        return nw.from_native(frame.lazy())
    session = exchanges.to_native().sparkSession
    given: nw.LazyFrame[Any] = nw.from_native(session.createDataFrame(frame.to_arrow()))
    return given


def collect_here(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Bring a frame from whatever engine it is on to Polars."""
    collected: pl.DataFrame = frame.collect(backend="polars").to_native()
    return collected


def count_templates(passages: pl.DataFrame) -> pl.DataFrame:
    """Count, per account, the exchanges that carry each prompt template.

    Grain:   one row per (account_id, value): `exchanges`.
    """
    return (
        passages.filter(pl.col("place") == "prompt")
        .select("row", "account_id", pl.col("template").alias("value"))
        .unique()
        .group_by("account_id", "value")
        .agg(pl.len().alias("exchanges"))
    )
