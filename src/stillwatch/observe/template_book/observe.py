"""One day observed: its templates found, named by the book, and counted exchange by exchange.

Reads `OBSERVED` and `SYSTEM` of a day and `TEMPLATE_BOOK`; writes the book anew and
`TEMPLATE_COVER`. A scan of several days observes one after the other, in their order, and so gives
the ids that a watch gives which observes each on its evening.

Where it can't: what came in late, after its day was observed, or was sent by five accounts in two
days but by four in each, has no id until a day shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import polars as pl

from stillwatch.domain.observations import TEMPLATE_BOOK, TEMPLATE_COVER
from stillwatch.observe.engines import collect_here
from stillwatch.observe.template_book.book import carry_on
from stillwatch.observe.template_book.day import cover_exchanges, find_shingles

_HOURS: Final = 24


@dataclass(frozen=True)
class ObservedDay:
    """The book after a day, and what the day's exchanges carry."""

    book: pl.DataFrame
    """TEMPLATE_BOOK."""
    cover: pl.DataFrame
    """TEMPLATE_COVER."""
    shingles: pl.DataFrame
    """The day's shingles: place, template_id, hash, accounts."""
    new: int
    """Templates that the book didn't know."""
    crowded_out: int
    """Templates forgotten for want of room."""


def observe_day(
    exchanges: nw.LazyFrame[Any], *, systems: pl.DataFrame, book: pl.DataFrame
) -> ObservedDay:
    """Find and name the templates of one day's exchanges.

    Grain:   as the tables. Nulls: an exchange that carries no template has no row.
    Order:   of the exchanges irrelevant; of days the calendar's.
    Cost:    three explodes of the sketches, on the engine that the exchanges are on; near-linear.
    `systems` is SYSTEM, `book` is TEMPLATE_BOOK, empty at first.
    """
    shingles = find_shingles(exchanges, systems=systems)
    cover = collect_here(cover_exchanges(exchanges, shingles=shingles, systems=systems))
    sightings = cover.group_by("place", "template").agg(
        pl.col("time").min().alias("first_seen_at"), pl.col("time").max().alias("last_seen_at")
    )
    carried = carry_on(book, shingles, sightings=sightings)
    named = cover.join(carried.names, on=["place", "template"])
    told = shingles.join(carried.names, on=["place", "template"])
    return ObservedDay(
        carried.book,
        TEMPLATE_COVER.conform(named).sort("row", "place", "template_id"),
        told.select("place", "template_id", "hash", "accounts").sort("place", "hash"),
        int(carried.names["is_new"].sum()),
        carried.crowded_out,
    )


def observe_days(
    exchanges: nw.LazyFrame[Any], *, systems: pl.DataFrame, book: pl.DataFrame | None = None
) -> Iterator[ObservedDay]:
    """Observe every UTC day of the exchanges, in order.

    Grain:   one ObservedDay a day that has any; each has the book of all days so far.
    Cost:    as `observe_day`, a day at a time.
    """
    number = nw.col("hour") // _HOURS
    days = collect_here(exchanges.select(number.alias("day")).unique())["day"].sort()
    carried = TEMPLATE_BOOK.empty() if book is None else book
    for day in days:
        observed = observe_day(exchanges.filter(number == day), systems=systems, book=carried)
        carried = observed.book
        yield observed
