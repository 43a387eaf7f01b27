"""From a value to a place: linear and logarithmic, with the round numbers written along."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_LARGE: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_SMALL: Final = 1e-3
"""Below it along an axis there are powers of ten alone."""
_RAISED: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_DECADES_ALL: Final = 4
"""Decades of which each is written; of more, every second or third."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A scale from `low` to `high`, placed between two shares of the width."""

    low: float
    high: float
    start: float = 0.0
    end: float = 1.0

    def at(self, value: float) -> float:
        """Give the place of a value, within the scale."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, about: int) -> list[float]:
        """Give about so many round numbers within the scale."""
        return round_numbers(self.low, self.high, about=about)


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """A scale of decades; both ends are above nought."""

    low: float
    high: float
    start: float = 0.0
    end: float = 1.0

    def at(self, value: float) -> float:
        """Give the place of a value, within the scale; nought and less stand at its beginning."""
        inner = Linear(math.log10(self.low), math.log10(self.high), self.start, self.end)
        return inner.at(math.log10(value)) if value > 0 else self.start

    def ticks(self) -> list[float]:
        """Give powers of ten within the scale."""
        first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
        step = max(math.ceil((last - first + 1) / _DECADES_ALL), 1)
        return [10.0**power for power in range(first, last + 1, step)]


def round_numbers(low: float, high: float, *, about: int) -> list[float]:
    """Give about so many round numbers from `low` to `high`."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    raw = span / max(about, 1)
    power = 10 ** math.floor(math.log10(raw))
    step = next(one * power for one in _STEPS if one * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def top_of(values: Iterable[float]) -> float:
    """Give the end of a scale that begins at nought and holds all values."""
    most = max((value for value in values if math.isfinite(value)), default=0.0)
    return most if most > 0 else 1.0


def short(value: float) -> str:
    """Write a number along an axis: 20k, 3.5M, 0.02."""
    for step, letter in _LARGE:
        if abs(value) >= step:
            return f"{value / step:.3g}{letter}"
    if 0 < abs(value) < _SMALL:
        return f"10{str(round(math.log10(abs(value)))).translate(_RAISED)}"
    return f"{value:.3g}"
