"""Lines of JSON → the columns of an input table: fast where Polars is sure, exact where it isn't.

Polars reads a run of native lines in one go, 60 times faster than record by record, but it refuses
a whole run for one bad value, and it lets any JSON value into a text column. So: a refused run is
cut into pieces, and only the pieces that are refused again are read record by record; and rows
whose text looks like another JSON type, or like a mended surrogate, are compared with their line.
Both ways give the same rows (a property test holds them to it), but for an object that has one
key twice, of which JSON says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Final

import numpy as np
import polars as pl

from stillwatch.domain.schema import Table
from stillwatch.ingest.readers import NATIVE, Reader
from stillwatch.ingest.records import ACCOUNT, LINE, TIMES, Parsed, RowBuilder
from stillwatch.ingest.sources.scan import may_hide_surrogate
from stillwatch.ingest.sources.sniff import BLANKS

PIECE_BYTES: Final = 256 * 2**10
"""Bytes of a piece of a refused run: small, since a bad line makes its whole piece slow; large
enough that a call costs nothing beside the parsing."""
_LOOKS_OTHER: Final = r"(?s)^(?:true|false|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\{.*\}|\[.*\])$"
"""A JSON value that is no string, as Polars writes it into a text column."""
_SHORT_WHOLE: Final = r"^-?\d{1,18}$"
_MENDED: Final = "\0"
"""What Polars makes of a lone surrogate."""
_VIEW_WORDS, _FIRST_BYTE = 4, np.uint32(0xFF)
_OTHER_STARTS: Final = np.isin(np.arange(256), list(b"-0123456789{["))
"""Which bytes begin a JSON value that is a number, an object or a list."""
_TRUE, _FALS = np.frombuffer(b"truefals", np.uint32)
_TRUE_BYTES, _FALSE_BYTES = 4, 5


@dataclass(frozen=True, slots=True)
class LineReader:
    """How lines become rows: which table, whose dialect, which field is the account."""

    table: Table
    reader: Reader
    account_field: str | None = None

    def parse(self, data: bytes, *, first_line: int, line_count: int) -> Parsed:
        """Parse whole lines.

        Grain:   one row per record; `line` is where it stands.
        Nulls:   a missing field, and a value of the wrong type (counted in `nulled`).
        Order:   as they stand.
        """
        if not self._is_plain():
            return self._parse_exactly(data, first_line=first_line)
        parsed = self._parse_at_once(data, first_line=first_line, line_count=line_count)
        if parsed is not None:
            return parsed
        parts = []
        for piece in _pieces(data):
            count = piece.count(b"\n") + (not piece.endswith(b"\n"))
            part = self._parse_at_once(piece, first_line=first_line, line_count=count)
            parts.append(part or self._parse_exactly(piece, first_line=first_line))
            first_line += count
        return _join(parts)

    def _is_plain(self) -> bool:
        """Whether Polars can read the lines: our own fields, the account a text among them."""
        field = self.account_field or ACCOUNT
        column = self.table.columns.get(field)
        is_text = column is None or column.dtype == pl.String
        return self.reader.name == NATIVE and "." not in field and is_text

    def _parse_exactly(self, data: bytes, *, first_line: int) -> Parsed:
        rows = self._builder()
        for line, raw in enumerate(data.split(b"\n"), first_line):
            rows.add_line(raw, line=line)
        return rows.finish()

    def _parse_at_once(self, data: bytes, *, first_line: int, line_count: int) -> Parsed | None:
        """Parse a run in one go; None where it has to be done exactly."""
        schema = self._schema()
        try:
            frame = pl.read_ndjson(data, schema=schema)
        except pl.exceptions.PolarsError:
            return None
        lines = _line_numbers(data, frame.height, line_count=line_count)
        if lines is None:
            return None
        frame = frame.with_columns(lines + first_line)
        unsure = self._unsure(frame, escapes=may_hide_surrogate(data))
        if self.account_field:
            frame = frame.with_columns(pl.col(self.account_field).alias(ACCOUNT))
        frame = frame.select(*self.table.columns, LINE)
        return self._mend(frame, data, unsure=unsure, first_line=first_line)

    def _schema(self) -> dict[str, pl.DataType]:
        schema = dict(self.table.schema)
        return {**schema, self.account_field: pl.String()} if self.account_field else schema

    def _builder(self) -> RowBuilder:
        return RowBuilder(self.table, self.reader, account_field=self.account_field)

    def _unsure(self, frame: pl.DataFrame, *, escapes: bool) -> pl.Series:
        """Mark rows in which some text may have been no text, or not this one."""
        looks = [_looks_other(frame[n]) for n in self._texts()]
        marks = [pl.lit(look) for look in looks if look is not None]
        if escapes:
            marks += [pl.col(n).str.contains(_MENDED, literal=True) for n in self._texts()]
        if not marks:
            return pl.repeat(value=False, n=frame.height, eager=True)
        return frame.select(pl.any_horizontal(marks).fill_null(value=False)).to_series()

    def _mend(
        self, frame: pl.DataFrame, data: bytes, *, unsure: pl.Series, first_line: int
    ) -> Parsed:
        """Read the unsure rows again, exactly, and put them in their place."""
        if not unsure.any():
            return Parsed(frame)
        numbers = frame.filter(unsure)[LINE]
        raw = lines_at(data, (numbers - first_line).to_list())
        wrong = pl.Series(raw, dtype=pl.Binary).cast(pl.String).str.contains(self._other_json())
        numbers = numbers.filter(wrong)
        rows = self._builder()
        for line, text in zip(numbers, compress(raw, wrong), strict=True):
            rows.add_line(text, line=line)
        exact = rows.finish()
        sure = frame.filter(~pl.col(LINE).is_in(numbers.implode()))
        return Parsed(pl.concat([sure, exact.frame]).sort(LINE), exact.rejects, exact.nulled)

    def _texts(self) -> list[str]:
        texts = {n for n, c in self.table.columns.items() if c.dtype == pl.String} - TIMES
        return sorted({*texts, self.account_field} if self.account_field else texts)

    def _other_json(self) -> str:
        """Match a line in which a text field holds no text, or any text an escaped surrogate."""
        names = "|".join(re.escape(name) for name in self._texts())
        return rf'"(?:{names})"\s*:\s*[-0-9tf\[{{]|\\u(?:[dD][89a-fA-F]|0000)'


def lines_at(data: bytes, places: list[int]) -> list[bytes]:
    """Give the lines at these places, from 0, without splitting all of them."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    starts = np.concatenate(([0], ends + 1))
    ends = np.concatenate((ends, [len(data)]))
    return [data[starts[place] : ends[place]] for place in places]


