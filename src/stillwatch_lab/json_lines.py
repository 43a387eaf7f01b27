"""Rows as JSON lines, letter by letter: the text form of what `write` puts on the disk.

Between `write` and its files. The one idea: a column's texts stay where Polars has them; one loop
over rows and columns follows its views and copies each value behind its name, and a text is escaped
only where a look at it found something to escape. Kernels take addresses in place of arrays, which
would be counted at each use (measured: four times as slow). Absent: nested values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import polars as pl
import pyarrow as pa
from numba.core.cgutils import ir as _ir
from numba.core.cgutils import voidptr_t
from numba.extending import intrinsic

from stillwatch_lab.spelling import Ints, Pieces, kernel

Whole = int | np.int64
"""Places, addresses and sizes: 64 bits in kernels, whatever they are called outside."""

_PAGE: Final = 1 << 22
"""Letters that are written at once."""
_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_CONTROLS: Final = 0x20
"""Letters below this one have no sign of their own."""
_ESCAPE_MAX: Final = 6
"""Letters of the longest escape: a backslash, u and four digits."""
_NUMBER_MAX: Final = 20
"""Letters of the longest whole number of 64 bits and its sign: as many as a value has at most, its
quotes among them, where it isn't a text."""
_TEN: Final = np.uint64(10)
_ZERO: Final = np.uint64(ord("0"))
_MINUS: Final = ord("-")
_WORD_BYTES: Final = 8
_VIEW_INTS: Final = 4
"""Of a view: length, first four letters, buffer, place in it. Source: Arrow, variable-size view."""
_VIEW_BYTES: Final = 16
_VIEW_HEAD: Final = 4
"""Bytes of a view, and of the length that it begins with. Source: the same."""
_INLINE: Final = 12
"""Letters up to which a text stands in its view. Source: the same."""
_QUOTED, _BARE, _WHOLE, _TRUTH = 0, 1, 2, 3
"""How a column is written: in quotes and escaped, as its text stands, as a number or a word."""
_KINDS: Final = {pl.String: _QUOTED, pl.Float64: _BARE, pl.Int64: _WHOLE, pl.Boolean: _TRUTH}
_SIGNS: Final = (
    {chr(code): f"\\u{code:04x}" for code in range(_CONTROLS)}
    | {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
    | {'"': '\\"', "\\": "\\\\"}
)
_ESCAPES: Final = Pieces.of([_SIGNS.get(chr(code), chr(code)) for code in range(_BACKSLASH + 1)])
"""What stands for each letter up to the backslash; the others stand for themselves."""
_WORDS: Final = Pieces.of(["false", "true", "null"])
_FALSE, _TRUE, _NULL = 0, 1, 2


class _Book(NamedTuple):
    """Pieces by address."""

    starts: int
    letters: int


class _Signs(NamedTuple):
    """What is written that isn't of the rows."""

    names: _Book
    """What stands before each column's value, and, last, what ends a line."""
    words: _Book
    escapes: _Book
    room: int
    """Letters of a line that are not of its texts, at most."""


class _Columns(NamedTuple):
    """Where the values of each column are: addresses of Arrow's buffers."""

    kinds: Ints
    known: Ints
    """The bits that say whether a value is there; 0 = all are."""
    values: Ints
    skipped: Ints
    """Values in its buffers that come before the column's first."""
    letters: Ints
    """The list of the addresses of its buffers of letters."""


@intrinsic
def _point(
    _: object, address: nb.types.Type
) -> tuple[object, Callable[[object, _ir.IRBuilder, object, list[_ir.Value]], _ir.Value]]:
    """Turn an address into a pointer."""

    def cast(_: object, builder: _ir.IRBuilder, __: object, given: list[_ir.Value]) -> _ir.Value:
        return builder.inttoptr(given[0], voidptr_t)

    return nb.types.voidptr(address), cast


@kernel
def _number_at(address: Whole) -> Whole:
    """Read a number of 64 bits."""
    number: Whole = nb.carray(_point(address), 1, np.int64)[0]
    return number


@kernel
def _is_set(address: Whole, place: Whole) -> bool:
    """Look at one bit of many."""
    byte: np.uint8 = nb.carray(_point(address + (place >> 3)), 1, np.uint8)[0]
    is_one: bool = (byte >> np.uint8(place & 7)) & np.uint8(1) == np.uint8(1)
    return is_one


@kernel
def _find_text(view: Whole, letters: Whole) -> tuple[Whole, Whole]:
    """Follow a view to its letters: where they are, and how many."""
    parts = nb.carray(_point(view), _VIEW_INTS, np.int32)
    size = np.int64(parts[0])
    if size <= _INLINE:
        return view + _VIEW_HEAD, size
    return _number_at(letters + _WORD_BYTES * np.int64(parts[2])) + np.int64(parts[3]), size


@kernel
def _copy(to: Whole, begin: Whole, size: Whole) -> Whole:
    """Copy letters; give the place after them."""
    page = nb.carray(_point(to), size, np.uint8)
    letters = nb.carray(_point(begin), size, np.uint8)
    for place in range(np.uint64(size)):
        page[place] = letters[place]
    return to + size


@kernel
def _copy_piece(to: Whole, pieces: _Book, code: Whole) -> Whole:
    """Copy a piece; give the place after it."""
    begin = _number_at(pieces.starts + _WORD_BYTES * code)
    end = _number_at(pieces.starts + _WORD_BYTES * (code + 1))
    return _copy(to, pieces.letters + begin, end - begin)


@kernel
def _count_specials(begin: Whole, size: Whole) -> Whole:
    """Count the letters of a text that have to be escaped."""
    letters = nb.carray(_point(begin), size, np.uint8)
    found = 0
    for place in range(np.uint64(size)):
        letter = letters[place]
        found += (letter < _CONTROLS) | (letter == _QUOTE) | (letter == _BACKSLASH)
    return found


@kernel
def _copy_escaped(to: Whole, begin: Whole, size: Whole, escapes: _Book) -> Whole:
    """Copy a text that has letters to escape; give the place after it."""
    letters = nb.carray(_point(begin), size, np.uint8)
    page = nb.carray(_point(to), _ESCAPE_MAX * size, np.uint8)
    at = np.uint64(0)
    for place in range(np.uint64(size)):
        letter = letters[place]
        if (letter < _CONTROLS) | (letter == _QUOTE) | (letter == _BACKSLASH):
            at += np.uint64(_copy_piece(to + np.int64(at), escapes, np.int64(letter)) - to) - at
        else:
            page[at] = letter
            at += np.uint64(1)
    return to + np.int64(at)


@kernel
def _copy_quoted(to: Whole, begin: Whole, size: Whole, escapes: _Book) -> Whole:
    """Copy a text in quotes; give the place after it."""
    nb.carray(_point(to), 1, np.uint8)[0] = _QUOTE
    if _count_specials(begin, size):
        end = _copy_escaped(to + 1, begin, size, escapes)
    else:
        end = _copy(to + 1, begin, size)
    nb.carray(_point(end), 1, np.uint8)[0] = _QUOTE
    return end + 1


@kernel
def _copy_number(to: Whole, number: Whole) -> Whole:
    """Write a whole number, its digits from the last; give the place after it."""
    page = nb.carray(_point(to), _NUMBER_MAX, np.uint8)
    left, at = np.uint64(number), np.uint64(0)
    if number < 0:
        page[at] = _MINUS
        at += np.uint64(1)
        left = np.uint64(0) - left
    size, rest = np.uint64(1), left // _TEN
    while rest > 0:
        size, rest = size + np.uint64(1), rest // _TEN
    for digit in range(size):
        page[at + size - np.uint64(1) - digit] = _ZERO + left % _TEN
        left //= _TEN
    return to + np.int64(at + size)


@kernel
def _write_rows(
    page: Whole, end: Whole, rows: tuple[int, int], columns: _Columns, signs: _Signs
) -> tuple[Whole, Whole]:
    """Write rows between two places while there is room; give the next row, and the place."""
    to: Whole = page
    last = len(columns.kinds)
    kinds, known, values = columns.kinds, columns.known, columns.values
    skipped, letters = columns.skipped, columns.letters
    for row in range(rows[0], rows[1]):
        room: Whole = signs.room
        for column in range(last):
            if kinds[column] <= _BARE:
                view = values[column] + _VIEW_BYTES * (skipped[column] + row)
                room += _ESCAPE_MAX * np.int64(nb.carray(_point(view), 1, np.int32)[0])
        if to + room > end:
            return row, to
        for column in range(last):
            to = _copy_piece(to, signs.names, column)
            kind, place = kinds[column], skipped[column] + row
            if known[column] != 0 and not _is_set(known[column], place):
                to = _copy_piece(to, signs.words, _NULL)
            elif kind == _WHOLE:
                to = _copy_number(to, _number_at(values[column] + _WORD_BYTES * place))
            elif kind == _TRUTH:
                word = _TRUE if _is_set(values[column], place) else _FALSE
                to = _copy_piece(to, signs.words, word)
            else:
                view = values[column] + _VIEW_BYTES * place
                begin, size = _find_text(view, letters[column])
                if kind == _BARE:
                    to = _copy(to, begin, size)
                else:
                    to = _copy_quoted(to, begin, size, signs.escapes)
        to = _copy_piece(to, signs.names, last)
    return rows[1], to


def write_lines(rows: pl.DataFrame) -> Iterator[memoryview]:
    """Write rows as JSON lines, some megabytes at a time; the next stretch overwrites the last.

    Grain:   one line per row, in its order, with a member per column: a text, number or truth
             value. Nulls: null, and so are numbers that aren't finite.
    Cost:    linear in letters, some two gigabytes a second; holds one stretch.
    """
    arrays = [_as_array(column) for column in rows]
    kinds = [_KINDS[dtype.base_type()] for dtype in rows.dtypes]
    lists = _list_letters(arrays)
    columns = _locate(arrays, kinds, lists)
    names = [f',"{name}":' for name in rows.columns]
    named = Pieces.of(["{" + names[0][1:], *names[1:], "}\n"])
    room = len(named.letters) + _NUMBER_MAX * len(names)
    signs = _Signs(_bind(named), _bind(_WORDS), _bind(_ESCAPES), room)
    page, row = np.empty(_PAGE, np.uint8), 0
    while row < rows.height:
        begin = page.ctypes.data
        row, end = _write_rows(begin, begin + len(page), (row, rows.height), columns, signs)
        if end > begin:
            yield page[: end - begin].data
        else:
            page = np.empty(2 * len(page), np.uint8)


def _bind(pieces: Pieces) -> _Book:
    """Give the addresses of pieces; they stay there while those live."""
    return _Book(pieces.starts.ctypes.data, pieces.letters.ctypes.data)


def _as_array(column: pl.Series) -> pa.Array:
    """Give a column as Arrow has it, in one piece; texts as views, without a copy."""
    if column.dtype == pl.Float64:
        finite = pl.select(pl.when(column.is_finite()).then(column)).to_series()
        column = finite.cast(pl.String)
    return column.to_arrow(compat_level=pl.CompatLevel.newest())


def _list_letters(arrays: list[pa.Array]) -> list[Ints]:
    """List the addresses of each column's buffers of letters; of other columns there are none."""
    return [np.array([each.address for each in array.buffers()[2:]], np.int64) for array in arrays]


def _locate(arrays: list[pa.Array], kinds: list[int], lists: list[Ints]) -> _Columns:
    """Say where the values of some columns are; they stay there while arrays and lists live."""
    buffers = [array.buffers() for array in arrays]
    return _Columns(
        np.array(kinds),
        np.array([own[0].address if own[0] else 0 for own in buffers]),
        np.array([own[1].address for own in buffers]),
        np.array([array.offset for array in arrays]),
        np.array([own.ctypes.data for own in lists]),
    )
