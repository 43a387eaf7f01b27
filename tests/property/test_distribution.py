"""Properties of the window tests' parts that hold for any input."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stillwatch.detect.distribution.conformal import guarantee_p_values, rank_p_values
from stillwatch.detect.distribution.e_process import bet_on_p_values, rank_paths

F64 = npt.NDArray[np.float64]
SCORES = st.floats(-1e6, 1e6)


@settings(deadline=None, max_examples=60)
@given(arrays(float, st.integers(1, 40), elements=SCORES), arrays(float, 7, elements=SCORES))
def test_p_values_lie_in_the_unit_interval_and_fall_with_the_score(
    calibration: F64, scores: F64
) -> None:
    """In (0, 1], never larger for a larger score, and not below 1 / (m + 1)."""
    p_values = rank_p_values(scores, calibration)
    assert (p_values >= 1 / (len(calibration) + 1)).all()
    assert (p_values <= 1).all()
    assert (np.diff(p_values[np.argsort(scores)]) <= 0).all()
    assert (guarantee_p_values(p_values, calibration=len(calibration), delta=0.1) >= p_values).all()


@settings(deadline=None, max_examples=40)
@given(arrays(float, (3, 12), elements=st.floats(1e-6, 1)), st.permutations(range(12)))
def test_the_wealth_at_the_end_does_not_depend_on_the_order_of_days(
    p_values: F64, order: list[int]
) -> None:
    """A product: what was won by a horizon is won in any order."""
    end = bet_on_p_values(p_values)[:, -1]
    assert np.allclose(end, bet_on_p_values(p_values[:, list(order)])[:, -1])


@settings(deadline=None, max_examples=40)
@given(arrays(float, (4, 9), elements=SCORES), arrays(float, (11, 9), elements=SCORES))
def test_a_ranked_path_never_rises(paths: F64, peers: F64) -> None:
    """Looking on can only lower the p-value of a path."""
    assert (np.diff(rank_paths(paths, peers), axis=1) <= 0).all()