def _looks_other(texts: pl.Series) -> pl.Series | None:
    """Mark the texts that are written as another JSON type would be; None where none is.

    Arrow's view of a text is 16 bytes: its length, then its first bytes. A look at these tells
    nearly all of them; what is left is matched as a whole.
    """
    if texts.null_count() == texts.len():
        return None
    array = texts.to_arrow(compat_level=pl.CompatLevel.newest())
    views = np.frombuffer(array.buffers()[1], np.uint32).reshape(-1, _VIEW_WORDS)
    length, start = views[array.offset : array.offset + len(array), :2].T
    other = _OTHER_STARTS[start & _FIRST_BYTE]
    other |= (start == _TRUE) & (length == _TRUE_BYTES)
    other |= (start == _FALS) & (length == _FALSE_BYTES)
    if not other.any():
        return None
    near = texts.gather(places := np.flatnonzero(other))
    matched = near.str.contains(_LOOKS_OTHER)
    if texts.name == ACCOUNT:
        matched &= ~near.str.contains(_SHORT_WHOLE)
    other[places] = matched.fill_null(value=False).to_numpy()
    return pl.Series(other) if other.any() else None


def _line_numbers(data: bytes, rows: int, *, line_count: int) -> pl.Series | None:
    """Number the rows by line, from 0; None where rows and lines can't be told together."""
    if line_count == rows:
        return pl.int_range(rows, dtype=pl.Int64, eager=True).alias(LINE)
    filled = [at for at, line in enumerate(data.split(b"\n")) if line.strip(BLANKS)]
    return pl.Series(LINE, filled, pl.Int64) if len(filled) == rows else None


def _pieces(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        room = start + PIECE_BYTES
        end = data.rfind(b"\n", start, room) + 1 or data.find(b"\n", room) + 1 or len(data)
        yield data[start:end]
        start = end


def _join(parts: list[Parsed]) -> Parsed:
    rejects = [reject for part in parts for reject in part.rejects]
    nulled: Counter[str] = Counter()
    for part in parts:
        nulled.update(part.nulled)
    return Parsed(pl.concat([part.frame for part in parts]), rejects, nulled)
