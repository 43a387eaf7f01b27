"""How a text is laid out, in Numba: lines, the labels that begin them, what repeats, how it ends.

Lines and punctuation are lost to words. While `reading` hashes words, every line feed and colon is
noted here (`note_break`); once the text is read, the notes become a few features of the tactics
model (`list_layout`), hashed like words and of no script: how often a label comes back, whether the
same words follow it, whether the text ends where an answer would begin, how much is indented as
code is. The words behind a label that came back are read too.

Deliberately absent: what a label means, and brackets.
Blind spots: exemplars in one paragraph; long labels; all breaks but the last BREAKS_MAX.
"""

# ruff: noqa: PLR2004  borders of ASCII, and bounds of figures, are no free constants

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np

from stillwatch.observe.content.shingles import Hashes, Whole, mix

BREAKS_MAX: Final = 512
"""Notes that are kept, the latest: a power of two. More lines say nothing further."""
LABEL_WORDS: Final = 6
"""Words that a label has at most; a line of so few words is a heading, which counts as one."""
SLOTS: Final = 32
"""Labels that are remembered at once, by the top five bits of their hashes."""
SCAFFOLD_WORDS: Final = 6
"""Words behind a label that came back which the model reads, wherever they stand."""
SCAFFOLD_MAX: Final = 48
"""Words that are read so in one text."""
LAYOUT_MAX: Final = SCAFFOLD_MAX + 10
"""Features that a layout has at most: such words and ten figures."""
TALLIES: Final = 16
"""Counts that the walk over the notes keeps, in the order of the constants below."""

