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
    job: npt.NDArray[np.object_]


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
    ends = np.cumsum(length)
    place = np.arange(len(text)) - np.repeat(ends - length, length)
    is_last = place == length[text] - 1
    part = np.select(
        [
            (place == 0) & follows[text],
            place == 0,
            is_last,
            rng.random(len(text)) < 0.35,  # noqa: PLR2004  context after the opening
        ],
        ["follow_up", "ask", "close", "context"],
        "detail",
    )
    swap = (place == 0) & ~follows[text] & (rng.random(len(text)) < 0.4)  # noqa: PLR2004
    asks = is_last & (rng.random(len(text)) < 0.55)  # noqa: PLR2004  many end on the question
    part = np.where(swap, "context", np.where(asks & ~follows[text], "ask", part))
    order = Order(
        text=text,
        pattern=choose_favourites(rng, part, drafted.voice[rows][text]),
        topic=drafted.topic[rows][text],
        voice=drafted.voice[rows][text],
        item=np.zeros(len(text), np.int64),
    )
    return grammar().write(rng, order)


def choose_favourites(rng: np.random.Generator, part: npt.NDArray[np.str_], voice: Ints) -> Ints:
    """Choose a pattern of each part, nearer to the writer's own favourites more often."""
    chosen = np.zeros(len(part), np.int64)
    for family in ("ask", "close", "context", "detail", "follow_up"):
        rows = np.flatnonzero(part == family)
        patterns = grammar().patterns(family)
        rank = (len(patterns) * rng.random(len(rows)) ** _HABIT).astype(np.int64)
        offset = (mix(voice[rows] + len(family)) % np.uint64(len(patterns))).astype(np.int64)
        chosen[rows] = patterns[(offset + rank) % len(patterns)]
    return chosen
