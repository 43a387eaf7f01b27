"""Three sketches of one text, in Numba: of its wording, of its skeleton, and of its gist.

Called by the one pass of `kernels`, a text at a time, on the words that it has read. Each sketch is
a FracMinHash of its own shingles: four words in a row, numbers masked (the wording); eight steps in
a row of function words and slots, a slot being any run of other words, of numbers, of quotation or
of code (the skeleton: what fills a slot, and synonyms, leave it alone); and two content words that
follow one another, in any order (the gist: function words and order may change). What is kept is a
keyed hash of an unkeyed one.

Deliberately absent: Numba's cache, which `kernels` keeps and renews when this file changes.
Source: FracMinHash: Irber et al. 2022; stop-word n-grams: Stamatatos 2011.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from stillwatch.domain import limits
from stillwatch.domain.keyed import hash_content_word
from stillwatch.observe.content.characters import ALONE, DIGIT, KIND

_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_PLACES: Final = (
    *(np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)),
    *(np.uint64(0x165667B19E3779F9), np.uint64(0x27D4EB2F165667C5)),
)
"""Odd multipliers of the four places of a shingle, so that order counts (xxHash's primes)."""
_ANYTHING: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
_WORDING: Final = (limits.SKETCH_HASHES_MIN, limits.SKETCH_HASHES_MAX, np.uint64(2**61))
_SKELETON: Final = (limits.SKELETON_HASHES_MIN, limits.SKELETON_HASHES_MAX, np.uint64(2**60))
_GIST: Final = (limits.GIST_HASHES_MIN, limits.GIST_HASHES_MAX, np.uint64(2**60))
"""Floor and cap of a sketch, and the threshold of its ranks: 2^64 / 8 keeps one shingle in eight of
a long text, 2^64 / 16 one in sixteen."""
SHINGLE_WORDS: Final = 4
"""Words of a shingle (DESIGN.md, section 5)."""
SKELETON_STEPS: Final = 8
"""Function words and slots of a skeleton's shingle: strangers share no more of these than of words
in fours; of seven they share up to three times as many (`docs/content/survival.md`)."""
_SLOT: Final = np.uint64(0xD1B54A32D192ED03)
"""What every run of words that aren't function words hashes to."""
_STEP: Final = np.uint64(0x9FB21C651E98DF25)
"""Odd multiplier of the rolling hash over a skeleton."""
_BEYOND: Final = np.uint64(pow(0x9FB21C651E98DF25, SKELETON_STEPS, 2**64))
"""Its power that takes out what has left the window."""
_NONE, _FIRST_PAIR, _FIRST_FRAME = np.int64(0), np.int64(1), np.int64(SKELETON_STEPS - 1)
_ZERO, _ONE, _STEPS = np.uint64(0), np.uint64(1), np.uint64(SKELETON_STEPS)
_27, _30, _31, _48, _54, _63 = (np.uint64(shift) for shift in (27, 30, 31, 48, 54, 63))
"""Named, for Numba compiles a name in half the time of a call of `np.uint64`."""

Hashes = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.uint8]
Whole = int | np.int64


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def mix(x: np.uint64) -> np.uint64:
    """Spread every bit of a word over all of it.

    Source:  the finaliser of SplitMix64 (Steele et al. 2014).
    """
    x = (x ^ (x >> _30)) * _MIX_1
    x = (x ^ (x >> _27)) * _MIX_2
    return x ^ (x >> _31)


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _select(shingles: Hashes, span: Any, key: Hashes, rule: Any, out: Any) -> Whole:  # noqa: ANN401  tuples inside Numba
    """Write the keyed hashes of the shingles that a rule keeps, ascending; give their count.

    Kept are all whose rank is below the rule's threshold, its floor in any case, its cap at most.
    """
    first, end = span
    floor, cap, threshold = rule
    ranks, kept, values = out
    low, high = key[0], key[1]
    for i in range(cap):
        ranks[i] = _ANYTHING
    bound = _ANYTHING
    used = _NONE
    for at in range(first, end):
        shingle = shingles[np.uint64(at)]
        rank = mix((shingle ^ low) + high)
        if rank >= bound:
            continue
        place: Whole = used
        while place > 0 and ranks[place - 1] > rank:
            place -= 1
        if place > 0 and ranks[place - 1] == rank:
            continue
        used += used < cap
        for i in range(used - 1, place, -1):
            ranks[i], kept[i] = ranks[i - 1], kept[i - 1]
        ranks[place], kept[place] = rank, shingle
        worst = ranks[floor - 1]
        worst = worst if worst > threshold else threshold  # noqa: FURB136  `max` of two costs Numba a kernel
        last = ranks[cap - 1]
        bound = worst if worst < last else last  # noqa: FURB136
    while used > floor and ranks[used - 1] >= threshold:
        used -= 1
    for i in range(used):
        value = hash_content_word(kept[i], low, high)
        place = i
        while place > 0 and values[place - 1] > value:
            values[place] = values[place - 1]
            place -= 1
        values[place] = value
    return used


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def list_shingles(words: Hashes, count: Whole, out: Hashes) -> Whole:
    """Write the shingles of four words in a row; give their count.

    Grain:   one shingle; a shorter text has one, of all its words.
    """
    first = second = third = _ZERO
    skipped = SHINGLE_WORDS - 1 if count >= SHINGLE_WORDS else count - 1
    for i in range(count):
        fourth = words[np.uint64(i)]
        out[np.uint64(i - skipped if i > skipped else 0)] = mix(
            first * _PLACES[0] + second * _PLACES[1] + third * _PLACES[2] + fourth * _PLACES[3]
        )
        first, second, third = second, third, fourth
    return count - skipped if count else 0


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def part_words(read: Any, count: Whole, function: Hashes, out: Any) -> tuple[Whole, Whole]:  # noqa: ANN401  arrays inside Numba
    """Part a text into the steps of its skeleton and its content words; give their counts.

    Grain:   of each step the shingle that ends with it, of each content word what it and the one
             before it add up to: the first steps, and the first word, end none. A character that is
             a word of its own (Han, Kana) stands in the gist together with the one before it: one
             alone says too little.
    """
    words, marks = read
    steps, frames, pairs = out
    for i in range(SKELETON_STEPS):
        steps[i] = _ZERO
    last = before = joined = rolling = _ZERO
    used = found = _NONE
    for i in range(np.uint64(count)):
        word, mark = words[i], np.int64(marks[i])
        bits = function[word >> _54] >> (word >> _48 & _63)
        is_content = (bits & _ONE == _ZERO) & (mark & KIND != DIGIT)
        step = _SLOT if (mark > KIND) | (mark == DIGIT) | is_content else word
        place = np.uint64(used)
        steps[place + _STEPS] = step
        frame = rolling * _STEP + step - steps[place] * _BEYOND
        frames[place] = frame
        is_new = (step != _SLOT) | (last != _SLOT)
        rolling = frame if is_new else rolling
        used += is_new
        last = step
        one = word + (before * _PLACES[0] if mark & KIND == ALONE else _ZERO)
        pairs[np.uint64(found)] = joined + one
        found += is_content
        joined = one if is_content else joined
        before = word if is_content else before
    return used, found


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def sketch_text(read: Any, count: Whole, given: Any, work: Any, out: Any) -> tuple[Whole, ...]:  # noqa: ANN401  tuples of arrays inside Numba
    """Write the three sketches of one text from its words and shingles; give their lengths.

    Cost:    linear in the words; of its shingles there are `listed`.
    """
    function, key, listed = given
    shingles, steps, frames, pairs, ranks, kept = work
    used, found = part_words(read, count, function, (steps, frames, pairs))
    wording = _select(shingles, (_NONE, listed), key, _WORDING, (ranks, kept, out[0]))
    skeleton = _select(frames, (_FIRST_FRAME, used), key, _SKELETON, (ranks, kept, out[1]))
    gist = _select(pairs, (_FIRST_PAIR, found), key, _GIST, (ranks, kept, out[2]))
    return wording, skeleton, gist
