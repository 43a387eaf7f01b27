"""One record at a time: the exact way from a JSON value to a row of an input table.

The reference for what is accepted: whatever the fast way (`lines.py`) is unsure of comes here. A
value of the wrong type becomes null and is counted under its field's name. What is no record at
all becomes a `Reject`; nothing of a record's content is ever put into a reason.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import orjson
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.schema import Table
from stillwatch.ingest.readers import Reader, Record
from stillwatch.ingest.sources.cut import OVERSIZED, Reject
from stillwatch.ingest.sources.sniff import BLANKS

LINE: Final = "line"
TIMES: Final = frozenset(
    {"time", "created_at", "status_changed_at", "released_at", "valid_from", "valid_to"}
)
"""Fields that are an instant: text or a number."""
ACCOUNT: Final = "account_id"
"""The one identifier that may also be a whole number: registers often have it so."""
LISTED: Final = "tools"
"""The one number that may also be a list (its length) or a yes."""
NOT_TEXT, NOT_JSON, NOT_OBJECT = "unreadable bytes", "not JSON", "not a JSON object"
_INT64: Final = 2**63
_UNSHAPELY: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What a reader may raise at a record whose parts are of other types than its dialect's."""


@dataclass(slots=True)
class Parsed:
    """What came of some records: rows, rejects, and how often each field was nulled."""

    frame: pl.DataFrame
    """The table's columns and `line`."""
    rejects: list[Reject] = field(default_factory=list)
    nulled: Counter[str] = field(default_factory=Counter)


class RowBuilder:
    """Collects rows of one input table, record by record."""

    def __init__(self, table: Table, reader: Reader, *, account_field: str | None = None) -> None:
        self._reader = reader
        self._account_field = account_field
        self._schema = {**table.schema, LINE: pl.Int64()}
        self._checks = [(n, _check(n, c.dtype)) for n, c in table.columns.items()]
        self._required = {n for n, c in table.columns.items() if not c.nullable}
        self._rows: list[list[Any]] = []
        self.rejects: list[Reject] = []
        self.nulled: Counter[str] = Counter()

    def add_line(self, raw: bytes, *, line: int) -> None:
        """Take one line: no record where it is blank, several where its document holds several."""
        if len(raw) > limits.RECORD_BYTES_MAX:
            self.rejects.append(Reject(line, OVERSIZED))
        elif raw.strip(BLANKS):
            try:
                document = read_json(raw)
            except UnicodeDecodeError:
                self.rejects.append(Reject(line, NOT_TEXT))
            except (ValueError, RecursionError):
                self.rejects.append(Reject(line, NOT_JSON))
            else:
                self.add_document(document, line=line)

    def add_document(self, document: Any, *, line: int) -> None:  # noqa: ANN401  any JSON value
        """Take one document: its records, or those of each document in a list."""
        listed = isinstance(document, list) and any(isinstance(each, dict) for each in document)
        for each in document if listed else [document]:
            if not isinstance(each, dict):
                self.rejects.append(Reject(line, NOT_OBJECT))
                continue
            try:
                for record in self._reader.records(each):
                    self._add_record(record, line=line)
            except _UNSHAPELY:
                self.rejects.append(Reject(line, f"not of the {self._reader.name} dialect's shape"))

    def _add_record(self, record: Record, *, line: int) -> None:
        fields = self._reader.normalise(record, account_field=self._account_field)
        row: list[Any] = []
        for name, check in self._checks:
            value = fields.get(name)
            if value is not None:
                value = check(value)
                if value is None and name not in self._required:
                    self.nulled[name] += 1
            row.append(value)
        row.append(line)
        self._rows.append(row)

    def finish(self) -> Parsed:
        """Give what was collected, in order."""
        columns = zip(*self._rows, strict=True) if self._rows else [[] for _ in self._schema]
        frame = pl.DataFrame(
            {
                name: pl.Series(name, values, dtype=dtype)
                for (name, dtype), values in zip(self._schema.items(), columns, strict=True)
            }
        )
        return Parsed(frame, self.rejects, self.nulled)


def read_json(raw: bytes) -> Any:  # noqa: ANN401  any JSON value
    """Read one JSON document, exactly; a lone surrogate in it becomes U+FFFD.

    Raises:
        UnicodeDecodeError: the bytes are not UTF-8.
        ValueError: they are not JSON.
        RecursionError: they nest deeper than any log does.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        text = raw.decode("utf-8")
        if "\\u" not in text:
            raise
        return _mend(json.loads(text, parse_constant=_refuse, parse_float=_finite))


def _mend(value: Any) -> Any:  # noqa: ANN401  any JSON value
    """Replace lone surrogates, which JSON can write and no text can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mend(each) for each in value]
    if isinstance(value, dict):
        return {_mend(key): _mend(each) for key, each in value.items()}
    return value


def _refuse(constant: str) -> float:
    message = f"{constant} is not JSON"
    raise ValueError(message)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse("an infinite number")


def _check(name: str, dtype: pl.DataType | type[pl.DataType]) -> Callable[[Any], Any]:
    if name in TIMES:
        return _instant
    if name == ACCOUNT:
        return _account
    if name == LISTED:
        return _listed
    return next(check for base, check in _CHECKS if dtype == base)


def _text(value: Any) -> str | None:  # noqa: ANN401  any JSON value
    return value if isinstance(value, str) else None


def _account(value: Any) -> str | None:  # noqa: ANN401  any JSON value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)


def _instant(value: Any) -> str | None:  # noqa: ANN401  any JSON value
    return value.isoformat() if isinstance(value, date) else str(value)


def _whole(value: Any) -> int | None:  # noqa: ANN401  any JSON value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64
    return value if is_whole else None


def _listed(value: Any) -> int | None:  # noqa: ANN401  any JSON value
    if isinstance(value, list):
        return len(value)
    return int(value) if isinstance(value, bool) else _whole(value)


def _number(value: Any) -> float | None:  # noqa: ANN401  any JSON value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _yes(value: Any) -> bool | None:  # noqa: ANN401  any JSON value
    return value > 0 if isinstance(value, int | float) else None


_CHECKS: Final[tuple[tuple[type[pl.DataType], Callable[[Any], Any]], ...]] = (
    (pl.String, _text),
    (pl.Int64, _whole),
    (pl.Float64, _number),
    (pl.Boolean, _yes),
)
