"""Sentences as arrays: patterns and words become integer codes, and codes become a text column.

Reads `topics`, `words`, `sentences` and `items`; every prompt of the lab comes out of
`Grammar.write`. The one idea: a text is a run of codes into one table of pieces, so drawing a
million sentences is NumPy, and joining them is moving Arrow offsets, without one Python string.
Absent: which account says what, how often and when (cohorts, traffic).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from stillwatch_lab.text import items, sentences, words
from stillwatch_lab.text.scatter import chance, mix
from stillwatch_lab.text.topics import TOPICS

Ints = npt.NDArray[np.int64]

_SLOT: Final = re.compile(r"\{(\w)\}")
_KINDS: Final = "NVAvgbGWJwaDTURCPOXQYijEHM"
_TOPICAL: Final = 6  # the first six kinds have a vocabulary for each topic
_OWN_WINDOW: Final = {"P": 4, "O": 2, "X": 3}  # names that one writer uses, of the many there are
_NAMES: Final = 4_000  # made-up names of each of the three sorts
_PREFERENCE: Final = 1.35  # exponent: how much a writer prefers the words that come first to mind
ITEM_HALF: Final = 1_000  # an item's number is i + 1000 j
ITEM_SPACE: Final = ITEM_HALF * ITEM_HALF


@dataclass(frozen=True, slots=True)
class Order:
    """What to write: one sentence per entry; entries of one text stand together.

    Grain:   `pattern`, `topic`, `voice`, `item` have one entry per sentence; `text` says which
             text it belongs to, ascending from 0 without a gap.
    """

    text: Ints
    pattern: Ints
    topic: Ints
    voice: Ints
    item: Ints


class Grammar:
    """All patterns and words, compiled once."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._codes: dict[str, int] = {}
        topics = len(TOPICS)
        self._start = np.zeros((len(_KINDS), topics), np.int64)
        self._size = np.ones((len(_KINDS), topics), np.int64)
        self._place_words()
        self._families: dict[str, Ints] = {}
        compiled: list[list[int]] = []
        for name, patterns in _pattern_sets().items():
            at = len(compiled)
            compiled += [self._compile(pattern) for pattern in patterns]
            self._families[name] = np.arange(at, len(compiled))
        self._lengths = np.array([len(codes) for codes in compiled])
        self._offsets = np.concatenate([[0], np.cumsum(self._lengths)])
        self._flat = np.array([code for codes in compiled for code in codes])
        self._table = pa.array(self._pieces, pa.large_string())

    def patterns(self, family: str) -> Ints:
        """Numbers of the patterns of one family of sentences or items."""
        return self._families[family]

    def write(self, rng: np.random.Generator | None, order: Order) -> pl.Series:
        """Write the texts that were ordered; without a generator, by voice and item alone.

        Grain:   one string per text. Order: by `order.text`.
        Cost:    linear in words; about 10 million a second.
        """
        counts = self._lengths[order.pattern]
        ends = np.cumsum(counts)
        sentence = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
        codes = self._flat[self._offsets[order.pattern][sentence] + within]
        slots = np.flatnonzero(codes < 0)
        codes[slots] = self._fill(rng, order, (sentence[slots], -codes[slots] - 1, within[slots]))
        pieces = self._table.take(pa.array(codes))
        return regroup(pieces, counts, order.text).str.strip_chars_end()

    def _fill(
        self, rng: np.random.Generator | None, order: Order, where: tuple[Ints, Ints, Ints]
    ) -> Ints:
        sentence, kind, place = where
        topic, voice = order.topic[sentence], order.voice[sentence]
        size = self._size[kind, topic]
        own = mix(voice.astype(np.uint64) * np.uint64(64) + kind.astype(np.uint64))
        offset = (own % size.astype(np.uint64)).astype(np.int64)
        window = np.minimum(size, _WINDOWS[kind])
        luck = (
            rng.random(len(kind))
            if rng
            else chance(mix(voice * ITEM_SPACE + order.item[sentence]) + place.astype(np.uint64))
        )
        rank = (window * luck**_PREFERENCE).astype(np.int64)
        drawn = (offset + rank) % size
        item = order.item[sentence]
        drawn = np.where(kind == _I, item % ITEM_HALF, drawn)
        drawn = np.where(kind == _J, item // ITEM_HALF % ITEM_HALF, drawn)
        return self._start[kind, topic] + drawn

    def _place_words(self) -> None:
        for topic, entry in enumerate(TOPICS):
            forms = (
                entry.nouns,
                entry.verbs,
                entry.adjectives,
                [words.third_person(verb) for verb in entry.verbs],
                [words.gerund(verb) for verb in entry.verbs],
                [words.with_article(adjective) for adjective in entry.adjectives],
            )
            for kind, vocabulary in enumerate(forms):
                self._place(kind, vocabulary, topic=topic)
        for kind in range(_TOPICAL, len(_KINDS)):
            self._place(kind, _general_words(_KINDS[kind]), topic=None)

    def _place(self, kind: int, vocabulary: Iterable[str], *, topic: int | None) -> None:
        start = len(self._pieces)
        self._pieces.extend(vocabulary)
        where = slice(None) if topic is None else topic
        self._start[kind, where] = start
        self._size[kind, where] = len(self._pieces) - start

    def _compile(self, pattern: str) -> list[int]:
        parts = _SLOT.split(pattern + " ")
        return [
            -1 - _KINDS.index(part) if place % 2 else self._literal(part)
            for place, part in enumerate(parts)
            if part
        ]

    def _literal(self, text: str) -> int:
        if text not in self._codes:
            self._codes[text] = len(self._pieces)
            self._pieces.append(text)
        return self._codes[text]


_I: Final = _KINDS.index("i")
_J: Final = _KINDS.index("j")
_ALL_WORDS: Final = 1_000_000
_WINDOWS: Final = np.array([_OWN_WINDOW.get(kind, _ALL_WORDS) for kind in _KINDS])


def _pattern_sets() -> dict[str, tuple[str, ...]]:
    return {
        "ask": sentences.ASK,
        "context": sentences.CONTEXT,
        "detail": sentences.DETAIL,
        "close": sentences.CLOSE,
        "follow_up": sentences.FOLLOW_UP,
        "instruct": sentences.INSTRUCT,
        **items.ITEMS,
    }


def _general_words(kind: str) -> Iterable[str]:
    halves = range(2, 2 + ITEM_HALF)  # nobody buys 0 apples
    numbers = {"Q": range(2, 100), "Y": range(100, ITEM_HALF), "i": halves, "j": halves}
    if kind in numbers:
        return [str(number) for number in numbers[kind]]
    if kind in _OWN_WINDOW:
        return words.list_names(_NAMES, salt=1 + "POX".index(kind) * 100_003)
    return {
        "G": words.GENERAL_NOUNS,
        "W": words.GENERAL_VERBS,
        "J": words.GENERAL_ADJECTIVES,
        "w": [words.third_person(verb) for verb in words.GENERAL_VERBS],
        "a": [words.with_article(adjective) for adjective in words.GENERAL_ADJECTIVES],
        "D": words.ADVERBS,
        "T": words.TIMES,
        "U": words.UNITS,
        "R": words.PREPOSITIONS,
        "C": words.CONNECTIVES,
        "E": words.CODE_WORDS,
        "H": words.CODE_TYPES,
        "M": words.THINGS,
    }[kind]


def regroup(pieces: pa.Array, counts: Ints, text: Ints) -> pl.Series:
    """Join each text's pieces by dropping the offsets between them."""
    _, offsets, data = pieces.buffers()
    marks = np.frombuffer(offsets, np.int64)
    ends = np.cumsum(counts)
    last = np.flatnonzero(np.diff(text, append=-1))
    kept = np.concatenate([marks[:1], marks[ends[last]]]) if len(text) else marks[:1]
    joined = pa.LargeStringArray.from_buffers(len(kept) - 1, pa.py_buffer(kept.tobytes()), data)
    return pl.Series("text", pl.from_arrow(joined))


@cache
def grammar() -> Grammar:
    """Give the compiled grammar; it never changes."""
    return Grammar()
