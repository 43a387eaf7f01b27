"""The template book: which of a day's templates was there before, and keeps its id.

Reads a day's shingles and `TEMPLATE_BOOK`, writes the book anew. The rule: a template of the day is
one of the book, in the same place, where they share at least half of the weight of the heavier of
the two; the best pair first (then the older, then the smaller id), one to one. So of a template
that splits, the part with most of the weight keeps the id, and of two that merge the heavier gives
it; the other rests in the book and has its own again when it comes back. What was in the book and
isn't in the day counts half as much each day: a text that changes little by little keeps its id.

Weights are whole multiples of 2^-20, so that sums don't depend on an order of rows. Absent: guilt.
Source: coordinated priority samples: Duffield, Lund & Thorup 2007.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Final

import numpy as np
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.observations import TEMPLATE_BOOK

SAME: Final = 0.5
"""Weighted overlap from which a template is one of the book: then no two of a day can each have
more than half of it (ties go by the rule)."""
_FADING: Final = 0.5
"""What a hash that isn't in the day counts, of what it counted before."""
_WEIGHT_MIN: Final = 1 / 16
"""Below it a hash is dropped: five days without it, at most."""
_GRAIN: Final = float(2**20)
"""Weights are whole numbers of its inverse."""
_ID_BYTES: Final = 8
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_KEY: Final = ("place", "template")
_NAMES: Final = {
    "place": pl.String,
    "template": pl.Int64,
    "template_id": pl.String,
    "is_new": pl.Boolean,
}


@dataclass(frozen=True)
class Carried:
    """The book after a day, and what the day's templates are called."""

    book: pl.DataFrame
    """TEMPLATE_BOOK."""
    names: pl.DataFrame
    """One row per template of the day: place, template (the day's number), template_id, is_new."""
    crowded_out: int
    """Templates forgotten for want of room, limits.TEMPLATE_BOOK_MAX."""


def carry_on(book: pl.DataFrame, shingles: pl.DataFrame, *, sightings: pl.DataFrame) -> Carried:
    """Name a day's templates by the book, and write the day into it.

    Grain:   of `book` one row per template that is known; of `names` one per template of the day.
    Order:   sorted; the order of rows is irrelevant. The same day again changes no id.
    Cost:    a join on the hashes of the book, TEMPLATE_HASHES_MAX a template.
    `shingles` is (place, hash, template, accounts); `sightings` is (place, template,
    first_seen_at, last_seen_at). Days come in their order; what was last seen
    TEMPLATE_DORMANT_DAYS before this one is forgotten first.
    """
    if not len(sightings):
        return Carried(book, pl.DataFrame(schema=_NAMES), 0)
    kept = _forget(book, sightings)
    today = _sample(_weigh(shingles.join(sightings, on=list(_KEY), how="semi")))
    before = kept.select("template_id", "place", "hashes", "weights").explode("hashes", "weights")
    before = before.rename({"hashes": "hash", "weights": "weight"})
    known = _match(today, before, kept)
    names = pl.concat([known, _name_new(today, known, kept)]).sort(*_KEY)
    written = _write_day(today, before, kept, names, sightings)
    crowded_out = max(len(written) - limits.TEMPLATE_BOOK_MAX, 0)
    latest = written.sort("last_seen_at", "template_id", descending=[True, False])
    return Carried(latest.head(limits.TEMPLATE_BOOK_MAX).sort("template_id"), names, crowded_out)


def _forget(book: pl.DataFrame, sightings: pl.DataFrame) -> pl.DataFrame:
    now = sightings["last_seen_at"].max()
    return book.filter(
        pl.col("last_seen_at") >= pl.lit(now) - timedelta(days=limits.TEMPLATE_DORMANT_DAYS)
    )


def _weigh(shingles: pl.DataFrame) -> pl.DataFrame:
    """Weigh a shingle by its accounts, against the template's most widely sent one."""
    share = pl.col("accounts") / pl.col("accounts").max().over(_KEY)
    return shingles.with_columns(_round(share).alias("weight")).select(*_KEY, "hash", "weight")


def _round(weight: pl.Expr) -> pl.Expr:
    return (weight * _GRAIN).ceil() / _GRAIN


def _sample(shingles: pl.DataFrame, *, of: tuple[str, ...] = _KEY) -> pl.DataFrame:
    """Keep of each template the hashes that are drawn first, heavy ones sooner; the same each day.

    Grain:   TEMPLATE_HASHES_MAX rows a template at most; sorted by template and hash.
    """
    drawn = (shingles["hash"].to_numpy().astype(np.uint64) * _GOLDEN).astype(np.float64) / 2.0**64
    rank = pl.Series("rank", drawn) / shingles["weight"]
    first = shingles.with_columns(rank.alias("rank")).sort(*of, "rank", "hash")
    chosen = first.filter(pl.int_range(pl.len()).over(of) < limits.TEMPLATE_HASHES_MAX)
    return chosen.drop("rank").sort(*of, "hash")


