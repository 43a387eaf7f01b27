"""Which passages each exchange carries: shingles of prompts, and the templates of system texts.

Sixth step of *observe*: reads `OBSERVED`, gives passages by exchange and the traits of the content
family that rest on them. The lists are collected once and used by linking (which templates an
account sends) and by judging (which exchanges belong to the group).
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl

from stillwatch.observe.systems import find_system_templates
from stillwatch.observe.templates import count_spread, find_templates, list_frequent

_COUNTED = ("account_id", "value", "exchanges")


def list_passages(exchanges: nw.LazyFrame[Any], *, systems: pl.DataFrame) -> pl.DataFrame:
    """List the passages of each exchange.

    Grain:   one row per (row, hash): row, account_id, hash, template, place (`prompt`, `system`),
             system_hash. A system text is one passage for each of its templates.
    Nulls:   an exchange with nothing that others send has no row; system_hash is null in prompts.
    Cost:    one explode of the sketches and three group-bys; linear in shingles.
    `systems` is SYSTEM: the sketches of the system texts that the exchanges name.
    """
    spread = collect_here(count_spread(exchanges))
    frequent = collect_here(list_frequent(exchanges, give_to_engine(spread, exchanges)))
    templates = find_templates(frequent)
    prompts = frequent.join(templates, on="hash").with_columns(
        pl.lit("prompt").alias("place"), pl.lit(None, pl.Int64).alias("system_hash")
    )
    sent = collect_here(
        exchanges.select("row", "account_id", "system_hash").filter(
            ~nw.col("system_hash").is_null()
        )
    )
    shared = sent.join(find_system_templates(sent, systems), on="system_hash").with_columns(
        pl.col("template").alias("hash"), pl.lit("system").alias("place")
    )
    columns = ("row", "account_id", "hash", "template", "place", "system_hash")
    return pl.concat([prompts.select(columns), shared.select(columns)])


def give_to_engine(frame: pl.DataFrame, exchanges: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Give a small frame to the engine that the exchanges are on.

    Grain:   unchanged.
    """
    if exchanges.implementation.is_polars():
        return nw.from_native(frame.lazy())
    session = exchanges.to_native().sparkSession
    given: nw.LazyFrame[Any] = nw.from_native(session.createDataFrame(frame.to_arrow()))
    return given


def collect_here(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Bring a frame from whatever engine it is on to Polars."""
    collected: pl.DataFrame = frame.collect(backend="polars").to_native()
    return collected


def count_templates(passages: pl.DataFrame, *, place: str) -> pl.DataFrame:
    """Count, per account, the exchanges that carry each template of a place.

    Grain:   one row per (account_id, value): `exchanges`.
    """
    return (
        passages.filter(pl.col("place") == place)
        .select("row", "account_id", pl.col("template").alias("value"))
        .unique()
        .group_by("account_id", "value")
        .agg(pl.len().alias("exchanges"))
    )


def count_systems(passages: pl.DataFrame, *, texts: pl.DataFrame) -> pl.DataFrame:
    """Count, per account, the exchanges under each system template; a lone text counts as itself.

    Grain:   one row per (account_id, value): `exchanges`. `texts` is the same by whole text.
    """
    told = passages.filter(pl.col("place") == "system")
    lone = texts.join(told, left_on="value", right_on="system_hash", how="anti")
    both = [count_templates(told, place="system"), lone.select(_COUNTED)]
    return pl.concat([part.cast({"exchanges": pl.Int64}) for part in both])
