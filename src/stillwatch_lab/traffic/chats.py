"""A message in a writer's own words: an opening, context, details, and how it ends.

Between `prompts`, which says who writes about what, and the grammar, which knows the words. The one
idea: a writer has favourite patterns and comes back to them. Absent: real texts (`borrowed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text import Order, grammar, mix

Ints = npt.NDArray[np.int64]
Parts = npt.NDArray[np.int8]

PARTS: Final = ("ask", "close", "context", "detail", "follow_up")
"""Families of sentences that a message is made of."""
_ASK, _CLOSE, _CONTEXT, _DETAIL, _FOLLOW_UP = (np.int8(at) for at in range(len(PARTS)))
_HABIT: Final = 1.5  # exponent: how much a writer prefers some patterns
_LENGTH_MAX: Final = 16  # sentences


@dataclass(frozen=True, slots=True)
class Draft:
    """Who speaks about what in each exchange."""

    account: Ints
    session: Ints
    turn: Ints
    voice: Ints
    topic: Ints
    item: Ints
    job: Ints
    """Place in `jobs`."""
    jobs: tuple[str, ...]


def write_chat(
    rng: np.random.Generator, people: pl.DataFrame, drafted: Draft, rows: Ints
) -> pl.Series:
    """Write the messages of some rows, each of several sentences.

    Grain:   one string per entry of `rows`. Cost: as `Grammar.write`.
    """
    follows = drafted.turn[rows] > 1
    mean = people["sentences"].to_numpy()[drafted.account[rows]]
    length = 1 + rng.poisson(np.where(follows, mean * 0.45, mean))
    length = np.clip(length, np.where(follows, 2, 3), _LENGTH_MAX)
    text = np.repeat(np.arange(len(rows)), length)
    last = np.cumsum(length) - 1
    first = last + 1 - length
    part = np.where(rng.random(len(text)) < 0.35, _CONTEXT, _DETAIL)  # noqa: PLR2004  a guess
    part[last] = _CLOSE
    part[first] = np.where(follows, _FOLLOW_UP, _ASK)
    swap = ~follows & (rng.random(len(text))[first] < 0.4)  # noqa: PLR2004  context comes first
    asks = ~follows & (rng.random(len(text))[last] < 0.55)  # noqa: PLR2004  many end on a question
    part[last[asks]] = _ASK
    part[first[swap]] = _CONTEXT
    voice = drafted.voice[rows][text]
    order = Order(
        text=text,
        pattern=choose_favourites(rng, part, voice),
        topic=drafted.topic[rows][text],
        voice=voice,
        item=np.zeros(len(text), np.int64),
    )
    return grammar().write(rng, order)


def choose_favourites(rng: np.random.Generator, part: Parts, voice: Ints) -> Ints:
    """Choose a pattern of each part (its place in PARTS), nearer to the writer's favourites.

    Grain:   one pattern per entry of `part` and `voice`.
    """
    chosen = np.zeros(len(part), np.int64)
    for number, family in enumerate(PARTS):
        rows = np.flatnonzero(part == number)
        patterns = grammar().patterns(family)
        rank = (len(patterns) * rng.random(len(rows)) ** _HABIT).astype(np.int64)
        offset = (mix(voice[rows] + len(family)) % np.uint64(len(patterns))).astype(np.int64)
        chosen[rows] = patterns[(offset + rank) % len(patterns)]
    return chosen