def _match(today: pl.DataFrame, before: pl.DataFrame, book: pl.DataFrame) -> pl.DataFrame:
    """Pair the day's templates with the book's, best first, one to one."""
    whole = today.group_by(_KEY).agg(pl.col("weight").sum().alias("today"))
    earlier = before.group_by("template_id").agg(pl.col("weight").sum().alias("before"))
    overlap = pl.col("shared") / pl.max_horizontal("today", "before")
    pairs = (
        today.join(before, on=["place", "hash"], suffix="_before")
        .group_by(*_KEY, "template_id")
        .agg(pl.min_horizontal("weight", "weight_before").sum().alias("shared"))
        .join(whole, on=list(_KEY))
        .join(earlier, on="template_id")
        .with_columns(overlap.alias("overlap"))
        .filter(pl.col("overlap") >= SAME)
        .join(book.select("template_id", "first_seen_at"), on="template_id")
        .sort("overlap", "first_seen_at", "template_id", *_KEY, descending=[True, *[False] * 4])
    )
    return pl.DataFrame(list(_take(pairs)), schema=_NAMES, orient="row")


def _take(pairs: pl.DataFrame) -> Iterator[tuple[str, int, str, bool]]:
    """Give the pairs of which neither is taken yet."""
    named: set[tuple[str, int]] = set()
    given: set[str] = set()
    for place, template, template_id in pairs.select(*_KEY, "template_id").iter_rows():
        if (place, template) not in named and template_id not in given:
            named.add((place, template))
            given.add(template_id)
            yield place, template, template_id, False


def _name_new(today: pl.DataFrame, known: pl.DataFrame, book: pl.DataFrame) -> pl.DataFrame:
    """Derive ids from the hashes; one that is taken counts on, which chance never needs."""
    used = set(book["template_id"])
    rows = []
    fresh = today.join(known, on=list(_KEY), how="anti").sort(*_KEY, "hash")
    for (place, template), own in fresh.group_by(_KEY, maintain_order=True):
        content = f"{place}:".encode() + own["hash"].to_numpy().astype("<i8").tobytes()
        template_id, again = blake2b(content, digest_size=_ID_BYTES).hexdigest(), 0
        while template_id in used:
            again += 1
            counted = content + again.to_bytes(_ID_BYTES, "little")
            template_id = blake2b(counted, digest_size=_ID_BYTES).hexdigest()
        used.add(template_id)
        rows.append((place, template, template_id, True))
    return pl.DataFrame(rows, schema=_NAMES, orient="row")


def _write_day(
    today: pl.DataFrame,
    before: pl.DataFrame,
    book: pl.DataFrame,
    names: pl.DataFrame,
    sightings: pl.DataFrame,
) -> pl.DataFrame:
    """Write the day's hashes and instants over what the book had of the templates seen."""
    named = today.join(names, on=list(_KEY)).select("template_id", "place", "hash", "weight")
    faded = before.join(names, on=["template_id", "place"], how="semi").with_columns(
        _round(pl.col("weight") * _FADING)
    )
    joined = (
        pl.concat([named, faded.select(named.columns)])
        .filter(pl.col("weight") >= _WEIGHT_MIN)
        .group_by("template_id", "place", "hash")
        .agg(pl.col("weight").max())
    )
    lists = (
        _sample(joined, of=("template_id", "place"))
        .group_by("template_id", "place", maintain_order=True)
        .agg(pl.col("hash").alias("hashes"), pl.col("weight").alias("weights"))
    )
    seen = names.join(sightings, on=list(_KEY)).select(
        "template_id", "place", "first_seen_at", "last_seen_at"
    )
    earlier = book.select("template_id", "days", "first_seen_at", "last_seen_at")
    rows = lists.join(seen, on=["template_id", "place"]).join(
        earlier, on="template_id", how="left", suffix="_before"
    )
    later = pl.col("last_seen_at").dt.date() > pl.col("last_seen_at_before").dt.date()
    updated = rows.with_columns(
        pl.min_horizontal("first_seen_at", "first_seen_at_before").alias("first_seen_at"),
        pl.max_horizontal("last_seen_at", "last_seen_at_before").alias("last_seen_at"),
        days=pl.col("days").fill_null(0) + later.fill_null(value=True),
    )
    resting = book.join(names, on="template_id", how="anti")
    return pl.concat([resting, TEMPLATE_BOOK.conform(updated)]).sort("template_id")
