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
from stillwatch.domain.keyed import Int64Array, siphash_word
from stillwatch.observe.content.characters import ALONE, DIGIT, KIND

_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_PLACES: Final = (
    *(np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)),
    *(np.uint64(0x165667B19E3779F9), np.uint64(0x27D4EB2F165667C5)),
)
"""Odd multipliers of the four places of a shingle, so that order counts (xxHash's primes)."""
_ANYTHING: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
_THRESHOLD: Final = np.uint64(2**61)
"""2^64 / 8: of a long text one shingle in eight is kept."""
_SPARSE: Final = np.uint64(2**60)
"""2^64 / 16, of a skeleton and of a gist."""
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

Hashes = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.uint8]
Whole = int | np.int64


@nb.njit(inline="always")
def mix(x: np.uint64) -> np.uint64:
    """Spread every bit of a word over all of it.

    Source:  the finaliser of SplitMix64 (Steele et al. 2014).
    """
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _keep(kept: Hashes, used: Whole, rank: np.uint64, shingle: np.uint64, cap: Whole) -> Whole:
    """Insert a shingle into the kept ones (ascending by rank), the last one falling out at a cap.

    Grain:   `kept` has a row of ranks and a row of shingles; gives how many it holds.
    """
    place = used
    while place > 0 and kept[0, place - 1] > rank:
        place -= 1
    if place > 0 and kept[0, place - 1] == rank:
        return used
    last = used if used < cap else cap - 1
    for i in range(last, place, -1):
        kept[0, i], kept[1, i] = kept[0, i - 1], kept[1, i - 1]
    kept[0, place], kept[1, place] = rank, shingle
    return last + 1


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _select(  # noqa: PLR0913, PLR0917  plain arguments inside Numba
    shingles: Hashes,
    count: Whole,
    key: Hashes,
    rule: Any,  # noqa: ANN401  a tuple of numbers inside Numba
    kept: Hashes,
    out: Int64Array,
) -> Whole:
    """Write the keyed hashes of the shingles that a rule keeps, ascending; give their count.

    Kept are all whose rank is below the rule's threshold, its floor in any case, its cap at most.
    """
    floor, cap, threshold = rule
    bound = _ANYTHING
    used = np.int64(0)
    for i in range(count):
        rank = mix((shingles[np.uint64(i)] ^ key[0]) + key[1])
        if rank < bound:
            used = _keep(kept, used, rank, shingles[np.uint64(i)], cap)
            while used > floor and kept[0, used - 1] >= threshold:
                used -= 1
            if used == cap:
                bound = kept[0, cap - 1]
            elif used >= floor:
                bound = kept[0, floor - 1]
                if bound < threshold:  # noqa: PLR1730  `max` of two costs Numba a kernel of its own
                    bound = threshold
    for i in range(used):
        value = np.int64(siphash_word(kept[1, i], key[0], key[1]))
        place = i
        while place > 0 and out[place - 1] > value:
            out[place] = out[place - 1]
            place -= 1
        out[place] = value
    return used


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def list_shingles(words: Hashes, count: Whole, out: Hashes) -> Whole:
    """Write the shingles of four words in a row; give their count.

    Grain:   one shingle; a shorter text has one, of all its words.
    """
    first = second = third = np.uint64(0)
    skipped = SHINGLE_WORDS - 1 if count >= SHINGLE_WORDS else count - 1
    for i in range(count):
        fourth = words[np.uint64(i)]
        out[np.uint64(i - skipped if i > skipped else 0)] = mix(
            first * _PLACES[0] + second * _PLACES[1] + third * _PLACES[2] + fourth * _PLACES[3]
        )
        first, second, third = second, third, fourth
    return count - skipped if count else 0


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def part_words(
    words: Hashes,
    marks: Marks,
    count: Whole,
    function: Hashes,
    out: Any,  # noqa: ANN401  arrays inside Numba
) -> tuple[Whole, Whole]:
    """Part a text: the steps of its skeleton, and its content words; give their counts.

    Grain:   a step, or a content word. A character that is a word of its own (Han, Kana) stands in
             the gist together with the one before it: one alone says too little.
    """
    steps, content = out
    last = before = np.uint64(0)
    used = found = np.int64(0)
    for i in range(count):
        word, mark = words[np.uint64(i)], np.int64(marks[np.uint64(i)])
        bits = function[word >> np.uint64(54)] >> ((word >> np.uint64(48)) & np.uint64(63))
        is_content = (bits & np.uint64(1) == 0) & (mark & KIND != DIGIT)
        step = _SLOT if (mark > KIND) | (mark == DIGIT) | is_content else word
        steps[np.uint64(used)] = step
        used += np.int64((step != _SLOT) | (last != _SLOT))
        last = step
        joined = before * _PLACES[0] if mark & KIND == ALONE else np.uint64(0)
        content[np.uint64(found)] = word + joined
        found += np.int64(is_content)
        before = word if is_content else before
    return used, found


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def list_frames(steps: Hashes, count: Whole, out: Hashes) -> Whole:
    """Write the shingles of a skeleton; give their count.

    Grain:   eight of its steps in a row; a shorter skeleton has none.
    """
    rolling = np.uint64(0)
    for i in range(count):
        rolling = rolling * _STEP + steps[np.uint64(i)]
        if i >= SKELETON_STEPS:
            rolling -= steps[np.uint64(i - SKELETON_STEPS)] * _BEYOND
        if i >= SKELETON_STEPS - 1:
            out[np.uint64(i - SKELETON_STEPS + 1)] = rolling
    return count - SKELETON_STEPS + 1 if count >= SKELETON_STEPS else 0


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def sketch_text(read: Any, count: Whole, given: Any, work: Any, out: Any) -> tuple[Whole, ...]:  # noqa: ANN401  tuples of arrays inside Numba
    """Write the three sketches of one text from its words and shingles; give their lengths.

    Cost:    linear in the words; the shingles, `listed` of them in `work`, are written over.
    """
    masked, marks = read
    function, key, listed = given
    shingles, steps, content, kept = work
    rule = (limits.SKETCH_HASHES_MIN, limits.SKETCH_HASHES_MAX, _THRESHOLD)
    wording = _select(shingles, listed, key, rule, kept, out[0])
    used, found = part_words(masked, marks, count, function, (steps, content))
    listed = list_frames(steps, used, shingles)
    rule = (limits.SKELETON_HASHES_MIN, limits.SKELETON_HASHES_MAX, _SPARSE)
    skeleton = _select(shingles, listed, key, rule, kept, out[1])
    for i in range(found - 1):
        shingles[np.uint64(i)] = content[np.uint64(i)] + content[np.uint64(i + 1)]
    rule = (limits.GIST_HASHES_MIN, limits.GIST_HASHES_MAX, _SPARSE)
    gist = _select(shingles, found - 1, key, rule, kept, out[2])
    return wording, skeleton, gist
