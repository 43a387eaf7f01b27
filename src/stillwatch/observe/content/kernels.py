"""The one pass over the text, in Numba: words, then sketch, embedding and model sums from them.

`observe` reads each prompt once. A word is hashed while its bytes go by; the same 64-bit word hash
feeds the whole-text hash, the 4-word shingles, the signs of the embedding and the rows of the
tactics model. All kernels stand in this one file because Numba's cache of a kernel looks at the
age of its own file alone. Nothing here holds the interpreter's lock, allocates per row, or reads
past the first `PROMPT_BYTES_MAX` bytes of a text.

Deliberately absent: any look at what a word means.
Source: FNV-1a (Fowler, Noll, Vo); the finaliser is that of SplitMix64 (Steele et al. 2014);
FracMinHash: Irber et al. 2022; SipHash in `domain/keyed.py`.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from stillwatch.domain import limits
from stillwatch.domain.keyed import Int64Array, siphash_word
from stillwatch.observe.content.characters import (
    ALONE,
    DIGIT,
    KIND_BITS,
    LETTER,
    SEPARATE,
    VANISH,
)

_BASIS: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_NUMBER: Final = np.uint64(0x5851F42D4C957F2D)
"""What every number hashes to where digits are masked."""
_PLACES: Final = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
    np.uint64(0x27D4EB2F165667C5),
)
"""Odd multipliers of the four places of a shingle, so that order counts (xxHash's primes)."""
_ANYTHING: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
_THRESHOLD: Final = np.uint64(2**61)
"""2^64 / 8: of a long text one shingle in eight is kept."""
_FLOOR: Final = limits.SKETCH_HASHES_MIN
_CAP: Final = limits.SKETCH_HASHES_MAX
_BYTES: Final = limits.PROMPT_BYTES_MAX
_DIMENSIONS: Final = limits.EMBEDDING_DIMENSIONS
_SCALE: Final = 127.0
"""Largest signed byte: an embedding is round(127 x unit vector)."""
SEEN_SLOTS: Final = 4096
"""Slots that remember a text's words: 16 KB, for the first-level cache; one word in 100 is lost."""
SHINGLE_WORDS: Final = 4
"""Words of a shingle (DESIGN.md, section 5)."""
OPENING_WORDS: Final = 6
HEAD_WORDS: Final = 40
"""Words that the model reads at either end of a text, and the outermost that count as such."""
_OPENING: Final = np.uint64(0xD6E8FEB86659FD93)
_CLOSING: Final = np.uint64(0xA24BAED4963EE407)
"""Odd multipliers that make the feature of an opening and of a closing another than its word's."""
_SLOT_SHIFT: Final = np.uint64(52)
"""The top 12 bits of a hash are its slot: 64 less the binary logarithm of SEEN_SLOTS."""
BUCKET_SHIFT: Final = np.uint64(20)
"""Bits of a feature's hash below those that choose its row of weights."""
BYTE_MAX: Final = 255
"""Additions that byte-wide counters of bits, and 16-bit sums of bytes, can take."""
_LOW_BITS: Final = np.uint64(0x0101010101010101)
_BYTE: Final = np.uint64(0xFF)
_TWO_BYTES: Final = np.uint64(0xFFFF)
_EVEN_BYTES: Final = np.uint64(0x00FF00FF00FF00FF)
LANES: Final = 24
"""Weights of one feature: tactics, any tactic, capabilities, and two to spare; 24 bytes."""

Bytes = npt.NDArray[np.uint8]
Whole = int | np.int64
Hashes = npt.NDArray[np.uint64]
Entries = npt.NDArray[np.uint32]


@nb.njit(inline="always")
def _mix(x: np.uint64) -> np.uint64:
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _decode(data: Bytes, at: int, end: int) -> tuple[Whole, int]:
    """Give the character at a byte >= 0x80 and its length; bytes that are no UTF-8 are spaces."""
    lead = np.int64(data[at])
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4  # noqa: PLR2004  UTF-8's lead bytes
    if lead < 0xC2 or lead > 0xF4 or at + size > end:  # noqa: PLR2004  never in valid UTF-8
        return 0x20, 1
    code = lead & (0x7F >> size)
    for i in range(at + 1, at + size):
        if data[i] & 0xC0 != 0x80:  # noqa: PLR2004  a continuation byte is 10xxxxxx
            return 0x20, 1
        code = (code << 6) | (np.int64(data[i]) & 0x3F)
    return code, size


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _entry(code: Whole, table: Entries) -> Whole:
    """Give the entry of any character; above U+FFFF: Han alone, emoji separate, tags vanish."""
    if code < 0x10000:  # noqa: PLR2004  the table's end
        return np.int64(table[np.uint64(code)])
    if 0x20000 <= code < 0x40000:  # noqa: PLR2004  supplementary Han
        return (code << KIND_BITS) | ALONE
    if code >= 0xE0000:  # noqa: PLR2004  tags, selectors, private use
        return VANISH
    if code >= 0x1F000:  # noqa: PLR2004  emoji and symbols
        return SEPARATE
    return (code << KIND_BITS) | LETTER


@nb.njit(no_cfunc_wrapper=True)
def read_words(  # noqa: PLR0913, PLR0917  plain arguments inside Numba
    data: Bytes, at: int, end: int, table: Entries, exact: Hashes, masked: Hashes
) -> Whole:
    """Write the hash of every word, as it is and with numbers masked; give their count.

    The loop has no branch on what an ASCII byte is: a mispredicted one costs as much as ten bytes.
    """
    state = _BASIS
    run: Whole = SEPARATE
    count: Whole = 0
    code: Whole
    while at < end:
        code = np.int64(data[np.uint64(at)])
        size = 1
        if code >= 0x80:  # noqa: PLR2004  beyond ASCII
            code, size = _decode(data, at, end)
        at += size
        entry = _entry(code, table)
        kind = entry & 7
        if kind == VANISH:
            continue
        changed = (kind != run) | (kind == ALONE)
        exact[np.uint64(count)] = state
        masked[np.uint64(count)] = _NUMBER if run == DIGIT else state
        count += np.int64(changed & (run != SEPARATE))
        state = _BASIS if changed else state
        state = (state ^ np.uint64(entry >> KIND_BITS)) * _PRIME
        run = kind
    if run != SEPARATE:
        exact[count] = state
        masked[count] = _NUMBER if run == DIGIT else state
        count += 1
    for i in range(count):
        exact[i] = _mix(exact[i])
        masked[i] = _mix(masked[i])
    return count


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _keep(ranks: Any, shingles: Any, kept: int, rank: np.uint64, shingle: np.uint64) -> int:  # noqa: ANN401  arrays inside Numba
    """Insert a shingle into the kept ones (ascending by rank) and cut what the rule drops.

    Kept are all below the threshold, the lowest `_FLOOR` in any case, `_CAP` at most.
    """
    place = kept
    while place > 0 and ranks[place - 1] > rank:
        place -= 1
    if place > 0 and ranks[place - 1] == rank:
        return kept
    last = min(kept, _CAP - 1)
    for i in range(last, place, -1):
        ranks[i] = ranks[i - 1]
        shingles[i] = shingles[i - 1]
    ranks[place] = rank
    shingles[place] = shingle
    kept = last + 1
    while kept > _FLOOR and ranks[kept - 1] >= _THRESHOLD:
        kept -= 1
    return kept


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _bound(ranks: Any, kept: int) -> np.uint64:  # noqa: ANN401  an array inside Numba
    """Give the rank below which a further shingle would be kept."""
    if kept < _FLOOR:
        return _ANYTHING
    if kept == _CAP:
        return np.uint64(ranks[_CAP - 1])
    return np.uint64(max(_THRESHOLD, ranks[_FLOOR - 1]))


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _sketch(words: Hashes, count: int, key: Hashes, scratch: Hashes, out: Int64Array) -> Whole:
    """Write the keyed hashes of the shingles that the rule keeps, ascending; give their count."""
    ranks, shingles = scratch[0], scratch[1]
    bound = _ANYTHING
    kept = np.int64(0)  # not 0: Numba would compile a second kernel for the literal
    first = second = third = np.uint64(0)
    for i in range(count):
        fourth = words[i]
        shingle = _mix(
            first * _PLACES[0] + second * _PLACES[1] + third * _PLACES[2] + fourth * _PLACES[3]
        )
        first, second, third = second, third, fourth
        if i < SHINGLE_WORDS - 1 and i < count - 1:
            continue
        rank = _mix((shingle ^ key[0]) + key[1])
        if rank < bound:
            kept = _keep(ranks, shingles, kept, rank, shingle)
            bound = _bound(ranks, kept)
    for i in range(kept):
        value = np.int64(siphash_word(shingles[i], key[0], key[1]))
        place = i
        while place > 0 and out[place - 1] > value:
            out[place] = out[place - 1]
            place -= 1
        out[place] = value
    return kept


@nb.njit(no_cfunc_wrapper=True)
def list_features(
    words: Hashes, count: int, seen: npt.NDArray[np.int32], stamp: int, out: Hashes
) -> tuple[Whole, Whole]:
    """Write each distinct word, then what the model reads of a text's two ends.

    Grain:   a hash a feature; gives where the model's begin and end. Most requests stand there.
    Cost:    at most SEEN_SLOTS + 4 x HEAD_WORDS + 2 x OPENING_WORDS hashes, however long the text.
    """
    used: Whole = 0
    for i in range(count):
        out[np.uint64(used)] = words[i]
        used += np.int64(seen[0, words[i] >> _SLOT_SHIFT] != stamp)
        seen[0, words[i] >> _SLOT_SHIFT] = stamp
    distinct = used
    before, gap = np.uint64(0), (count - 2 * HEAD_WORDS if count > 2 * HEAD_WORDS else 0)
    for i in range(count - gap):
        word = words[np.uint64(i if i < HEAD_WORDS else i + gap)]
        pair = (((before << np.uint64(21)) | (before >> np.uint64(43))) ^ word) * _GOLDEN
        before = word
        for row, feature in enumerate((word, pair)):
            out[np.uint64(used)] = feature
            used += np.int64(seen[row, feature >> _SLOT_SHIFT] != -stamp)
            seen[row, feature >> _SLOT_SHIFT] = -stamp
    for i in range(min(count, OPENING_WORDS)):
        out[used], out[used + 1] = words[i] * _OPENING, words[count - 1 - i] * _CLOSING
        used += 2
    return distinct, used


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _embed(words: Hashes, count: int, signs: npt.NDArray[np.int64], out: Any) -> None:  # noqa: ANN401
    """Add the 32 signs of each distinct word; write the unit vector in signed bytes.

    Four registers of eight byte-wide counters each; they are emptied before a byte can overflow.
    """
    for i in range(_DIMENSIONS):
        signs[i] = -count
    for block in range(0, count, BYTE_MAX):
        end = block + BYTE_MAX
        if end > count:  # noqa: PLR1730  `min` of two costs Numba a kernel of its own
            end = count
        a = b = c = d = np.uint64(0)
        for i in range(block, end):
            a += words[i] & _LOW_BITS
            b += (words[i] >> np.uint64(1)) & _LOW_BITS
            c += (words[i] >> np.uint64(2)) & _LOW_BITS
            d += (words[i] >> np.uint64(3)) & _LOW_BITS
        for i in range(8):
            shift = np.uint64(8 * i)
            signs[i] += 2 * np.int64((a >> shift) & _BYTE)
            signs[8 + i] += 2 * np.int64((b >> shift) & _BYTE)
            signs[16 + i] += 2 * np.int64((c >> shift) & _BYTE)
            signs[24 + i] += 2 * np.int64((d >> shift) & _BYTE)
    square = 0.0
    for i in range(_DIMENSIONS):
        square += float(signs[i]) * float(signs[i])
    factor = _SCALE / np.sqrt(square) if square > 0 else 0.0
    for i in range(_DIMENSIONS):
        out[i] = np.int8(np.rint(signs[i] * factor))


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _score(features: Hashes, count: int, weights: Hashes, sums: Int64Array) -> None:
    """Add the row of weights of each feature: 24 bytes (weight + 128) in three 64-bit words.

    Each register adds four 16-bit sums at once; they are emptied before one can overflow.
    """
    last = np.uint64(weights.shape[0] - 1)
    for lane in range(LANES):
        sums[lane] = -128 * count
    for block in range(0, count, BYTE_MAX):
        end = block + BYTE_MAX
        if end > count:  # noqa: PLR1730  `min` of two costs Numba a kernel of its own
            end = count
        a = b = c = d = e = f = np.uint64(0)
        for i in range(block, end):
            bucket = (features[i] >> BUCKET_SHIFT) & last
            low, middle, high = weights[bucket, 0], weights[bucket, 1], weights[bucket, 2]
            a += low & _EVEN_BYTES
            b += (low >> np.uint64(8)) & _EVEN_BYTES
            c += middle & _EVEN_BYTES
            d += (middle >> np.uint64(8)) & _EVEN_BYTES
            e += high & _EVEN_BYTES
            f += (high >> np.uint64(8)) & _EVEN_BYTES
        for i in range(4):
            shift, lane = np.uint64(16 * i), 2 * i
            sums[lane] += np.int64((a >> shift) & _TWO_BYTES)
            sums[lane + 1] += np.int64((b >> shift) & _TWO_BYTES)
            sums[lane + 8] += np.int64((c >> shift) & _TWO_BYTES)
            sums[lane + 9] += np.int64((d >> shift) & _TWO_BYTES)
            sums[lane + 16] += np.int64((e >> shift) & _TWO_BYTES)
            sums[lane + 17] += np.int64((f >> shift) & _TWO_BYTES)


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def read_rows(data: Bytes, offsets: Int64Array, given: Any, work: Any, out: Any) -> None:  # noqa: ANN401  tuples of arrays inside Numba
    """Read every text of a column, once; write what `rows.py` has made room for.

    Grain:   one row per text: hash, words, features, sums of the model's lanes, embedding; and the
             sketches end to end with their offsets.
    Nulls:   an empty range: hash of the empty text, no words, an empty sketch.
    Order:   as given; a sketch is ascending.
    Cost:    linear in the bytes read, at most `PROMPT_BYTES_MAX` a row.
    """
    table, key, weights = given
    exact, masked, found, kept, signs, seen = work
    hashes, words, features, sums, embedding, ends, sketch = out
    for row in range(len(offsets) - 1):
        start = offsets[row]
        end = min(offsets[row + 1], start + _BYTES)
        count = read_words(data, start, end, table, exact, masked)
        state = _GOLDEN
        for i in range(count):
            state = _mix(state ^ exact[i])
        hashes[row] = np.int64(siphash_word(state, key[0], key[1]))
        words[row] = count
        first = ends[row]
        ends[row + 1] = first + _sketch(masked, count, key, kept, sketch[first : first + _CAP])
        distinct, used = list_features(masked, count, seen, row + 1, found)
        features[row] = used - distinct
        _embed(found, distinct, signs, embedding[row])
        _score(found[distinct:used], features[row], weights, sums[row])
