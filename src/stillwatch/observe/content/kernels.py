"""The one pass over the text, in Numba: words, then sketches, embedding and model sums from them.

`observe` reads each prompt once. A word is hashed while its bytes go by (`reading`); the same hash
feeds the whole-text hash, the sketches (`shingles`), the signs of the embedding and the rows of the
tactics model, which hears the `layout` too. Numba's cache looks at the age of a kernel's own file:
the one that is cached closes over a checksum of the other files that are compiled into it. Nothing
holds the interpreter's lock, allocates per row, or reads past `PROMPT_BYTES_MAX` bytes of a text.

Deliberately absent: any look at what a word means.
Source: SipHash in `domain/keyed.py`; the cache: Numba's manual, "Caching limitations".
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable
from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from stillwatch.domain import keyed, limits
from stillwatch.domain.keyed import Int64Array
from stillwatch.observe.content import characters, layout, reading, shingles
from stillwatch.observe.content.layout import list_layout
from stillwatch.observe.content.reading import Bytes, hash_words, read_words, scan_words
from stillwatch.observe.content.replay import kernel as replay
from stillwatch.observe.content.replay.kernel import list_candidates
from stillwatch.observe.content.shingles import (
    SHINGLE_WORDS,
    Hashes,
    Whole,
    list_shingles,
    sketch_text,
)

__all__ = [
    "BUCKET_SHIFT",
    "BYTE_MAX",
    "LANES",
    "OPENING",
    "OPENING_WORDS",
    "SEEN_SLOTS",
    "SLOT_SHIFT",
    "list_features",
    "read_rows",
    "read_words",
]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_BYTES, _NEAR = limits.PROMPT_BYTES_MAX, limits.REPLAY_CANDIDATES_MAX
_DIMENSIONS: Final = limits.EMBEDDING_DIMENSIONS
_SCALE: Final = 127.0  # the largest signed byte: an embedding is round(127 x unit vector)
SEEN_SLOTS: Final = 4096
"""Slots that remember a text's words: 16 KB, for the first-level cache; one word in 100 is lost."""
OPENING_WORDS: Final = 6
HEAD_WORDS: Final = 40
"""Words that the model reads at either end of a text, and the outermost that count as such."""
OPENING: Final = np.uint64(0xD6E8FEB86659FD93)
_CLOSING: Final = np.uint64(0xA24BAED4963EE407)
"""Odd multipliers that make the feature of an opening and of a closing another than its word's."""
SLOT_SHIFT: Final = np.uint64(52)
"""The top 12 bits of a hash are its slot: 64 less the binary logarithm of SEEN_SLOTS."""
BUCKET_SHIFT: Final = np.uint64(20)
"""Bits of a feature's hash below those that choose its row of weights."""
BYTE_MAX: Final = 255
"""Additions that byte-wide counters of bits, and 16-bit sums of bytes, can take."""
_ZERO, _8, _16, _21, _43 = (np.uint64(number) for number in (0, 8, 16, 21, 43))
_NONE, _BYTE, _TWO_BYTES = np.int64(0), np.uint64(0xFF), np.uint64(0xFFFF)
_LOW_BITS, _EVEN_BYTES = np.uint64(0x0101010101010101), np.uint64(0x00FF00FF00FF00FF)
LANES: Final = 24
"""Weights of one feature: tactics, any tactic, capabilities, and two to spare; 24 bytes."""


