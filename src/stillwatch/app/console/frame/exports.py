"""Tables as files: CSV that no spreadsheet runs, JSON that no terminal obeys."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Final

import orjson
import polars as pl

from stillwatch.app.console.frame.page import Sent
from stillwatch.app.console.frame.sheets import SheetView
from stillwatch.app.console.texts import csv_cell, json_bytes

_SAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_CSV: Final = "text/csv; charset=utf-8"
_JSON: Final = "application/json"


def export_sheet(view: SheetView, *, form: str, about: str = "") -> Sent | None:
    """Give the rows of a sheet as a file, all that were looked for and in their order.

    Nulls:   an empty cell in CSV, null in JSON; None where the form is unknown.
    """
    stem = _SAFE.sub("-", "-".join(part for part in (about, view.sheet.name) if part)).strip("-")
    if form == "csv":
        return Sent(write_csv(view.chosen), _CSV, f"{stem}.csv")
    if form == "json":
        return Sent(write_json(view.chosen.to_dicts()), _JSON, f"{stem}.json")
    return None


def write_csv(rows: pl.DataFrame) -> bytes:
    """Write rows as CSV (RFC 4180, UTF-8); lists are joined by a bar."""
    lines = [",".join(csv_cell(name) for name in rows.columns)]
    lines += [",".join(csv_cell(_plain(value)) for value in row) for row in rows.iter_rows()]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "replace")


def write_json(value: Any) -> bytes:  # noqa: ANN401  rows, or what a script asks for
    """Write JSON; instants become RFC 3339, what is no number becomes null."""
    options = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    return json_bytes(orjson.dumps(value, option=options))


def _plain(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return " | ".join(str(part) for part in value)
    if isinstance(value, pl.Series):
        return " | ".join(str(part) for part in value)
    return value.isoformat() if isinstance(value, (datetime, date)) else value