_LINE, _INDENT, _COLON, _END = range(4)
_LINES, _LABELLED, _INDENTED, _CODED, _MOST, _REPEATED, _ALIKE, _ENDING, _TAIL, _USED, _READ = (
    range(11)
)
_KIND, _CODE_END, _NOTE_BITS = 7, 8, 4
"""A note: the words before it, then a bit for a line that ends as code does, then its kind."""
_FEED, _TAB, _SPACE, _SLASH, _NINE, _BEYOND = 0x0A, 0x09, 0x20, 0x2F, 0x39, 0x80
_CODE_ENDS: Final = (0x28, 0x29, 0x2C, 0x3A, 0x3B, 0x7B, 0x7D)
"""`(),:;{}`: the last byte of a line of code."""
_SPACES_MAX: Final = 16
"""Bytes at a text's end that are passed over if they are spaces."""
_SCAFFOLD: Final = np.uint64(0x9FB21C651E98DF25)
"""Odd multiplier that makes the feature of a word behind a label another than the word's."""
_LABEL: Final = np.uint64(0xC2B2AE3D27D4EB4F)
"""Begins the hash of a label and of a figure."""
_SLOT_SHIFT: Final = np.uint64(59)
_FAMILY_SHIFT: Final = 12
_NOTHING = np.uint64(0)


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def note_break(data: Any, span: Any, count: int, breaks: Any) -> None:  # noqa: ANN401  arrays inside Numba
    """Note the line feed or colon that was just read, with the number of words before it.

    Grain:   a note a break: `breaks` holds how many there were, then the latest, round and round.
             A colon before a digit or a slash (a time, an address) is none.
    """
    at, end = span
    after = np.int64(data[np.uint64(at)]) if at < end else np.int64(_SPACE)
    kind = _COLON
    if data[np.uint64(at - 1)] == _FEED:
        kind = _INDENT if after in (_SPACE, _TAB) else _LINE
        before = np.int64(data[np.uint64(at - 2)]) if count > 0 else np.int64(_SPACE)
        kind |= _CODE_END * (before in _CODE_ENDS)
    elif _SLASH <= after <= _NINE:
        return
    breaks[1 + (breaks[0] & (BREAKS_MAX - 1))] = count << _NOTE_BITS | kind
    breaks[0] += 1


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def list_layout(read: Any, count: int, text: Any, room: Any) -> Whole:  # noqa: ANN401
    """Write the features of a text's layout behind those of its words; give where they end.

    Grain:   a hash a feature: the last mark, SCAFFOLD_MAX words at most, and nine figures.
    Nulls:   without a line feed or colon, and without words, the last mark alone.
    Cost:    at most BREAKS_MAX steps of LABEL_WORDS words.
    """
    held, tallies, out, used = room
    words, breaks = read[1], read[3]
    last = _last_mark(text)
    stop: Whole = _emit(out, used, 0, last)
    if breaks[0] == 0:
        return stop
    held[:] = 0
    tallies[:] = 0
    tallies[_USED] = stop
    _walk(words, count, breaks, (held, tallies, out))
    lines, indented = tallies[_LINES], tallies[_INDENTED]
    ending, tail, most = tallies[_ENDING], tallies[_TAIL], tallies[_MOST]
    alike, share = tallies[_ALIKE], _share(tallies[_ALIKE], tallies[_LABELLED])
    used = _emit(out, tallies[_USED], 1, min(most, 8))
    used = _emit(out, used, 2, min(tallies[_REPEATED], 6))
    used = _emit(out, used, 3, min(alike, 6))
    used = _emit(out, used, 4, 8 * ending + min(most, 3))
    used = _emit(out, used, 5, _share(indented, lines))
    used = _emit(out, used, 6, _share(tallies[_CODED], lines))
    used = _emit(out, used, 7, 2 * tail + (indented > 0))
    used = _emit(out, used, 8, (ending * 4 + min(most, 3)) * 4 + min(share, 3))
    used = _emit(out, used, 9, 8 * last + 2 * tail + (indented > 0))
    return np.int64(used)


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _walk(words: Hashes, count: int, breaks: Any, room: Any) -> None:  # noqa: ANN401
    """Go over the lines and tally them; a label is told to `_meet_label`."""
    tallies = room[1]
    total = breaks[0]
    start = np.int64(0)
    label_end = np.int64(-1)
    is_indented = False
    for note in range(total - BREAKS_MAX if total > BREAKS_MAX else 0, total + 1):
        at, kind, is_code = np.int64(count), np.int64(_END), False
        if note < total:
            bits = breaks[1 + (note & (BREAKS_MAX - 1))]
            at, kind, is_code = bits >> _NOTE_BITS, bits & _KIND, bits & _CODE_END != 0
        may_label = not is_indented and 0 < at - start <= LABEL_WORDS and label_end < 0
        if may_label:
            label_end = at
        if kind == _COLON:
            continue
        if at > start:
            tallies[_LINES] += 1
            tallies[_INDENTED] += is_indented
            tallies[_CODED] += is_code
            tallies[_TAIL] = 2 * is_indented + is_code
            tallies[_ENDING] = 0
            if label_end >= 0:
                line = (start, label_end, at, may_label and kind == _END)
                _meet_label(words, count, line, room)
        start, label_end, is_indented = at, np.int64(-1), kind == _INDENT


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _meet_label(words: Hashes, count: int, line: Any, room: Any) -> None:  # noqa: ANN401
    """Remember a label, tally whether it came back and what stands behind it.

    A text's last few words are a label only if they were one before.
    """
    held, tallies, out = room
    start, label_end, line_end, is_last_words = line
    label = _LABEL
    for i in range(start, label_end):
        label = mix(label ^ words[np.uint64(i)])
    behind = _NOTHING
    for i in range(label_end, min(label_end + 2, count)):
        behind = mix(behind ^ words[np.uint64(i)])
    slot = label >> _SLOT_SHIFT
    is_known = held[0, slot] == label
    if is_last_words and not is_known:
        return
    times = np.int64(held[1, slot]) + 1 if is_known else np.int64(1)
    tallies[_ALIKE] += times > 1 and held[2, slot] == behind
    held[0, slot], held[1, slot], held[2, slot] = label, np.uint64(times), behind
    tallies[_LABELLED] += 1
    tallies[_MOST] = max(tallies[_MOST], times)
    tallies[_REPEATED] += times == 2
    tallies[_ENDING] = 1 + 2 * (label_end >= line_end) + (times > 1)
    if times == 2:
        stop = min(label_end + SCAFFOLD_WORDS, count, start + SCAFFOLD_MAX - tallies[_READ])
        for i in range(start, stop):
            out[np.uint64(tallies[_USED])] = words[np.uint64(i)] * _SCAFFOLD
            tallies[_USED] += 1
        tallies[_READ] += max(stop - start, 0)


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _last_mark(text: Any) -> Whole:  # noqa: ANN401
    """Give the last mark that is no space: a sign of ASCII, or what stands for all other signs.

    A space where the last SPACES_MAX bytes are spaces.
    """
    data, start, end = text
    for back in range(1, _SPACES_MAX + 1):
        if end - back >= start and data[np.uint64(end - back)] > _SPACE:
            byte = np.int64(data[np.uint64(end - back)])
            is_word = byte >= _BEYOND or 0x30 <= byte <= _NINE or 0x61 <= byte | 0x20 <= 0x7A
            return np.int64(_BEYOND) if is_word else byte
    return np.int64(_SPACE)


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _share(part: int, whole: int) -> Whole:
    """Give a share in quarters, rounded up."""
    return (4 * part + whole - 1) // whole if whole else np.int64(0)


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _emit(out: Hashes, used: int, family: int, value: int) -> Whole:
    """Write the feature of one figure; give where it ends."""
    out[np.uint64(used)] = mix(np.uint64(family << _FAMILY_SHIFT | value) + _LABEL)
    return np.int64(used + 1)
