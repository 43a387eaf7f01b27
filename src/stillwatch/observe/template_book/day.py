"""The templates of one day: found anew, named by the book, and counted exchange by exchange.

Reads `OBSERVED` and `SYSTEM`, gives `Found`: the day's shingles by template, and after the book has
named them `TEMPLATE_COVER`. The one idea: prompts and system texts are parted alike, a set being
what an exchange, or a system text, holds of what at least five accounts send that day.

Absent: names that last (`book.py`), figures (`figures.py`). Blind spot: a paraphrase shares no
shingle; a template that no day shows in five accounts is found by a longer window alone.
"""

from __future__ import annotations

from typing import Any, Final

import narwhals as nw
import polars as pl

from stillwatch.domain import limits
from stillwatch.observe.engines import collect_here, give_to_engine
from stillwatch.observe.hashes.shingles import count_spread, list_frequent
from stillwatch.observe.template_book.partition import partition_shingles, take_sets
from stillwatch.observe.traits import count_values

_GRAIN: Final = float(2**20)
"""Coverage is a whole number of its inverse: sums are exact, whatever the order of rows."""
_SHINGLES: Final = ("place", "hash", "template", "accounts")


def find_shingles(exchanges: nw.LazyFrame[Any], *, systems: pl.DataFrame) -> pl.DataFrame:
    """Find the shingles of a day's templates.

    Grain:   one row per (place, hash): `template`, a number that is the day's own, and `accounts`,
             how many sent the shingle.
    Nulls:   a null or empty sketch has no shingle.
    Order:   sorted by (place, hash); of the exchanges it is irrelevant, and so is how a day is cut
             into files.
    Cost:    two explodes of the sketches and a sort: 48 rows an exchange at most, and
             partition.PAIRS_PER_SET_MAX pairs a distinct set.
    `systems` is SYSTEM: the sketches of the system texts that the exchanges name.
    """
    spread = collect_here(count_spread(exchanges))
    frequent = collect_here(list_frequent(exchanges, give_to_engine(spread, exchanges)))
    texts = collect_here(count_values(exchanges, column="system_hash"))
    found = [
        _find_in_prompts(frequent).with_columns(place=pl.lit("prompt")),
        _find_in_systems(texts, systems).with_columns(place=pl.lit("system")),
    ]
    return pl.concat([part.select(_SHINGLES) for part in found]).sort("place", "hash")


def _find_in_prompts(frequent: pl.DataFrame) -> pl.DataFrame:
    """Part what prompts share. Grain: one row per hash."""
    widely = _count_accounts(frequent)
    held, weights = take_sets(frequent.join(widely, on="hash", how="semi"), of="row")
    return partition_shingles(held, weights).join(widely, on="hash")


def _find_in_systems(texts: pl.DataFrame, systems: pl.DataFrame) -> pl.DataFrame:
    """Part what system texts share, each text as often as accounts send it.

    Grain:   one row per hash. A text without any shingle is a template by its own hash.
    `texts` is (account_id, value), the value a system text's hash.
    """
    users = texts.select("account_id", pl.col("value").alias("system_hash"))
    weights = users.group_by("system_hash").agg(pl.len().alias("weight"))
    shingles = _explode(systems).join(weights, on="system_hash")
    often = shingles.filter(
        pl.col("weight").sum().over("hash") >= limits.TEMPLATE_ACCOUNTS_MIN
    ).select("system_hash", "hash")
    widely = _count_accounts(often.join(users, on="system_hash"))
    held = often.join(widely, on="hash", how="semi").rename({"system_hash": "set"})
    parted = partition_shingles(held, weights.rename({"system_hash": "set"})).join(
        widely, on="hash"
    )
    return pl.concat([parted, _take_whole(weights, systems).select(parted.columns)])


def _take_whole(weights: pl.DataFrame, systems: pl.DataFrame) -> pl.DataFrame:
    """Take the widely sent texts that have no shingle at all."""
    bare = systems.filter(pl.col("sketch").list.len().fill_null(0) == 0)
    widely = weights.filter(pl.col("weight") >= limits.TEMPLATE_ACCOUNTS_MIN)
    return widely.join(bare, on="system_hash", how="semi").select(
        pl.col("system_hash").alias("hash"),
        pl.col("system_hash").alias("template"),
        pl.col("weight").alias("accounts"),
    )


def _count_accounts(rows: pl.DataFrame) -> pl.DataFrame:
    """Count the accounts of each hash, and keep those with enough of them."""
    counted = rows.select("hash", "account_id").unique().group_by("hash")
    return counted.agg(pl.len().alias("accounts")).filter(
        pl.col("accounts") >= limits.TEMPLATE_ACCOUNTS_MIN
    )


def _explode(systems: pl.DataFrame) -> pl.DataFrame:
    one_each = systems.unique("system_hash").select(
        "system_hash", pl.col("sketch").alias("hash"), pl.col("sketch").list.len().alias("size")
    )
    return one_each.explode("hash").drop_nulls("hash")


def cover_exchanges(
    exchanges: nw.LazyFrame[Any], *, shingles: pl.DataFrame, systems: pl.DataFrame
) -> nw.LazyFrame[Any]:
    """Say which templates each exchange carries, and how much of it they cover.

    Grain:   one row per (row, place, template): account_id, time, `coverage`.
    Units:   share of the sketch of the prompt, or of the system text, that is the template's.
    Nulls:   an exchange that carries none has no row.
    Cost:    one explode of the sketches and a join; runs on any engine that Narwhals knows.
    `shingles` is (place, hash, template), the template under whatever name it has by then.
    """
    of_prompts = give_to_engine(_in_place(shingles, "prompt"), exchanges)
    of_systems = give_to_engine(_cover_systems(shingles, systems), exchanges)
    keys = ("row", "account_id", "time", "system_hash")
    prompts = (
        exchanges.select(
            *keys, nw.col("sketch").alias("hash"), nw.col("sketch").list.len().alias("size")
        )
        .explode("hash")
        .join(of_prompts, on="hash", how="inner")
        .group_by(*keys[:3], "template", "size")
        .agg(nw.len().alias("held"))
        .select(
            *keys[:3],
            nw.lit("prompt").alias("place"),
            "template",
            ((nw.col("held") / nw.col("size") * _GRAIN).round(0) / _GRAIN).alias("coverage"),
        )
    )
    texts = exchanges.select(*keys).join(of_systems, on="system_hash", how="inner")
    sent = texts.select(*keys[:3], nw.lit("system").alias("place"), "template", nw.col("coverage"))
    both: nw.LazyFrame[Any] = nw.concat([prompts, sent])
    return both


def _in_place(shingles: pl.DataFrame, place: str) -> pl.DataFrame:
    return shingles.filter(pl.col("place") == place).select("hash", "template")


def _cover_systems(shingles: pl.DataFrame, systems: pl.DataFrame) -> pl.DataFrame:
    """Cover each system text by its templates. Grain: one row per (system_hash, template)."""
    ours = _in_place(shingles, "system")
    shared = (
        _explode(systems)
        .join(ours, on="hash")
        .group_by("system_hash", "template")
        .agg(((pl.len() / pl.col("size").first() * _GRAIN).round(0) / _GRAIN).alias("coverage"))
    )
    bare = systems.filter(pl.col("sketch").list.len().fill_null(0) == 0).select("system_hash")
    whole = bare.join(ours, left_on="system_hash", right_on="hash").with_columns(coverage=1.0)
    return pl.concat([shared, whole.select(shared.columns).unique()])
