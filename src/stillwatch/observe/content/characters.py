"""What each character is to the sketch: separator, letter, digit, a word of its own, or nothing.

The first step of `observe` reads words; this is the table by which it reads. An entry holds the
folded character, its kind and whether it quotes, so that the kernel costs one look-up a character.
What letters fold to stands in `foldings`: no case, no accents, no ligatures, no look-alikes. Marks
that combine vanish, so that a text decomposed and the same text composed have the same hashes;
Hangul that is composed is read as its parts. Ranges are written out, not taken from `unicodedata`:
hashes must be the same under every version of Python.

Deliberately absent: Indic vowel signs vanish nowhere (they are letters there), and letters that
are parted (`p.e.a.r`) stay words of one letter. Source: Unicode 15 blocks.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from stillwatch.observe.content.foldings import (
    ENCLOSED,
    FOLDED,
    HALF_WIDTH_KATAKANA,
    KATAKANA,
    LIGATURES,
    VOICED,
    VOICED_KATAKANA,
)

SEPARATE: Final = 0
"""Punctuation, white space, controls, symbols, emoji: ends a word."""
LETTER: Final = 1
"""Joins its neighbours to a word."""
DIGIT: Final = 2
"""Joins its neighbours to a number."""
ALONE: Final = 3
"""A word of its own: scripts that put no space between words."""
VANISH: Final = 4
"""As if it were not there: zero-width characters, soft hyphens, combining marks, selectors."""
LIGATURE: Final = 5
"""Stands for two or three letters: seven bits each above the kind, the first one lowest."""
TAIL: Final = 6
"""Belongs to the character before it: vowels and finals of decomposed Hangul."""
KIND: Final = 7
"""Bits of an entry that are its kind."""
QUOTE: Final = 8
"""Bit of an entry that opens or closes a quotation."""
CODE: Final = 16
"""Bit of an entry that opens or closes code: a backtick, once or three times."""
BREAK: Final = 32
"""Bit of an entry that ends a line or a label: a line feed, a colon."""
LETTER_BITS: Final = 7
"""Bits of a letter of a ligature."""
LETTER_MASK: Final = 0x7F
KIND_BITS: Final = 6
"""Bits of an entry below the folded character."""

TABLED: Final = 0x20000
"""Characters that have an entry: beyond them stand Han, tags, and nothing else that is written."""
_ALPHABET: Final = 26
_A: Final = 0x61

_SEPARATORS: Final = (
    *((0x00, 0x30), (0x3A, 0x41), (0x5B, 0x61), (0x7B, 0xAA)),
    *((0xAB, 0xAD), (0xAE, 0xB5), (0xB6, 0xBA), (0xBB, 0xC0)),
    *((0xD7, 0xD8), (0xF7, 0xF8), (0x0589, 0x058B), (0x060C, 0x060D)),
    *((0x061B, 0x0620), (0x066A, 0x066E), (0x06D4, 0x06D5), (0x0964, 0x0966)),
    *((0x2000, 0x2C00), (0x2E00, 0x2E80), (0x3000, 0x3005), (0x3008, 0x3031)),
    *((0x303D, 0x3041), (0x30FB, 0x30FC), (0xD800, 0xF900), (0xFE10, 0xFE70)),
    *((0xFF00, 0xFF10), (0xFF1A, 0xFF21), (0xFF3B, 0xFF41), (0xFF5B, 0xFF66)),
    *((0xFFE0, 0x10000), (0x1F000, 0x1F110), (0x1F18A, 0x20000)),
)
_DIGITS: Final = (
    *((0x30, 0x3A), (0x0660, 0x066A), (0x06F0, 0x06FA), (0x0966, 0x0970), (0xFF10, 0xFF1A)),
    (0x1D7CE, 0x1D800),
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
_TAILS: Final = ((0x1161, 0x1200),)
_LETTERS: Final = (
    (0x2071, 0x2072),  # superscripts, subscripts
    (0x207F, 0x2080),
    (0x2090, 0x209D),
    (0x2160, 0x2180),  # Roman numerals
    (0x249C, 0x24EA),  # letters in brackets and circles
)
"""Letters among symbols."""
_LETTERLIKE: Final = (0x2100, 0x2150)
_VANISHING: Final = (
    (0x00AD, 0x00AE),
    (0x0300, 0x0370),  # accents and other marks
    (0x0483, 0x048A),
    # Hebrew points
    *((0x0591, 0x05BE), (0x05BF, 0x05C0), (0x05C1, 0x05C3), (0x05C4, 0x05C6), (0x05C7, 0x05C8)),
    # Arabic marks, and the stroke that stretches a letter
    *((0x0610, 0x061B), (0x061C, 0x061D), (0x0640, 0x0641), (0x064B, 0x0660), (0x0670, 0x0671)),
    *((0x06D6, 0x06DE), (0x06DF, 0x06E5), (0x06E7, 0x06E9), (0x06EA, 0x06EE)),
    (0x115F, 0x1161),  # Hangul fillers
    (0x180B, 0x1810),
    (0x1AB0, 0x1B00),
    (0x1DC0, 0x1E00),
    (0x200B, 0x2010),
    (0x202A, 0x202F),
    (0x2060, 0x2070),
    (0x20D0, 0x20F1),
    (0x3099, 0x309D),  # Kana sound marks
    (0x3164, 0x3165),
    (0xFE00, 0xFE10),
    (0xFE20, 0xFE30),
    (0xFEFF, 0xFF00),
    (0xFF9E, 0xFFA1),
)
_MATHEMATICAL: Final = ((0x1D400, 0x1D6A4, 26, 0x61), (0x1D7CE, 0x1D800, 10, 0x30))
"""Alphabets and digits of formulas: first, end, how many an alphabet has, what the first is."""
_MATHEMATICAL_GREEK: Final = (0x1D6A8, 0x1D7CA, (*range(0x391, 0x3AA), *range(0x3B0, 0x3D1)))
"""First, end, and what an alphabet of 58 folds as."""
_SQUARED: Final = (0x1F110, 0x1F18A, 32)
"""Letters in brackets, squares and circles: first, end, and how far after one alphabet the next."""
_FULL_WIDTH: Final = (0xFF01, 0xFF5F, 0xFEE0)
_QUOTES: Final = (
    *(0x22, 0xAB, 0xBB, 0x201C, 0x201D, 0x201E, 0x201F, 0x2039, 0x203A),
    *(0x300C, 0x300D, 0x300E, 0x300F, 0xFF02),
)
"""Double marks alone: a single one is an apostrophe more often."""
_BACKTICKS: Final = (0x60, 0xFF40)
_BREAKS: Final = (0x0A, 0x3A, 0xFF1A)


def character_table() -> npt.NDArray[np.uint32]:
    """Give the entry of each character below U+20000.

    Units:   `folded << KIND_BITS | BREAK | CODE | QUOTE | kind`.
    Cost:    about a millisecond; the kernel's callers keep one.
    """
    folded, kind = _fold(), _kinds()
    start, end = _LETTERLIKE
    letterlike = np.flatnonzero(folded[start:end] != np.arange(start, end)) + start
    kind[letterlike] = LETTER
    for letters, codes in LIGATURES.items():
        packed = sum(ord(one) << (LETTER_BITS * at) for at, one in enumerate(letters))
        folded[list(codes)], kind[list(codes)] = packed, LIGATURE
    table = (folded << np.uint32(KIND_BITS)) | kind
    for signs, bit in ((_QUOTES, QUOTE), (_BACKTICKS, CODE), (_BREAKS, BREAK)):
        table[list(signs)] |= np.uint32(bit)
    first, end, greek = _MATHEMATICAL_GREEK
    table[first:end] = table[np.resize(greek, end - first)]
    table.flags.writeable = False
    return table


def _kinds() -> npt.NDArray[np.uint32]:
    kind = np.full(TABLED, LETTER, np.uint32)
    first, end, step = _SQUARED
    kind[first:end][np.arange(end - first) % step >= _ALPHABET] = SEPARATE
    for ranges, value in (
        (_SEPARATORS, SEPARATE),
        (_LETTERS, LETTER),
        (_ALONE, ALONE),
        (_DIGITS, DIGIT),
        (_TAILS, TAIL),
        (_VANISHING, VANISH),
    ):
        for start, end in ranges:
            kind[start:end] = value
    return kind


def _fold() -> npt.NDArray[np.uint32]:
    """Give what each character folds to, itself where nothing says otherwise."""
    folded = np.arange(TABLED, dtype=np.uint32)
    folded[0x41:0x5B] += np.uint32(0x20)
    for first, letters in (*FOLDED, HALF_WIDTH_KATAKANA):
        folded[first : first + len(letters)] = [ord(letter) for letter in letters]
    for first, end, size, base in _MATHEMATICAL:
        folded[first:end] = base + np.arange(end - first) % size
    first, end, step = _SQUARED
    folded[first:end] = _A + np.arange(end - first) % step
    for first in ENCLOSED:
        folded[first : first + _ALPHABET] = range(_A, _A + _ALPHABET)
    for first, end, step, back in VOICED:
        for shift in (0, KATAKANA):
            folded[first + shift : end + shift : step] -= np.uint32(back)
    for voiced, plain in VOICED_KATAKANA:
        folded[voiced] = plain
    start, end, shift = _FULL_WIDTH
    folded[start:end] = folded[start - shift : end - shift]
    return folded
