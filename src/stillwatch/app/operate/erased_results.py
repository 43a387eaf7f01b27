"""A person's rows out of a result: its tables, its lists of effects, its page.

Each file is replaced in one step; a run that is killed is repeated. Tables are looked at by their
columns, whatever they are called. The page for analysts can't be written again from tables: where
it shows the person, or text of customers, another takes its place that says so.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

import orjson
import polars as pl

from stillwatch.app.operate.receipts import Person
from stillwatch.domain.lake_tables import (
    ACCOUNT_COLUMNS,
    EXCHANGE_COLUMNS,
    MENTIONS,
    SUBJECT_COLUMNS,
    TEXT_COLUMNS,
)
from stillwatch.store.durable import held_alone, replace_file
from stillwatch.store.results import RUN_FILE

_PAGES: Final = ("*.html", "*.md")
_STUB: Final = (
    "This report was removed on {at} ({why}). The tables beside it hold all that stays.\n"
)
_AS_PAGE: Final = (
    '<!doctype html><meta charset="utf-8"><title>Report removed</title><p>{text}</p>\n'
)


@dataclass(frozen=True)
class Cleaning:
    """What leaves a result."""

    person: Person | None
    """None: only text of customers."""
    exchange_ids: pl.Series
    """Exchanges that were erased from the lake."""
    at: str
    why: str


def find_results(place: Path) -> list[Path]:
    """List the results of a folder, or the one that it is."""
    if (place / RUN_FILE).is_file():
        return [place]
    return sorted(
        p.parent for p in place.glob(f"*/{RUN_FILE}") if not p.parent.name.startswith(".")
    )


def clean_result(place: Path, cleaning: Cleaning, *, is_dry_run: bool) -> dict[str, int]:
    """Take a person's rows, or text of customers, out of one result; say how many rows by file.

    Grain:   rows removed or emptied, by file; a page counts as one.
    Cost:    every table of the result is read.
    """
    with held_alone(place):
        changed: dict[Path, tuple[int, bytes]] = {}
        for path in sorted(place.glob("*.parquet")):
            _note(changed, path, _clean_table(path, cleaning, with_text=False))
        for path in sorted(place.glob("*.jsonl")):
            _note(changed, path, _clean_lines(path, cleaning))
        had_text = False
        if changed or cleaning.person is None:
            for path in sorted(place.glob("*.parquet")):
                found = _clean_table(path, cleaning, with_text=True)
                had_text |= found is not None and path not in changed
                _note(changed, path, found)
        for path in sorted(one for pattern in _PAGES for one in place.glob(pattern)):
            if had_text or _shows(path, cleaning.person):
                changed[path] = (1, _stand_in(path, cleaning))
        counts = {path.name: count for path, (count, _) in changed.items()}
        if not is_dry_run and changed:
            for path, (_, content) in changed.items():
                replace_file(path, content)
            _note_run(place, cleaning, counts)
        return counts


def _note(
    changed: dict[Path, tuple[int, bytes]], path: Path, found: tuple[int, bytes] | None
) -> None:
    if found:
        changed[path] = found


def _clean_table(path: Path, cleaning: Cleaning, *, with_text: bool) -> tuple[int, bytes] | None:
    rows = pl.read_parquet(path)
    names = rows.columns
    goes = pl.repeat(value=False, n=len(rows), eager=True)
    emptied = 0
    if cleaning.person and cleaning.person.kind == "account":
        for name in (*ACCOUNT_COLUMNS, *SUBJECT_COLUMNS):
            if name in names and name not in MENTIONS:
                goes |= (rows[name] == cleaning.person.id).fill_null(value=False)
        for name in set(MENTIONS) & set(names):
            is_it = (rows[name] == cleaning.person.id).fill_null(value=False)
            emptied += int((is_it & ~goes).sum())
            rows = rows.with_columns(pl.when(is_it).then(None).otherwise(pl.col(name)).alias(name))
    for name in set(EXCHANGE_COLUMNS) & set(names):
        goes |= rows[name].is_in(cleaning.exchange_ids.implode())
    for name in set(TEXT_COLUMNS) & set(names) if with_text else ():
        emptied += len(rows) - rows[name].null_count()
        rows = rows.with_columns(pl.lit(None, rows.schema[name]).alias(name))
    count = int(goes.sum()) + emptied
    if not count:
        return None
    content = io.BytesIO()
    rows.filter(~goes).write_parquet(content, compression="zstd")
    return count, content.getvalue()


def _clean_lines(path: Path, cleaning: Cleaning) -> tuple[int, bytes] | None:
    lines = path.read_bytes().splitlines(keepends=True)
    stays = [line for line in lines if not _is_about(line, cleaning.person)]
    if len(stays) == len(lines):
        return None
    return len(lines) - len(stays), b"".join(stays)


def _is_about(line: bytes, person: Person | None) -> bool:
    if person is None or person.kind != "account":
        return False
    return bool(orjson.loads(line).get("account_id") == person.id)


def _shows(path: Path, person: Person | None) -> bool:
    """Say whether a page names somebody, as it is or escaped."""
    if person is None:
        return False
    text = path.read_bytes()
    return any(name.encode() in text for name in _spellings(person.id))


def _spellings(name: str) -> Iterable[str]:
    return {name, escape(name), orjson.dumps(name).decode()[1:-1]}


def _stand_in(path: Path, cleaning: Cleaning) -> bytes:
    text = _STUB.format(at=cleaning.at, why=cleaning.why)
    return (_AS_PAGE.format(text=text) if path.suffix == ".html" else text).encode()


def _note_run(place: Path, cleaning: Cleaning, counts: dict[str, int]) -> None:
    """Write into run.json what has left, so that its counts still add up."""
    run = orjson.loads((place / RUN_FILE).read_bytes())
    told = {"at": cleaning.at, "why": cleaning.why, "rows": counts}
    run.setdefault("gone", []).append(told)
    replace_file(place / RUN_FILE, orjson.dumps(run, option=orjson.OPT_INDENT_2))


def sum_counts(each: Iterable[dict[str, int]]) -> dict[str, int]:
    """Add up rows by file over several results."""
    sums: Counter[str] = Counter()
    for one in each:
        sums.update(one)
    return dict(sorted(sums.items()))
