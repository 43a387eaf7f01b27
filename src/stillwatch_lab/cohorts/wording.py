"""The standing texts of applications and teams: system texts and prompt templates, made afresh.

Used by `applications`, `teams` and `institutions`. The one idea: a standing text is a handful of
instructions in one voice on one topic, so two organisations never write the same one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text import Order, grammar
from stillwatch_lab.text.topics import TOPICS

Ints = npt.NDArray[np.int64]


def _write_instructions(rng: np.random.Generator, length: Ints) -> pl.Series:
    count = len(length)
    text = np.repeat(np.arange(count), length)
    voice = rng.integers(0, 2**40, count)
    topic = rng.integers(0, len(TOPICS), count)
    order = Order(
        text=text,
        pattern=rng.choice(grammar().patterns("instruct"), len(text)),
        topic=topic[text],
        voice=voice[text],
        item=np.zeros(len(text), np.int64),
    )
    return grammar().write(rng, order)


def write_systems(rng: np.random.Generator, count: int) -> pl.Series:
    """Write one system text for each of `count` owners: four to twelve instructions."""
    return _write_instructions(rng, rng.integers(4, 13, count))


def write_openings(rng: np.random.Generator, count: int) -> pl.Series:
    """Write what stands before the user's words in each of `count` prompt templates."""
    return _write_instructions(rng, rng.integers(1, 4, count)) + "\n\n"


def write_closings(rng: np.random.Generator, count: int) -> pl.Series:
    """Write what stands after the user's words in each of `count` prompt templates."""
    return "\n\n" + _write_instructions(rng, rng.integers(1, 3, count))
