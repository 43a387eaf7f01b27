"""The templates of a traffic directory: read, observed, named by the book, measured, written.

The rim's part of the template book. Reads logs and the register as a scan does, links and judges
nothing, leaves a folder with `TEMPLATE_BOOK`, `TEMPLATE_COVER`, `TEMPLATE_FIGURES` and
`TEMPLATE_SPREAD` as Parquet: complete, or not there.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import narwhals as nw
import polars as pl

from stillwatch.app.arrive import take_in
from stillwatch.app.pool import Reading
from stillwatch.app.progress import Progress
from stillwatch.app.requests import Source
from stillwatch.app.settings import read_mapping, read_template_list
from stillwatch.domain.errors import InputError
from stillwatch.domain.keyed import CONTENT_MASK, PseudonymKey
from stillwatch.domain.observations import (
    TEMPLATE_BOOK,
    TEMPLATE_COVER,
    TEMPLATE_FIGURES,
    TEMPLATE_SPREAD,
)
from stillwatch.domain.schema import check_frame
from stillwatch.domain.settings import Settings
from stillwatch.ingest import IngestSettings, find_traffic
from stillwatch.ingest.register import read_register
from stillwatch.observe import load_tactics
from stillwatch.observe.content import ReplayIndex
from stillwatch.observe.engines import collect_here
from stillwatch.observe.template_book import (
    count_holdings,
    describe_population,
    measure_templates,
    observe_days,
)
from stillwatch.observe.template_book.public import recognise_public
from stillwatch.store.lake import Lake
from stillwatch.store.results import draft_result, file_of

_KEY: Final = ["place", "template_id"]
_LAKE: Final = "lake"


def find_templates(  # noqa: PLR0913  what a run needs
    source: Source,
    *,
    out: Path,
    book: Path | None,
    settings: Settings,
    key: PseudonymKey,
    progress: Progress,
) -> pl.DataFrame:
    """Find the templates of a traffic directory and write them down; give TEMPLATE_FIGURES.

    Raises:
        StillwatchError: the input can't be used, or something is in the way.
    """
    before = TEMPLATE_BOOK.empty() if book is None else _read_book(book)
    ingest = IngestSettings(
        format=source.format,
        mapping=read_mapping(source.mapping),
        account_field=source.account_field,
    )
    public = read_template_list(settings.observe.template_list)
    with draft_result(out) as draft, tempfile.TemporaryDirectory() as place:
        files = find_traffic(source.traffic)
        register = read_register(files, key=key).register
        reading = Reading(ingest, key, load_tactics(), ReplayIndex())
        with progress.stage("observe") as stage:
            lake = Lake(Path(place) / _LAKE, lasts=False)
            arrived = take_in(files, reading=reading, lake=lake, stage=stage)
        with progress.stage("templates"):
            exchanges = nw.from_native(
                arrived.observed().with_columns(pl.col("row").cast(pl.Int64))
            )
            days = list(observe_days(exchanges, systems=arrived.systems(), book=before))
            cover = pl.concat([TEMPLATE_COVER.empty(), *(day.cover for day in days)])
            figures, spread = measure_templates(
                collect_here(count_holdings(nw.from_native(cover.lazy()))),
                population=describe_population(exchanges, register=register),
            )
            told = pl.concat([day.shingles for day in days]).unique([*_KEY, "hash"])
            known = recognise_public(told, public=public, key=key)
            named = figures.drop("public_name", "public_share").join(known, on=_KEY, how="left")
        for table, frame in (
            (TEMPLATE_BOOK, days[-1].book),
            (TEMPLATE_COVER, cover),
            (TEMPLATE_FIGURES, TEMPLATE_FIGURES.conform(named.sort(*_KEY))),
            (TEMPLATE_SPREAD, spread),
        ):
            draft.write_table(table, frame)
    return named


def _read_book(folder: Path) -> pl.DataFrame:
    """Read the book that an earlier run has left.

    Raises:
        InputError: the folder has none, or what it has is no book.
    """
    path = folder / file_of(TEMPLATE_BOOK)
    try:
        book = check_frame(pl.read_parquet(path), TEMPLATE_BOOK)
    except (pl.exceptions.PolarsError, OSError, AssertionError) as broken:
        message = f"{folder} holds no template book"
        hint = "name a folder that `stillwatch templates find --out` has written"
        raise InputError(message, hint=hint) from broken
    cut = pl.element() & CONTENT_MASK  # an older version wrote more bits
    return book.with_columns(pl.col("hashes").list.eval(cut))
