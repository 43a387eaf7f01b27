"""The same template in other words: from a swapped word to a text written afresh.

After `templates`, whose data it compiles; used by `traffic.harvests`. The one idea: a paraphrase
follows from its key and strength, so a head keeps its own in every part of a campaign. Below
strength 1 a wording's clauses change places and its words are swapped by those of the thesaurus;
at 1 clauses are put together afresh of sets of equal words, and hardly four words in a row are
ever written twice. Absent: any understanding; a paraphrase may be clumsy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.spelling import Book, Codes, Pieces, Words, spell_texts
from stillwatch_lab.text.scatter import Clauses, chance, mix, swap_words
from stillwatch_lab.text.templates import (
    FRESH_CLAUSES,
    HARVESTS,
    THESAURUS,
    cut_wording,
    like,
    list_equals,
)

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

_WORD: Final = re.compile(r"([A-Za-z]+)")
_CLASS: Final = re.compile(r"<([A-Za-z ]+)>")
_ABSENT: Final = -1
_SIDES: Final = ("opening", "closing")
_GLUED: Final = frozenset({"marker", "gap"})
_STREAMS: Final = 64  # numbers that one key gives
_SHARE_FIRST: Final = 0.3  # of fresh templates: how is said before what (a guess)
_SHARE_SECOND: Final = 0.6  # of them: a second clause of manner, and of ending (a guess)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which template is wanted; one entry of `wording` and `key` per text."""

    work: str
    strength: float
    wording: Ints
    key: Keys

    def luck(self, stream: int) -> npt.NDArray[np.float64]:
        """Give each text a number in [0, 1) of its own."""
        return chance(self.key * np.uint64(_STREAMS) + np.uint64(stream))


class Phrasebook:
    """All clauses, compiled once: literal pieces, and slots of words that may stand there."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._slots: dict[tuple[str, ...], int] = {}
        self._start: list[int] = []
        self._size: list[int] = []
        self._compiled: list[list[int]] = []
        self._wordings = {
            (work, number, side): [
                self._add(self._swap(clause)) for clause in cut_wording(text, side)
            ]
            for work, wordings in HARVESTS.items()
            for number, wording in enumerate(wordings)
            for side, text in zip(_SIDES, wording, strict=True)
        }
        self._fresh = {
            part: np.array([self._add(self._open(clause, part)) for clause in clauses])
            for part, clauses in FRESH_CLAUSES.items()
        }
        self._book = Book.of(self._compiled)
        self._sets = Words(np.array(self._start), np.array(self._size))
        self._table = Pieces.of(self._pieces)

    def write(self, wish: Wish) -> tuple[pl.Series, pl.Series]:
        """Write what stands before and after the item of each text, in the order of the wish."""
        if wish.strength == 0:
            return _repeat(wish)
        clauses = self._afresh(wish) if wish.strength >= 1 else self._lightly(wish)
        opening, closing = (self._spell(wish, side, chosen) for side, chosen in enumerate(clauses))
        return opening, closing

    def _lightly(self, wish: Wish) -> tuple[Ints, Ints]:
        """Choose the clauses of the wordings, some in another order."""
        sides = []
        for at, side in enumerate(_SIDES):
            runs = [self._wordings[wish.work, n, side] for n in range(len(HARVESTS[wish.work]))]
            width = max(map(len, runs))
            table = np.array([run + [_ABSENT] * (width - len(run)) for run in runs])
            length = np.array([len(run) for run in runs])[wish.wording]
            rank = np.tile(np.arange(float(width)), (len(wish.key), 1))
            moved = wish.luck(at) < wish.strength
            for place in range(at, width):
                free = moved & (place + 1 - at < length)
                rank[free, place] = 0.5 + wish.luck(2 + place + at * _STREAMS // 2)[free] / 2
            sides.append(np.take_along_axis(table[wish.wording], rank.argsort(axis=1), axis=1))
        return sides[0], sides[1]

    def _afresh(self, wish: Wish) -> tuple[Ints, Ints]:
        """Choose clauses by chance: what is demanded, in what manner, and how to end."""
        streams = iter(range(_STREAMS))

        def pick(part: str) -> Ints:
            patterns = self._fresh[part]
            return np.asarray(patterns[(wish.luck(next(streams)) * len(patterns)).astype(int)])

        def maybe(part: str, share: float) -> Ints:
            return np.where(wish.luck(next(streams)) < share, pick(part), _ABSENT)

        first, second = maybe("manner", _SHARE_FIRST), maybe("manner", _SHARE_SECOND)
        opening = np.stack([first, pick(wish.work), second, pick("marker")], axis=1)
        ending = [pick("gap"), pick("ending"), maybe("ending", _SHARE_SECOND)]
        closing = np.stack(ending, axis=1)
        return opening, closing

    def _spell(self, wish: Wish, side: int, clauses: Ints) -> pl.Series:
        """Fill the slots of each text's clauses, and join them."""
        text, column = np.nonzero(clauses != _ABSENT)
        pattern = clauses[text, column]
        key = mix(wish.key)[text]

        def settle(rows: slice, codes: Codes) -> None:
            own = Clauses(pattern[rows], key[rows], side, float(wish.strength))
            swap_words(own, self._book, self._sets, codes)

        counts = self._book.count_codes(pattern)
        return spell_texts(settle, self._table, counts, text, trims=side > 0)

    def _add(self, codes: list[int]) -> int:
        self._compiled.append(codes)
        return len(self._compiled) - 1

    def _swap(self, clause: str) -> list[int]:
        """Compile a clause of a wording: a slot for each word that the thesaurus has."""
        parts = [part for part in _WORD.split(clause) if part]
        others = [THESAURUS.get(part.lower(), ()) for part in parts]
        return [
            self._slot(tuple(like(part, word) for word in (part.lower(), *other)))
            if other
            else self._literal(part)
            for part, other in zip(parts, others, strict=True)
        ]

    def _open(self, clause: str, part: str) -> list[int]:
        """Compile a clause of fresh templates: a slot for each name of a set of words."""
        glued = clause if part in _GLUED else clause + " "
        return [
            self._slot(list_equals(name)) if place % 2 else self._literal(name)
            for place, name in enumerate(_CLASS.split(glued))
            if name
        ]

    def _slot(self, words: tuple[str, ...]) -> int:
        if words not in self._slots:
            self._slots[words] = len(self._start)
            self._start.append(len(self._pieces))
            self._size.append(len(words))
            self._pieces.extend(words)
        return -1 - self._slots[words]

    def _literal(self, text: str) -> int:
        self._pieces.append(text)
        return len(self._pieces) - 1


def _repeat(wish: Wish) -> tuple[pl.Series, pl.Series]:
    """Give the wordings as they stand."""
    sides = zip(*HARVESTS[wish.work], strict=True)
    opening, closing = (pl.Series(side).gather(wish.wording) for side in sides)
    return opening, closing


@cache
def phrasebook() -> Phrasebook:
    """Give the compiled phrasebook; it never changes."""
    return Phrasebook()