@nb.njit(no_cfunc_wrapper=True)
def list_features(
    words: Hashes, count: int, seen: npt.NDArray[np.int32], stamp: int, out: Hashes
) -> tuple[Whole, Whole]:
    """Write each distinct word, then what the model reads of a text's two ends.

    Grain:   a hash a feature; gives where the model's begin and end.
    Cost:    at most SEEN_SLOTS + 4 x HEAD_WORDS + 2 x OPENING_WORDS hashes, however long the text.
    """
    used = _NONE
    for i in range(np.uint64(count)):
        word = words[i]
        slot = word >> SLOT_SHIFT
        out[np.uint64(used)] = word
        used += seen[0, slot] != stamp
        seen[0, slot] = stamp
    distinct = used
    before, gap = _ZERO, (count - 2 * HEAD_WORDS if count > 2 * HEAD_WORDS else 0)
    for i in range(count - gap):
        word = words[np.uint64(i if i < HEAD_WORDS else i + gap)]
        pair = (((before << _21) | (before >> _43)) ^ word) * _GOLDEN
        before = word
        for row, feature in enumerate((word, pair)):
            slot = feature >> SLOT_SHIFT
            out[np.uint64(used)] = feature
            used += seen[row, slot] != -stamp
            seen[row, slot] = -stamp
    for i in range(OPENING_WORDS if count > OPENING_WORDS else count):  # noqa: FURB136  for Numba
        out[used], out[used + 1] = words[i] * OPENING, words[count - 1 - i] * _CLOSING
        used += 2
    return distinct, used


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _embed(words: Hashes, count: int, signs: Int64Array, out: Any) -> None:  # noqa: ANN401  a row inside Numba
    """Add the 32 signs of each distinct word; write the unit vector in signed bytes.

    A register of eight byte-wide counters, four times; it is emptied before a byte can overflow.
    """
    for i in range(_DIMENSIONS):
        signs[i] = -count
    for begin in range(0, count, BYTE_MAX):
        end = begin + BYTE_MAX if begin + BYTE_MAX < count else count  # noqa: FURB136  for Numba
        for bit in range(4):
            register, shift = _ZERO, np.uint64(bit)
            for i in range(np.uint64(begin), np.uint64(end)):
                register += words[i] >> shift & _LOW_BITS
            for i in range(8):
                signs[8 * bit + i] += 2 * np.int64(register & _BYTE)
                register >>= _8
    square = 0.0
    for i in range(_DIMENSIONS):
        square += float(signs[i]) * float(signs[i])
    factor = _SCALE / np.sqrt(square) if square > 0 else 0.0
    for i in range(_DIMENSIONS):
        out[i] = np.int8(np.rint(signs[i] * factor))


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _score(features: Hashes, span: tuple[Whole, Whole], weights: Hashes, sums: Int64Array) -> None:
    """Add the row of weights of each feature: 24 bytes (weight + 128) in three 64-bit words.

    Each register adds four 16-bit sums at once; they are emptied before one can overflow.
    """
    first, stop = span
    last = np.uint64(weights.shape[0] - 1)
    for lane in range(LANES):
        sums[lane] = 128 * (first - stop)
    for begin in range(first, stop, BYTE_MAX):
        end = begin + BYTE_MAX if begin + BYTE_MAX < stop else stop  # noqa: FURB136  for Numba
        a = b = c = d = e = f = _ZERO
        for i in range(np.uint64(begin), np.uint64(end)):
            row = features[i] >> BUCKET_SHIFT & last
            low, middle, high = weights[row, 0], weights[row, 1], weights[row, 2]
            a += low & _EVEN_BYTES
            b += low >> _8 & _EVEN_BYTES
            c += middle & _EVEN_BYTES
            d += middle >> _8 & _EVEN_BYTES
            e += high & _EVEN_BYTES
            f += high >> _8 & _EVEN_BYTES
        for lane, register in enumerate((a, b, c, d, e, f)):
            rest = register
            for i in range(4):
                sums[8 * (lane >> 1) + 2 * i + (lane & 1)] += np.int64(rest & _TWO_BYTES)
                rest >>= _16


def _compile(stamp: int) -> Callable[..., None]:
    """Make the kernel; `stamp` stands for all code of other files that goes into it.

    Numba looks its cache up by the values that a function closes over: another stamp is another
    kernel, and no old machine code is run after one of those files has changed.
    """

    @nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
    def read_rows(data: Bytes, offsets: Int64Array, given: Any, work: Any, out: Any) -> None:  # noqa: ANN401
        """Read every text of a column, once; write what `rows.py` has made room for.

        Grain:   one row per text: facts (hash, words, features, numbers), sums of lanes, embedding;
                 each kind of sketch, and the candidates, end to end with their offsets.
        Nulls:   an empty range: hash of the empty text, no words, empty sketches.
        Order:   as given; a sketch is ascending.
        Cost:    linear in the bytes read, at most `PROMPT_BYTES_MAX` a row.
        """
        table, function, key, weights, filters = given
        read, parts, found, signs, seen, held, tallies = work
        facts, sums, embedding, ends, (wording, skeleton, gist), near = out
        masked = read[1]
        for row in range(len(offsets) - 1 if stamp else 0):
            start, end = offsets[row], offsets[row + 1]
            end = end if end - start < _BYTES else start + _BYTES
            count = scan_words(data, start, end, table, read)
            facts[0, row], facts[3, row] = hash_words((read[0], read[2]), count, key)
            facts[1, row] = count
            listed = list_shingles(masked, count, parts[0])
            whole = listed if count >= SHINGLE_WORDS else 0
            room = end - start if end - start < _NEAR else _NEAR  # noqa: FURB136  for Numba
            place = near[ends[3, row] : ends[3, row] + room]
            ends[3, row + 1] = ends[3, row] + list_candidates(parts[0], whole, filters, place)
            rooms = wording[ends[0, row] :], skeleton[ends[1, row] :], gist[ends[2, row] :]
            lengths = sketch_text(read[1:3], count, (function, key, listed), parts, rooms)
            for i in range(3):
                ends[i, row + 1] = ends[i, row] + lengths[i]
            distinct, used = list_features(masked, count, seen, row + 1, found)
            used = list_layout(read, count, (data, start, end), (held, tallies, found, used))
            facts[2, row] = used - distinct
            _embed(found, distinct, signs, embedding[row])
            _score(found, (distinct, used), weights, sums[row])

    return read_rows  # type: ignore[no-any-return]  # Numba has no types


_PARTS: Final = (characters, keyed, layout, limits, reading, replay, shingles)
read_rows = _compile(zlib.crc32("".join(map(inspect.getsource, _PARTS)).encode()))
