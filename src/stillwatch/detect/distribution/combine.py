"""All tests of a window in one score, and the score in one p-value; benign windows decide alone.

Last step. Each figure is put on one scale by where it would stand among benign windows (a rank, and
beyond the tenth-highest percent an exponential tail), then the strongest of them are added up: one
loud figure shows in the sum, and so do several quiet ones, and those that say nothing add no noise.
How many depends on what is benign: of windows of one pool the strongest half, of accounts, each of
which is odd in several ways, the three strongest.
Nothing rests on that scale being right: the score of a window is ranked among scores of *other*
benign windows of the same size, which neither the reference nor the scale has seen, and that rank
is the p-value (`conformal.py`).

Deliberately absent: weights, and a choice of figures. How *many* count was chosen: half on seeds
that are not reported, three on the very harvests that are. Blind spot: as its parts'.
Source: rank truncated product of p-values, Dudbridge and Koeleman 2003; split conformal prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stillwatch.detect.distribution.figures import breadth, frequencies
from stillwatch.detect.distribution.figures.breadth import measure_breadth
from stillwatch.detect.distribution.figures.energy import measure_energy
from stillwatch.detect.distribution.figures.frequencies import measure_frequencies
from stillwatch.detect.distribution.figures.kernel_mean import measure_kernel_mean
from stillwatch.detect.distribution.figures.rare import measure_rare
from stillwatch.detect.distribution.items import F64
from stillwatch.detect.distribution.reference import Reference
from stillwatch.detect.distribution.usual import Usual, describe_usual
from stillwatch.detect.distribution.windows import Windows

STRONGEST_OF_POOL: Final = 18
"""Figures that are added up where benign windows are drawn from one pool: half of them."""
STRONGEST_OF_ACCOUNTS: Final = 3
"""The same where they are accounts or groups that differ among themselves: the sum of half is then
largest of honest ones with a trade of their own (docs/content/window-tests.md)."""
_TAIL: Final = 0.1
"""Share of benign windows beyond which ranks give way to an exponential tail."""
_TWO_SIDED: Final = {*breadth.TWO_SIDED, *frequencies.TWO_SIDED}
_STEPS_MIN: Final = {"coverage": 0.5, "repetition": 0.35}
"""Least scale of the tail of a count: half a place, half a repeated pair."""
_STEP_MIN: Final = 1e-3
"""Least scale of any tail, in logarithms: a figure that benign windows share exactly is finite."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a figure stands among benign windows, as minus log of the share beyond it."""

    ordered: F64
    start: F64
    step: F64


@dataclass(frozen=True, slots=True)
class WindowTest:
    """A fitted test for windows of one size; made by `fit_window_test`."""

    usual: Usual
    centre: dict[str, float]
    each: Scale
    strongest: int
    """Figures that are added up."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the figures, in the order of the columns of `place_figures`."""
        return tuple(self.centre)


def measure_windows(windows: Windows, usual: Usual) -> dict[str, F64]:
    """Take every figure of every window.

    Grain:   one row per window and name. Units: as each test says. Cost: linear in the sketches.
    """
    return {
        **measure_kernel_mean(windows, usual),
        **measure_frequencies(windows, usual),
        **measure_rare(windows, usual),
        **measure_breadth(windows, usual),
        **measure_energy(windows, usual),
    }


def fit_window_test(
    reference: Reference, benign: Windows, *, strongest: int = STRONGEST_OF_POOL
) -> WindowTest:
    """Fit the test on benign windows of one size, from other exchanges than the reference's.

    Grain:   one test for one size of window.
    Cost:    linear in windows; a few hundred are enough, the p-values need others.
    """
    usual = describe_usual(reference, benign)
    figures = measure_windows(benign, usual)
    centre = {name: float(np.median(x)) for name, x in figures.items()}
    steps = np.array([_STEPS_MIN.get(name, _STEP_MIN) for name in figures])
    return WindowTest(usual, centre, _fit_scale(_turn(figures, centre), steps), strongest)


def place_figures(test: WindowTest, windows: Windows) -> F64:
    """Say of each figure how unusual it is: minus log of the share of benign windows beyond it.

    Grain:   one row per window, a column a name of `test.names`. Cost: linear in the sketches.
    """
    figures = measure_windows(windows, test.usual)
    return _place(_turn(figures, test.centre), test.each)


def score_windows(test: WindowTest, windows: Windows) -> F64:
    """Give each window's score: the sum of its strongest figures.

    Grain:   one score per window. Units: none; `rank_p_values` against benign scores makes p.
    Cost:    linear in the sketches; about 0.1 ms a window.
    """
    placed = np.sort(place_figures(test, windows), axis=1)
    return np.asarray(placed[:, -test.strongest :].sum(axis=1))


def _turn(figures: dict[str, F64], centre: dict[str, float]) -> F64:
    """Two-sided figures become distances from the benign median."""
    turned = [abs(x - centre[name]) if name in _TWO_SIDED else x for name, x in figures.items()]
    return np.stack(turned, axis=1)


def _fit_scale(values: F64, least: F64) -> Scale:
    ordered = np.sort(values, axis=0)
    first = int((1 - _TAIL) * len(ordered))
    start = ordered[first]
    return Scale(ordered, start, np.maximum((ordered[first:] - start).mean(axis=0), least))


def _place(values: F64, scale: Scale) -> F64:
    rows = len(scale.ordered)
    placed = np.zeros_like(values)
    for column in range(values.shape[1]):
        at = np.searchsorted(scale.ordered[:, column], values[:, column])
        share = np.maximum(1 - at / rows, _TAIL)
        beyond = (values[:, column] - scale.start[column]) / scale.step[column]
        placed[:, column] = np.where(beyond > 0, beyond - np.log(_TAIL), -np.log(share))
    return placed
