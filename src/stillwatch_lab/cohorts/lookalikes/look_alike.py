"""One kind of honest account that looks guilty: who draws it, how many there are, how large.

Read by `registry`, which lists them all, by `cohorts.groups`, and by kinds that draw their sizes as
groups draw theirs. Absent: the kinds themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

Draw = Callable[..., pl.DataFrame]
Grant = Callable[[pl.DataFrame], dict[str, object]]


@dataclass(frozen=True, slots=True)
class LookAlike:
    """One kind of honest account that looks guilty."""

    name: str
    role: str
    draw: Draw
    groups: int
    """How many there are at scale 1."""
    size: tuple[int, int]
    """Accounts of one, log-uniform between the two."""
    why: str
    """The argument for number and size."""
    shape: Literal["group", "crowd", "single"] = "group"
    """Tied accounts, strangers that share one thing, or one account."""
    least: int = 5
    """Accounts of one where the scale would give less."""
    times: float = 1.0
    """How many times the common volume an account sends."""
    is_product: bool = False
    """Few accounts carry a whole product's traffic."""
    is_bounded: bool = False
    """Its sizes are those of `size` in the null of judging too: nobody honest has more."""
    is_asked_for: bool = False
    """It is there where somebody asks for it, and the shipped null of judging doesn't know it."""
    grant: Grant | None = None
    """Its permission."""


def draw_between(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number between two, log-uniform. Grain: one."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
