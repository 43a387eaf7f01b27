"""How a figure of an evaluation reads, the same on the terminal and on the page.

The one idea: a share is never rounded to nought or to all: what isn't 0 % or 100 % doesn't read so.
Absent: escaping, which is the template's.
"""

from __future__ import annotations

from typing import Final

from stillwatch_lab.evaluation.estimates import Interval

NOTHING: Final = "\N{EN DASH}"
_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_SUPERSCRIPTS: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_PLAIN_MIN: Final = 1e-3
"""Below this, powers of ten are easier to read than noughts."""
_ROUNDS_TO_NOUGHT: Final = 0.0005
"""Shares below this read as 0.0 %."""


def percent(value: float | None) -> str:
    """Write a share to a tenth of a per cent."""
    if value is None:
        return NOTHING
    if 0 < value < _ROUNDS_TO_NOUGHT:
        return "< 0.1%"
    if 1 - _ROUNDS_TO_NOUGHT < value < 1:
        return "> 99.9%"
    return f"{value:.1%}"


def interval(figure: Interval | None) -> str:
    """Write the ends of an interval, or nothing where there are none."""
    if figure is None or figure.low is None or figure.high is None:
        return NOTHING
    return f"{percent(figure.low)} to {percent(figure.high)}"


def number(value: int) -> str:
    """Write a whole number with thousands apart."""
    return f"{value:,}"


def times(value: float) -> str:
    """Write a multiple to three digits."""
    return f"{_TIMES}{value:.3g}"


def score(value: float | None) -> str:
    """Write a Brier score: a small one has more decimals."""
    if value is None:
        return NOTHING
    return f"{value:.6f}" if 0 < value < _ROUNDS_TO_NOUGHT else f"{value:.4f}"


def q_value(value: float) -> str:
    """Write a q-value to two digits, small ones with a power of ten."""
    if value == 0 or value >= _PLAIN_MIN:
        return f"{value:.2g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} {_TIMES} 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
