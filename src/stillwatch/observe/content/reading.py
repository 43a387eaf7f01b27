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

from stillwatch.domain.keyed import hash_content_word
from stillwatch.observe.content.characters import (
    ALONE,
    BREAK,
    CODE,
    DIGIT,
    KIND,
    KIND_BITS,
    LETTER_BITS,
    LETTER_MASK,
    LIGATURE,
    QUOTE,
    SEPARATE,
    TABLED,
    TAIL,
    VANISH,
)
from stillwatch.observe.content.layout import BREAKS_MAX, note_break
from stillwatch.observe.content.shingles import Hashes, Marks, Whole, mix

_BASIS: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_MASKED: Final = np.uint64(0xF2EE2134306FF565)
"""What every number hashes to where digits are masked: 0x5851F42D4C957F2D, mixed."""
_SEED: Final = np.uint64(0x9E3779B97F4A7C15)
_EMPTY, _LAST = np.uint64(0), np.uint64(0xFFFFFFFFFFFFFFFF)
QUOTED_WORDS_MAX: Final = 256
"""Words that a quotation or code may mask: a second mark that comes later opens another."""

_ZERO, _NONE = np.int64(0), np.int64(-1)
_QUOTED, _CODED = np.uint8(QUOTE), np.uint8(CODE)
"""Typed: Numba would compile a second kernel for a literal."""

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
def _read_beyond(data: Bytes, at: int, end: int, table: Entries, part: Whole) -> Beyond:
    """Give the entry of a character beyond ASCII, by how much to go on, and its part that is next.

    Ligatures and Hangul are read again where they stand until their last part has been given.
    Beyond the table Han stand alone, tags vanish, and whatever comes to be written separates.
    """
    code, size = _decode(data, at, end)
    if code >= TABLED:
        beyond = code << KIND_BITS | ALONE if code < 0x40000 else SEPARATE
        return VANISH if code >= 0xE0000 else beyond, size, _ZERO
    entry = np.int64(table[np.uint64(code)])
    last = True
    if 0xAC00 <= code < 0xD7A4:
        place = code - 0xAC00
        final, vowel = place % 28, 0x1161 + place % 588 // 28
        jamo = vowel if part == 1 else 0x11A7 + final
        last = part == 2 or (part == 1 and final == 0)
        entry = jamo << KIND_BITS | TAIL
        if part == 0:
            entry = (0x1100 + place // 588) << KIND_BITS | ALONE
    elif entry & KIND == LIGATURE:
        letters = entry >> (KIND_BITS + LETTER_BITS * part)
        last = letters >> LETTER_BITS == 0
        entry = np.int64(table[np.uint64(letters & LETTER_MASK)])
    return (entry, size, _ZERO) if last else (entry, 0, part + 1)


@nb.njit(no_cfunc_wrapper=True)
def read_words(  # noqa: PLR0913, PLR0917  plain arguments inside Numba
    data: Bytes, at: int, end: int, table: Entries, exact: Hashes, masked: Hashes
) -> Whole:
    """Write the hash of every word, as it is and with numbers masked; give their count.

    Grain:   one word; for training and tests, as it makes room for marks at every call.
    """
    marks = np.empty(len(exact), np.uint8)
    breaks = np.empty(BREAKS_MAX + 1, np.int64)
    count: Whole = scan_words(data, at, end, table, (exact, masked, marks, breaks))
    return count


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def scan_words(data: Bytes, at: int, end: int, table: Entries, out: Any) -> Whole:  # noqa: ANN401  a tuple of arrays inside Numba
    """Write of every word its hash, the same with numbers masked, and its mark; and the breaks.

    Grain:   one word; gives their count. A mark is the kind of its characters, and QUOTE or CODE
             where the word stands in a quotation or in code.
    Cost:    the loop has no branch on what an ASCII byte is, but for the few that quote: a
             mispredicted one costs as much as ten bytes.
    """
    exact, masked, marks, breaks = out
    breaks[0] = 0
    state = _BASIS
    run = part = _ZERO
    count: Whole = _ZERO
    quoted = coded = _NONE
    while at < end:
        code = np.int64(data[np.uint64(at)])
        entry = np.int64(table[np.uint64(code)])
        at += 1
        if code >= 0x80:
            entry, size, part = _read_beyond(data, at - 1, end, table, part)
            at += size - 1
            if entry & KIND >= VANISH:
                joined = (state ^ np.uint64(entry >> KIND_BITS)) * _PRIME
                state = joined if entry & KIND == TAIL else state
                continue
        kind = entry & KIND
        changed = (kind != run) | (kind == ALONE)
        place = np.uint64(count)
        exact[place] = state
        marks[place] = run
        count += changed & (run != SEPARATE)
        state = ((_BASIS if changed else state) ^ np.uint64(entry >> KIND_BITS)) * _PRIME
        run = kind
        if entry & QUOTE:
            quoted = _mark(marks, quoted, count, _QUOTED)
        if entry & CODE:
            coded = _mark(marks, coded, count, _CODED)
        if entry & BREAK:
            note_break(data, (at, end), count, breaks)
    place = np.uint64(count)
    exact[place] = state
    marks[place] = run
    count += run != SEPARATE
    for i in range(np.uint64(count)):
        word = mix(exact[i])
        exact[i] = word
        masked[i] = _MASKED if marks[i] & KIND == DIGIT else word
    return count


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def hash_words(read: Any, count: Whole, key: Hashes) -> tuple[np.int64, np.int64]:  # noqa: ANN401  arrays inside Numba
    """Hash all words of a text, and two numbers of it that follow one another; 0 without two.

    Grain:   two hashes a text. Of several pairs of numbers the one of least rank: two wordings of
             one task mostly agree on it. Words may stand between the two.
    """
    exact, marks = read
    low, high = key[0], key[1]
    state, before, pair, least = _SEED, _EMPTY, _EMPTY, _LAST
    for i in range(np.uint64(count)):
        word = exact[i]
        state = mix(state ^ word)
        if marks[i] & KIND == DIGIT:
            joined = mix(before + word)
            rank = mix((joined ^ low) + high)
            if (before != _EMPTY) & (rank < least):
                pair, least = joined, rank
            before = word
    numbers = hash_content_word(pair, low, high) if least != _LAST else _ZERO
    return hash_content_word(state, low, high), numbers


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _mark(marks: Marks, start: Whole, count: Whole, bit: Whole) -> Whole:
    """Open a quotation before word `count`, or close one; give where the open one starts, or -1.

    What is closed after too many words was never open: its mark was a stray one.
    """
    if start < 0 or count - start > QUOTED_WORDS_MAX:
        return count
    for place in range(np.uint64(start), np.uint64(count)):
        marks[place] |= bit
    return _NONE
