"""Sentences as arrays: patterns and words become integer codes, and codes become a text column.

Reads `topics`, `words`, `sentences` and `items`; every prompt of the lab comes out of
`Grammar.write`. The one idea: a text is a run of codes into one table of pieces, so drawing a
million sentences and spelling them is two loops over arrays (`spelling`), with no Python string.
Absent: which account says what, how often and when (cohorts, traffic).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.spelling import Book, Codes, Pieces, Words, kernel, spell_texts
from stillwatch_lab.text import items, sentences, words
from stillwatch_lab.text.scatter import chance_of, mix_one
from stillwatch_lab.text.topics import TOPICS

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

_SLOT: Final = re.compile(r"\{(\w)\}")
_KINDS: Final = "NVAvgbGWJwaDTURCPOXQYijEHM"
_TOPICAL: Final = 6  # the first six kinds have a vocabulary for each topic
_PREFERENCE: Final = 1.35  # exponent: how much a writer prefers the words that come first to mind
ITEM_HALF: Final = words.ITEM_HALF
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
        self._book = Book.of(compiled)
        self._slots = self._book.count_slots()
        self._table = Pieces.of(self._pieces)

    def patterns(self, family: str) -> Ints:
        """Numbers of the patterns of one family of sentences or items."""
        return self._families[family]

    def write(self, rng: np.random.Generator | None, order: Order) -> pl.Series:
        """Write the texts that were ordered; without a generator, by voice and item alone.

        Grain:   one string per text. Order: by `order.text`.
        Cost:    linear in words; about 30 million a second.
        """
        voice = order.voice.astype(np.uint64)
        words = Words(self._start, self._size)

        def settle(rows: slice, codes: Codes) -> None:
            own = _Sentences(order.pattern[rows], order.topic[rows], voice[rows], order.item[rows])
            luck = rng.random(int(self._slots[own.pattern].sum())) if rng else _NO_LUCK
            _fill(own, luck, self._book, words, codes)

        return spell_texts(
            settle, self._table, self._book.count_codes(order.pattern), order.text, trims=True
        )

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
            self._place(kind, words.list_general(_KINDS[kind]), topic=None)

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
_WINDOWS: Final = np.array([words.OWN_WINDOW.get(kind, _ALL_WORDS) for kind in _KINDS])
_NO_LUCK: Final = np.zeros(0)
_SPACE: Final = np.uint64(ITEM_SPACE)
_STRIDE: Final = np.uint64(64)  # kinds, and a few to spare: each has its own place in a voice


class _Sentences(NamedTuple):
    """What to write: a stretch of an order."""

    pattern: Ints
    topic: Ints
    voice: Keys
    item: Ints


@kernel
def _fill(asked: _Sentences, luck: Floats, book: Book, words: Words, codes: Codes) -> None:
    """Settle every code of some sentences: words by the writer's preference, or by chance alone."""
    patterns, topics, voices, items_ = asked.pattern, asked.topic, asked.voice, asked.item
    begins, written, starts, sizes = book.starts, book.codes, words.start, words.size
    at, drawn = 0, 0
    for row, pattern in enumerate(patterns):
        topic, voice, item, begin = topics[row], voices[row], items_[row], begins[pattern]
        for place in range(begin, begins[pattern + 1]):
            code = written[place]
            if code < 0:
                kind = -1 - code
                if len(luck):
                    chosen = luck[drawn]
                else:
                    key = mix_one(voice * _SPACE + np.uint64(item))
                    chosen = chance_of(key + np.uint64(place - begin))
                drawn += 1
                code = starts[kind, topic] + _choose(kind, sizes[kind, topic], voice, item, chosen)
            codes[at] = code
            at += 1


@kernel
def _choose(kind: int, size: int, voice: np.uint64, item: int, luck: float) -> np.int64:
    """Choose one of `size` words: those that come first to a voice's mind more often."""
    if kind == _I:
        return np.int64(item % ITEM_HALF)
    if kind == _J:
        return np.int64(item // ITEM_HALF % ITEM_HALF)
    own = np.int64(mix_one(voice * _STRIDE + np.uint64(kind)) % np.uint64(size))
    window = min(size, _WINDOWS[kind])
    return np.int64((own + np.int64(window * luck**_PREFERENCE)) % size)


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


@cache
def grammar() -> Grammar:
    """Give the compiled grammar; it never changes."""
    return Grammar()
