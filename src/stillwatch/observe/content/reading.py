"""From bytes to words, in Numba: the hash of each word, and where numbers, quotes and code stand.

Called by the one pass of `kernels`, a text at a time. A word is hashed while its bytes go by, a
look-up in the table of `characters` each. Bytes that are no UTF-8 are spaces. The one idea: what is
rare (anything beyond ASCII, quotation marks) may branch, what is common may not.

Deliberately absent: Numba's cache, which `kernels` keeps and renews when this file changes.
Source: FNV-1a (Fowler, Noll, Vo).
"""

# ruff: noqa: PLR2004  the borders of UTF-8 and of Unicode's blocks are no free constants

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from stillwatch.observe.content.characters import (
    ALONE,
    CODE,
    DIGIT,
    KIND,
    KIND_BITS,
    LETTER,
    LETTER_BITS,
    LETTER_MASK,
    LIGATURE,
    QUOTE,
    SEPARATE,
    TAIL,
    VANISH,
)
from stillwatch.observe.content.shingles import Hashes, Marks, Whole, mix

_BASIS: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_MASKED: Final = np.uint64(0xF2EE2134306FF565)
"""What every number hashes to where digits are masked: 0x5851F42D4C957F2D, mixed."""
QUOTED_WORDS_MAX: Final = 256
"""Words that a quotation or code may mask: a second mark that comes later opens another."""

Bytes = npt.NDArray[np.uint8]
Entries = npt.NDArray[np.uint32]
Beyond = tuple[Whole, Whole, Whole]


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _decode(data: Bytes, at: int, end: int) -> tuple[Whole, int]:
    """Give the character at a byte >= 0x80 and its length; bytes that are no UTF-8 are spaces."""
    lead = np.int64(data[at])
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if lead < 0xC2 or lead > 0xF4 or at + size > end:
        return 0x20, 1
    code = lead & (0x7F >> size)
    for i in range(at + 1, at + size):
        if data[i] & 0xC0 != 0x80:
            return 0x20, 1
        code = (code << 6) | (np.int64(data[i]) & 0x3F)
    return code, size


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _entry(code: Whole, table: Entries) -> Whole:  # noqa: PLR0911  a return a block of Unicode
    """Give the entry of any character; above U+FFFF: Han alone, emoji separate, tags vanish."""
    if code < 0x10000:
        return np.int64(table[np.uint64(code)])
    if 0x1D400 <= code < 0x1D6A4:  # mathematical letters, thirteen alphabets
        return (97 + (code - 0x1D400) % 26) << KIND_BITS | LETTER
    if 0x1D6A8 <= code < 0x1D7CA:  # the Greek ones, five, with seven signs each
        place = (code - 0x1D6A8) % 58
        return np.int64(table[np.uint64((0x391 if place < 25 else 0x397) + place)])
    if 0x1D7CE <= code < 0x1D800:
        return (48 + (code - 0x1D7CE) % 10) << KIND_BITS | DIGIT
    if 0x1F110 <= code < 0x1F18A and (code - 0x1F110) % 32 < 26:  # in brackets and squares
        return (97 + (code - 0x1F110) % 32) << KIND_BITS | LETTER
    if 0x20000 <= code < 0x40000:
        return (code << KIND_BITS) | ALONE
    if code >= 0xE0000:
        return VANISH
    if code >= 0x1F000:
        return SEPARATE
    return (code << KIND_BITS) | LETTER


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _read_beyond(data: Bytes, at: int, end: int, table: Entries, part: Whole) -> Beyond:
    """Give the entry of a character beyond ASCII, by how much to go on, and its part that is next.

    Ligatures and Hangul are read again where they stand until their last part has been given.
    """
    code, size = _decode(data, at, end)
    entry = _entry(code, table)
    is_last = True
    if entry & KIND == LIGATURE:
        letters = entry >> (KIND_BITS + LETTER_BITS * part)
        is_last = letters >> LETTER_BITS == 0
        entry = np.int64(table[np.uint64(letters & LETTER_MASK)])
    elif 0xAC00 <= code < 0xD7A4:
        place = code - 0xAC00
        if part == 0:
            return (0x1100 + place // 588) << KIND_BITS | ALONE, 0, np.int64(1)
        is_last = part == 2 or place % 28 == 0
        rest = 0x1161 + place % 588 // 28 if part == 1 else 0x11A7 + place % 28
        entry = rest << KIND_BITS | TAIL
    return (entry, size, np.int64(0)) if is_last else (entry, 0, np.int64(part + 1))


@nb.njit(no_cfunc_wrapper=True)
def read_words(  # noqa: PLR0913, PLR0917  plain arguments inside Numba
    data: Bytes, at: int, end: int, table: Entries, exact: Hashes, masked: Hashes
) -> Whole:
    """Write the hash of every word, as it is and with numbers masked; give their count.

    Grain:   one word; for training and tests, as it makes room for marks at every call.
    """
    marks = np.empty(len(exact), np.uint8)
    count: Whole = scan_words(data, at, end, table, (exact, masked, marks))
    return count


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def scan_words(data: Bytes, at: int, end: int, table: Entries, out: Any) -> Whole:  # noqa: ANN401  a tuple of arrays inside Numba
    """Write of every word its hash, the same with numbers masked, and its mark.

    Grain:   one word; gives their count. A mark is the kind of its characters, and QUOTE or CODE
             where the word stands in a quotation or in code.
    Cost:    the loop has no branch on what an ASCII byte is, but for the few that quote: a
             mispredicted one costs as much as ten bytes.
    """
    exact, masked, marks = out
    state = _BASIS
    run: Whole = SEPARATE
    count = np.int64(0)
    part = np.int64(0)  # not 0: Numba would compile a second kernel for the literal
    quoted = coded = np.int64(-1)
    while at < end:
        code = np.int64(data[np.uint64(at)])
        entry = np.int64(table[np.uint64(code)])
        at += 1
        if code >= 0x80:
            entry, size, part = _read_beyond(data, at - 1, end, table, part)
            at += size - 1
            if entry & KIND == VANISH:
                continue
            if entry & KIND == TAIL:
                state = (state ^ np.uint64(entry >> KIND_BITS)) * _PRIME
                continue
        kind = entry & KIND
        changed = (kind != run) | (kind == ALONE)
        exact[np.uint64(count)] = state
        marks[np.uint64(count)] = run
        count += np.int64(changed & (run != SEPARATE))
        state = _BASIS if changed else state
        state = (state ^ np.uint64(entry >> KIND_BITS)) * _PRIME
        run = kind
        if entry & QUOTE:
            quoted = _mark(marks, quoted, count, np.uint8(QUOTE))
        if entry & CODE:
            coded = _mark(marks, coded, count, np.uint8(CODE))
    if run != SEPARATE:
        exact[np.uint64(count)] = state
        marks[np.uint64(count)] = run
        count += 1
    for i in range(count):
        word = mix(exact[np.uint64(i)])
        exact[np.uint64(i)] = word
        masked[np.uint64(i)] = _MASKED if marks[np.uint64(i)] & KIND == DIGIT else word
    return count


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _mark(marks: Marks, start: np.int64, count: np.int64, bit: Whole) -> np.int64:
    """Open a quotation before word `count`, or close one; give where the open one starts, or -1.

    What is closed after too many words was never open: its mark was a stray one.
    """
    if start < 0 or count - start > QUOTED_WORDS_MAX:
        return count
    for i in range(start, count):
        marks[np.uint64(i)] |= bit
    return np.int64(-1)
