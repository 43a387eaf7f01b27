"""What each character is to the sketch: separator, letter, digit, a word of its own, or nothing.

The first step of `observe` reads words; this is the table by which it reads. An entry holds the
folded character and its kind, so that the kernel costs one look-up a character. Folding is lower
case for Latin, Greek and Cyrillic and ASCII for full-width forms. The ranges are written out, not
taken from `unicodedata`: hashes must be the same under every version of Python.

Deliberately absent: Unicode normalisation (a decomposed accent is another word) and look-alike
letters of another script. Source: Unicode 15 blocks; case pairs there are frozen by its policy.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

SEPARATE: Final = 0
"""Punctuation, white space, controls, symbols, emoji: ends a word."""
LETTER: Final = 1
"""Joins its neighbours to a word."""
DIGIT: Final = 2
"""Joins its neighbours to a number."""
ALONE: Final = 3
"""A word of its own: scripts that put no space between words."""
VANISH: Final = 4
"""As if it were not there: zero-width characters, soft hyphens, direction marks, selectors."""
KIND_BITS: Final = 3
"""Bits of an entry that hold the kind; the folded character stands above them."""

_BMP: Final = 0x10000

_SEPARATORS: Final = (
    (0x00, 0x30),
    (0x3A, 0x41),
    (0x5B, 0x61),
    (0x7B, 0xAA),
    (0xAB, 0xAD),
    (0xAE, 0xB5),
    (0xB6, 0xBA),
    (0xBB, 0xC0),
    (0xD7, 0xD8),
    (0xF7, 0xF8),
    (0x0589, 0x058B),
    (0x060C, 0x060D),
    (0x061B, 0x0620),
    (0x066A, 0x066E),
    (0x06D4, 0x06D5),
    (0x0964, 0x0966),
    (0x2000, 0x2C00),
    (0x2E00, 0x2E80),
    (0x3000, 0x3005),
    (0x3008, 0x3031),
    (0x303D, 0x3041),
    (0x30FB, 0x30FC),
    (0xD800, 0xF900),
    (0xFE10, 0xFE70),
    (0xFF00, 0xFF10),
    (0xFF1A, 0xFF21),
    (0xFF3B, 0xFF41),
    (0xFF5B, 0xFF66),
    (0xFFE0, 0x10000),
)
_DIGITS: Final = (
    (0x30, 0x3A),
    (0x0660, 0x066A),
    (0x06F0, 0x06FA),
    (0x0966, 0x0970),
    (0xFF10, 0xFF1A),
)
_ALONE: Final = (
    (0x0E01, 0x0F00),  # Thai, Lao
    (0x1000, 0x10A0),  # Myanmar
    (0x1100, 0x1200),  # Hangul jamo
    (0x1780, 0x1800),  # Khmer
    (0x2E80, 0x3000),  # radicals
    (0x3005, 0x3008),
    (0x3041, 0x30FB),  # Hiragana, Katakana
    (0x30FC, 0x3200),
    (0x3400, 0xA000),  # Han
    (0xAC00, 0xD800),  # Hangul
    (0xF900, 0xFB00),
    (0xFF66, 0xFFE0),  # half-width Kana and Hangul
)
_VANISHING: Final = (
    (0x00AD, 0x00AE),
    (0x034F, 0x0350),
    (0x180B, 0x180F),
    (0x200B, 0x2010),
    (0x202A, 0x202F),
    (0x2060, 0x2065),
    (0xFE00, 0xFE10),
    (0xFEFF, 0xFF00),
)
_CASED: Final = ((0x41, 0x5B), (0xC0, 0x0250), (0x0370, 0x0530))
_FULL_WIDTH: Final = (0xFF01, 0xFF5F, 0xFEE0)


def character_table() -> npt.NDArray[np.uint32]:
    """Give the entry of each character below U+10000: `folded << KIND_BITS | kind`.

    Cost:    about a millisecond; the kernel's callers keep one.
    """
    kind = np.full(_BMP, LETTER, np.uint32)
    for ranges, value in (
        (_SEPARATORS, SEPARATE),
        (_ALONE, ALONE),
        (_DIGITS, DIGIT),
        (_VANISHING, VANISH),
    ):
        for start, end in ranges:
            kind[start:end] = value
    folded = np.arange(_BMP, dtype=np.uint32)
    start, end, shift = _FULL_WIDTH
    folded[start:end] -= np.uint32(shift)
    for first, last in _CASED:
        lower = [chr(code).lower() for code in range(first, last)]
        folded[first:last] = [
            ord(small) if len(small) == 1 else first + at for at, small in enumerate(lower)
        ]
    folded[start:end] = folded[folded[start:end]]
    table = (folded << np.uint32(KIND_BITS)) | kind
    table.flags.writeable = False
    return table
