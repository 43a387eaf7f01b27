"""Hashed triples of bytes of a bounded reservoir of texts: how it is typed, not what it says.

Beside `grams.py`, which folds case, width and punctuation away: here nothing is folded. Capitals,
commas, line feeds, spelling, what a text opens and ends with are what people differ in from a
program that writes prompts, or from a published set of them. A text's beginning and its end count
as characters. No table is read or written; the text ends here.

Deliberately absent: counts within a text, characters (three bytes of UTF-8 are one Chinese one).
Blind spot: whoever types a harvest anew in a customer's manner; `grams.py` doesn't care how it is
typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stillwatch.domain.channels import told_limits
from stillwatch.domain.keyed import text_buffers

TYPED_BITS: Final = 14
"""Bits of a triple's bucket: 16,384 buckets, of which a prompt of English fills a hundred."""
_BEFORE, _AFTER = np.uint64(2), np.uint64(3)
"""What stands before a text and after it: control characters that nobody types."""
_FIRST, _SECOND = np.uint64(16), np.uint64(8)
"""Places of a triple's bytes in one number."""
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_DOWN: Final = np.uint64(64 - TYPED_BITS)


@dataclass(frozen=True, slots=True)
class Typed:
    """Buckets of triples, end to end: those of text i are `buckets[ends[i] : ends[i + 1]]`."""

    ends: npt.NDArray[np.int64]
    buckets: npt.NDArray[np.int64]


@nb.njit(nogil=True, no_cfunc_wrapper=True)
def _list_rows(data: Any, offsets: Any, seen: Any, ends: Any, buckets: Any) -> None:  # noqa: ANN401  arrays inside Numba
    used = 0
    for row in range(len(offsets) - 1):
        first, second = _BEFORE, _BEFORE
        end = min(offsets[row + 1], offsets[row] + told_limits.TYPED_BYTES_MAX)
        for i in range(offsets[row], end + (end > offsets[row])):
            third = np.uint64(data[i]) if i < end else _AFTER
            triple = (first << _FIRST) | (second << _SECOND) | third
            bucket = (triple * _GOLDEN) >> _DOWN
            buckets[used] = bucket
            used += int(seen[bucket] != row + 1)
            seen[bucket] = row + 1
            first, second = second, third
        ends[row + 1] = used


def list_typed(texts: pa.Array) -> Typed:
    """List the distinct triples of bytes of each text, hashed to buckets.

    Grain:   one row per text, in the order given.
    Nulls:   a null text has none, as an empty one.
    Cost:    linear in bytes, 8 KiB a text at most; 8 bytes of memory a byte while at work.
    """
    data, offsets = text_buffers(texts)
    room = int((np.minimum(np.diff(offsets), told_limits.TYPED_BYTES_MAX) + 1).sum())
    ends, buckets = np.zeros(len(texts) + 1, np.int64), np.empty(room + 1, np.int64)
    _list_rows(data, offsets, np.zeros(1 << TYPED_BITS, np.int64), ends, buckets)
    return Typed(ends, buckets[: ends[-1]].copy())
