"""Which passages each exchange carries: shingles of prompts, and the templates of system texts.

Sixth step of *observe*: reads `OBSERVED`, gives passages by exchange and the traits of the content
family that rest on them. The lists are collected once and used by linking (which templates an
account sends) and by judging (which exchanges belong to the group).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain.passages import Passages
from stillwatch.observe.systems import find_system_templates
from stillwatch.observe.templates import count_spread, find_templates, list_frequent

_COUNTED = ("account_id", "value", "exchanges")


@dataclass(frozen=True)
class SentPassages:
    """The passages of a run, and who sends them."""

    passages: Passages
    senders: pl.DataFrame
    """(row, account_id): one row per exchange."""
    texts: pl.DataFrame
    """(system_hash, template): the system texts that have one."""


def list_passages(exchanges: nw.LazyFrame[Any], *, systems: pl.DataFrame) -> SentPassages:
    """List the passages of each exchange.

    Grain:   one row of `carried` per exchange and passage. A system text is one passage for each of
             its templates.
    Nulls:   an exchange with nothing that others send has no row.
    Cost:    one explode of the sketches and a sort of its frequent rows, of eight bytes each.
    `systems` is SYSTEM: the sketches of the system texts that the exchanges name.
    """
    senders = collect_here(exchanges.select("row", "account_id", "system_hash"))
    spread = collect_here(count_spread(exchanges)).sort("hash").with_row_index("shingle")
    numbered = spread.select("hash", pl.col("shingle").cast(pl.Int32))  # Spark knows signed ones
    kept = ("row", "shingle")
    found = list_frequent(exchanges, give_to_engine(numbered, exchanges), columns=kept)
    frequent = collect_here(found).cast(pl.UInt32)
    account = pl.Series("account", _number_accounts(senders)[frequent["row"].to_numpy()])
    templates = find_templates(frequent.with_columns(account))
    hashes = spread["hash"].to_numpy()
    prompts = templates.with_row_index("passage").select(
        "passage",
        "shingle",
        pl.Series("hash", hashes[templates["shingle"].to_numpy()]),
        pl.Series("template", hashes[templates["template"].to_numpy()]),
        pl.lit("prompt").alias("place"),
    )
    sent = senders.filter(pl.col("system_hash").is_not_null())
    texts = find_system_templates(sent.select("account_id", "system_hash"), systems)
    shared = (
        texts.select("template")
        .unique()
        .sort("template")
        .with_row_index("passage", offset=len(prompts))
        .with_columns(hash="template", place=pl.lit("system"))
    )
    carried = [
        _carry_prompts(frequent, prompts),
        sent.select(pl.col("row").cast(pl.UInt32), "system_hash")
        .join(texts.join(shared.select("template", "passage"), on="template"), on="system_hash")
        .select("row", "passage"),
    ]
    columns = ("hash", "template", "place")
    listed = pl.concat([prompts.select(columns), shared.select(columns)])
    return SentPassages(
        Passages.number(pl.concat(carried), listed), senders.drop("system_hash"), texts
    )


def _carry_prompts(frequent: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """Say which passages prompts carry. Grain: one row per row of `frequent` in a template."""
    shingle = frequent["shingle"].to_numpy()
    passage = np.full(int(shingle.max()) + 1 if len(shingle) else 1, len(prompts), np.uint32)
    passage[prompts["shingle"].to_numpy()] = prompts["passage"].to_numpy()
    carried = frequent.select("row", pl.Series("passage", passage[shingle]))
    return carried.filter(pl.col("passage") < len(prompts))


def _number_accounts(senders: pl.DataFrame) -> npt.NDArray[np.uint32]:
    """Number the accounts. Grain: an entry a row number of the exchanges, up to the largest."""
    account = senders["account_id"].cast(pl.Categorical).to_physical().to_numpy()
    rows = senders["row"].to_numpy()
    out = np.zeros(int(rows.max()) + 1 if len(rows) else 1, np.uint32)
    out[rows] = account
    return out


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


def count_templates(sent: SentPassages, *, place: str) -> pl.DataFrame:
    """Count, per account, the exchanges that carry each template of a place.

    Grain:   one row per (account_id, value): `exchanges`.
    """
    here = sent.passages.listed.filter(pl.col("place") == place)
    return (
        sent.passages.carried.join(here.select("passage", "template"), on="passage")
        .select("row", pl.col("template").alias("value"))
        .unique()
        .join(sent.senders.with_columns(pl.col("row").cast(pl.UInt32)), on="row")
        .group_by("account_id", "value")
        .agg(pl.len().alias("exchanges"))
    )


def count_systems(sent: SentPassages, *, texts: pl.DataFrame) -> pl.DataFrame:
    """Count, per account, the exchanges under each system template; a lone text counts as itself.

    Grain:   one row per (account_id, value): `exchanges`. `texts` is the same by whole text.
    """
    lone = texts.join(sent.texts, left_on="value", right_on="system_hash", how="anti")
    both = [count_templates(sent, place="system"), lone.select(_COUNTED)]
    return pl.concat([part.cast({"exchanges": pl.Int64}) for part in both])
