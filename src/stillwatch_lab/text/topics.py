"""What people write about: the topics of the lab's honest traffic, in words of our own.

First of the text modules: `words.py` adds the words of every topic, `sentences.py` the patterns,
`grammar.py` puts them together. Read from `topics.txt`, one line a topic: name, nouns, verbs and
adjectives. The one
idea: a topic is a vocabulary, and two people with one topic still choose different words from it.
Absent: any sentence, and any name of a person, product or company.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic and its vocabulary."""

    name: str
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]


_TEXT: Final = files(__package__).joinpath("topics.txt").read_text("utf-8")


def _read(line: str) -> Topic:
    name, nouns, verbs, adjectives = line.split("|")
    return Topic(name, tuple(nouns.split()), tuple(verbs.split()), tuple(adjectives.split()))


TOPICS: Final = tuple(_read(line) for line in _TEXT.splitlines())
"""Every topic; the position is the topic's number in the lab."""
