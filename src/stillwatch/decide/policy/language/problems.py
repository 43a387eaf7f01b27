"""What can be wrong with a policy, each with its place, and a hint that says what to do.

A problem is data, never an exception: whoever writes a policy wants all of them at once. Places are
1-based, as editors count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from stillwatch.domain.limits import POLICY_PROBLEMS_MAX, POLICY_WORD_CHARS

_SHOWN_WORDS: Final = 12
"""Words of a closed list that a hint names; the documentation has all."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the text: line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that keeps a text from being a policy."""

    place: Place
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.place.line}:{self.place.column}: {self.what}"


@dataclass(slots=True)
class Problems:
    """The problems found so far; beyond the bound they are counted no more."""

    found: list[Problem] = field(default_factory=list)

    def add(self, place: Place, what: str, *, hint: str) -> None:
        """Note a problem."""
        if len(self.found) < POLICY_PROBLEMS_MAX:
            self.found.append(Problem(place, what, hint))

    def in_order(self) -> tuple[Problem, ...]:
        """Give them in the order of the text."""
        return tuple(sorted(set(self.found)))


def show_word(word: object) -> str:
    """Quote what somebody wrote, cut to a readable length.

    Cost:    constant.
    """
    text = str(word)
    return repr(text if len(text) <= POLICY_WORD_CHARS else text[:POLICY_WORD_CHARS] + "…")


def nearest(word: object, known: Sequence[str]) -> str | None:
    """Give the word that was probably meant.

    Nulls:   None = no known word is near.
    Cost:    linear in the words known.
    """
    near = get_close_matches(str(word)[:POLICY_WORD_CHARS].lower(), known, n=1)
    return near[0] if near else None


def suggest(word: object, known: Iterable[str]) -> str:
    """Hint at the word that was meant, else at those that there are.

    Cost:    linear in the words known.
    """
    words = list(known)
    meant = nearest(word, words)
    if meant is not None:
        return f"did you mean `{meant}`?"
    return f"there {'is' if len(words) == 1 else 'are'} {list_words(words)}"


def list_words(words: Sequence[str]) -> str:
    """List words for a hint, the first dozen.

    Cost:    constant.
    """
    shown = ", ".join(f"`{one}`" for one in words[:_SHOWN_WORDS])
    return (shown or "none") + (" …" if len(words) > _SHOWN_WORDS else "")
