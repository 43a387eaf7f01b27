"""Chance without a generator: numbers that follow from a key, in any worker and any order.

Used by the grammar, by campaigns and by identifiers. The one idea: what must be the same wherever
it is drawn (an item of a pool, a head's paraphrase, the order of a queue) is a function of its
number. Absent: secrecy; anybody can compute these.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from stillwatch_lab.spelling import Book, Codes, Words, kernel

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]

_MIX_1: Final = np.uint64(0x9E3779B97F4A7C15)  # splitmix64
_MIX_2: Final = np.uint64(0xBF58476D1CE4E5B9)  # splitmix64
_MIX_3: Final = np.uint64(0x94D049BB133111EB)  # splitmix64
_UNIT: Final = 2.0**-53  # the step between doubles below 1
_S11, _S27, _S30, _S31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)
_PLACES: Final = 256  # numbers that the slots of one clause may have
_ROUNDS: Final = 4  # of a Feistel network: Luby & Rackoff 1988


def mix(values: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Scatter integers over 64 bits (splitmix64): the same in, the same out."""
    z = np.asarray(values).astype(np.uint64) + _MIX_1
    z = (z ^ (z >> np.uint64(30))) * _MIX_2
    z = (z ^ (z >> np.uint64(27))) * _MIX_3
    return z ^ (z >> np.uint64(31))


def chance(keys: npt.ArrayLike) -> Floats:
    """Give each key a number in [0, 1) that looks uniform."""
    return np.asarray((mix(keys) >> np.uint64(11)) * _UNIT)


@kernel
def mix_one(value: np.uint64) -> np.uint64:
    """Scatter one number over 64 bits, as `mix` does."""
    z = value + _MIX_1
    z = (z ^ (z >> _S30)) * _MIX_2
    z = (z ^ (z >> _S27)) * _MIX_3
    return z ^ (z >> _S31)


@kernel
def chance_of(key: np.uint64) -> float:
    """Give one key a number in [0, 1), as `chance` does."""
    return np.float64(mix_one(key) >> _S11) * _UNIT


def permute(place: Ints, size: Ints, *, salt: Ints) -> Ints:
    """Send each place below its size to another, no two of one size and salt to the same.

    Cost:    about two rounds of a Feistel network a place; nothing is held but the places.
    """
    half = np.ceil(np.log2(np.maximum(size, 2)) / 2).astype(np.int64)
    out = place.copy()
    rows = np.flatnonzero(size > 1)
    while len(rows):
        out[rows] = _feistel(out[rows], half[rows], salt[rows])
        rows = rows[out[rows] >= size[rows]]
    return out


def _feistel(value: Ints, half: Ints, salt: Ints) -> Ints:
    """Permute the numbers of 2 · half bits."""
    mask = (np.int64(1) << half) - 1
    left, right = value >> half, value & mask
    for turn in range(_ROUNDS):
        keyed = mix(mix(salt * _ROUNDS + turn) + right.astype(np.uint64))
        left, right = right, left ^ ((keyed >> np.uint64(20)).astype(np.int64) & mask)
    return (left << half) | right


class Clauses(NamedTuple):
    """What to write: clauses of one side of texts."""

    pattern: Ints
    key: Keys
    side: int
    strength: float


@kernel
def swap_words(asked: Clauses, book: Book, words: Words, codes: Codes) -> None:
    """Settle every code of some clauses: the first word of each slot, unless it is swapped."""
    patterns, keys, side, strength = asked.pattern, asked.key, asked.side, asked.strength
    begins, written = book.starts, book.codes
    starts, sizes = words.start, words.size  # looked up once: each look into a tuple is counted
    at = 0
    for row in range(len(patterns)):
        begin = begins[patterns[row]]
        for place in range(begin, begins[patterns[row] + 1]):
            code = written[place]
            if code < 0:
                slot = -1 - code
                where = np.uint64(patterns[row] * _PLACES + (place - begin) * 2 + side)
                luck = chance_of(keys[row] + where)
                code = starts[slot]
                if strength >= 1:
                    code += np.int64(luck * sizes[slot])
                elif luck < strength:
                    code += 1 + np.int64(luck / strength * (sizes[slot] - 1))
            codes[at] = code
            at += 1
