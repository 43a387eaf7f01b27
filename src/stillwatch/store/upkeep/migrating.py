"""A lake of an older format brought to this one: hashes of content with fewer bits, and columns.

Until format 2 these hashes had 64 bits; since then they have CONTENT_BITS of the same. What is cut
is what a lake that observes the same logs anew would hold, for cutting keeps the order by which
sketches are sorted and templates are named. A column that came later is null in older rows: what
it would have been made of is gone. Files are rewritten as compaction rewrites them, and stand in
their places: the same rows, in the same order, of the same appends.

Deliberately absent: hashes of names, which keep 64 bits, and counts of days, which are kept under
the names of the files they were made of and are made anew.
"""

from __future__ import annotations

from typing import Final
from uuid import uuid4

import polars as pl

from stillwatch.domain.channels.families import CHANNELS, CONTENT
from stillwatch.domain.errors import LakeDamaged
from stillwatch.domain.keyed import CONTENT_MASK
from stillwatch.domain.lake_tables import TELLING
from stillwatch.domain.tables import OBSERVED, REGISTER, SYSTEM
from stillwatch.store.appends import FileEntry, read_appends
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import (
    FORMAT,
    FORMAT_WITH_CHECKPOINTS,
    is_of_this_format,
    write_format,
)
from stillwatch.store.upkeep.rewriting import PlacedFile, place_files, publish

HASHES: Final = {
    OBSERVED.name: ("system_hash", "prompt_hash", "sketch", "skeleton", "gist"),
    SYSTEM.name: ("system_hash", "sketch", "skeleton", "gist"),
}
"""Columns of hashes of content, or of lists of them."""
_GROWN: Final = {OBSERVED.name: OBSERVED, REGISTER.name: REGISTER}
"""Tables that have columns which came later."""
_TOLD_BY: Final = [one.name for one in CHANNELS if one.family == CONTENT]
"""Channels whose values are such hashes."""


def migrate_lake(lake: Lake, *, at: str) -> bool:
    """Bring a lake of an older format to this one; say whether there was anything to do.

    The lake must be held: nobody ingests or looks. Killed anywhere, its format is still an older
    one, and the next time ends it. What was there rests on the disk until `sweep_lake`.
    at:      now, RFC 3339.
    Cost:    the bytes of the tables with hashes of content, and of the register, are read once, and
             written where they change; one file in memory.

    Raises:
        LakeError: there is no lake, or it is of a newer format.
        LakeDamaged: a file or a manifest can't be read.
        OSError: the disk refuses; readers see what they saw.
    """
    if is_of_this_format(lake.place):
        return False
    write_format(lake.place, FORMAT_WITH_CHECKPOINTS)
    before = read_appends(lake.place)
    files = list(place_files(before))
    after = [_cut_file(lake, one) for one in files]
    fresh = [new for new, old in zip(after, files, strict=True) if new is not old]
    if fresh:
        lake.flush(lake.place / one.entry["path"] for one in fresh)
        publish(lake.place, before, after, at=at)
    write_format(lake.place, FORMAT)
    return True


def _cut_file(lake: Lake, one: PlacedFile) -> PlacedFile:
    """Write a file's rows again with hashes cut; one that has nothing to cut is left as it is."""
    if one.table not in {*HASHES, *_GROWN, TELLING.name}:
        return one
    path = lake.place / one.entry["path"]
    try:
        rows = pl.read_parquet(path, hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError) as broken:
        raise LakeDamaged(str(lake.place), says=f"{one.entry['path']} cannot be read") from broken
    cut = add_columns(one.table, cut_hashes(one.table, rows))
    if cut.width == rows.width and cut.equals(rows):
        return one
    part = lake.write_part(one.table, one.day, cut, uuid4().hex)
    entry: FileEntry = {**one.entry, "path": part["path"], "bytes": part["bytes"]}
    return PlacedFile(one.append, one.table, entry)


def add_columns(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of exchanges and of accounts that rows of a lake lack, as nulls.

    Grain:   as the rows. Order: as given; columns as the table has them, then those of the lake's
             own (which ingest a row came with).
    """
    if table not in _GROWN:
        return rows
    conformed = _GROWN[table].conform(rows)
    return conformed.hstack(rows.select(pl.exclude(conformed.columns)))


def cut_hashes(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Cut the hashes of content in rows of a lake's table.

    Grain:   as the rows. Nulls: stay null. Order: as given, in lists too.
    """
    if table == TELLING.name:
        is_told = pl.col("channel").is_in(_TOLD_BY)
        cut = pl.when(is_told).then(pl.col("value") & CONTENT_MASK).otherwise("value")
        return rows.with_columns(cut.alias("value"))
    there = [name for name in HASHES.get(table, ()) if name in rows.columns]
    return rows.with_columns(
        pl.col(name).list.eval(pl.element() & CONTENT_MASK)
        if isinstance(rows.schema[name], pl.List)
        else pl.col(name) & CONTENT_MASK
        for name in there
    )
