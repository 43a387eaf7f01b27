"""Texts that many requests share: public frameworks, and what a campaign puts around its items.

Used by `cohorts`; the texts are in `templates.toml`. Each framework has versions that differ in a
sentence; each campaign template has several wordings, of which a campaign takes one or more, and
what `paraphrases` needs to say the same in other words.
Written for the lab; the frameworks don't exist. Absent: the templates of applications and offices,
which the grammar makes up afresh.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any, Final

_CLAUSE: Final = re.compile(r"(?<=[.?]) +(?=[A-Z])")
_VOWELS: Final = "aeiou"
_DATA: Final[dict[str, Any]] = tomllib.loads(
    files(__package__).joinpath("templates.toml").read_text("utf-8")
)

Wording = tuple[str, str]
"""What stands before and after an item."""


def _read(entry: dict[str, str]) -> Wording:
    return entry["opening"], entry["closing"]


FRAMEWORKS: Final[tuple[str, ...]] = tuple(entry["text"] for entry in _DATA["framework"])
"""System texts of three public agent frameworks, two versions each."""
EXERCISE: Final[str] = _DATA["exercise"]
BENCHMARK: Final = _read(_DATA["benchmark"])
PARTNER: Final = _read(_DATA["partner"])
HARVESTS: Final[dict[str, tuple[Wording, ...]]] = {
    work: tuple(_read(entry) for entry in entries) for work, entries in _DATA["harvest"].items()
}
"""By kind of item: the wordings of the template around it."""
THESAURUS: Final[dict[str, tuple[str, ...]]] = {
    word: tuple(others.split(";")) for word, others in _DATA["thesaurus"].items()
}
"""Words of the wordings, and what each may be swapped for."""
FRESH_WORDS: Final[dict[str, tuple[str, ...]]] = {
    name: tuple(words.split(";")) for name, words in _DATA["fresh"]["words"].items()
}
"""Words of a template that is written afresh, by name of the set that they are equals in."""
FRESH_CLAUSES: Final[dict[str, tuple[str, ...]]] = {
    part: tuple(_DATA["fresh"][part]) for part in ("manner", "ending", "marker", "gap")
} | {work: tuple(clauses) for work, clauses in _DATA["fresh"]["demand"].items()}
"""Its clauses by part; what it demands, by kind of item."""


def cut_wording(text: str, side: str) -> list[str]:
    """Cut a wording into clauses; the line breaks beside the item are a clause of their own."""
    if side == "opening":
        body, _, last = text.rpartition("\n\n")
        return [*(clause + " " for clause in _CLAUSE.split(body)), "\n\n" + last]
    body = text.lstrip("\n")
    breaks = text.removesuffix(body)
    return [breaks, *(clause + " " for clause in _CLAUSE.split(body))]


def like(model: str, word: str) -> str:
    """Give a word a capital letter where its model has one."""
    return word[0].upper() + word[1:] if model[0].isupper() else word


def list_equals(name: str) -> tuple[str, ...]:
    """Give the words of a set; "a name" with their article, "Name" with a capital letter."""
    bare = name.removeprefix("a ")
    words = FRESH_WORDS.get(bare) or FRESH_WORDS[bare.lower()]
    if bare != name:
        words = tuple(f"an {w}" if w[0] in _VOWELS else f"a {w}" for w in words)
    return tuple(like(bare, word) for word in words)
