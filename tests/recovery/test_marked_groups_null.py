"""An operator whose honest groups lie further out than the lab's: answers bring p back to level."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.detect.tails import Marked, Standing, read_tails

N = 400
"""Groups that the tail was fitted on."""
RATE = 2.0
TAILS = np.tile([1.0, 1.0 / RATE, 1.0], (3, 1))
"""p = 0.05 exp(-2 (score - 1)) above 1: the lab's law."""
DRAWS = 20_000
LEVELS = (0.005, 0.01, 0.02)


def draw(rng: np.random.Generator, size: int, *, share: float) -> np.ndarray:
    """Draw honest scores: the lab's law, and a share of a kind that the lab hasn't, far out."""
    usual = 1.0 + (np.log(0.05) - np.log(rng.random(size))) / RATE
    return np.where(rng.random(size) < share, rng.uniform(4.0, 6.0, size), usual)


def p_values(scores: np.ndarray, marked: np.ndarray | None) -> np.ndarray:
    """Give the p-values of strangers' scores."""
    beside = None
    if marked is not None:
        beside = Marked(marked, np.ones((3, len(marked)), np.bool_), np.full(3, float(N)))
    nobody = Standing(np.zeros(len(scores)), np.zeros(len(scores)))
    return read_tails(TAILS, scores, standing=nobody, marked=beside)


@pytest.mark.parametrize("level", LEVELS)
def test_as_many_answers_as_the_lab_had_groups_hold_the_level(level: int) -> None:
    """Of N honest groups of the operator only the extreme ones were marked: p is valid again.

    A kind that the lab hasn't makes three in a hundred honest groups. By the shipped tail alone
    more of them than `level` fall below it; beside the marked ones no more than `level` do.
    """
    rng = np.random.default_rng(7)
    own = draw(rng, N, share=0.03)
    marked = own[p_values(own, None) <= 0.01]
    fresh = draw(rng, DRAWS, share=0.03)
    alone, beside = (float((p_values(fresh, m) <= level).mean()) for m in (None, marked))
    assert alone > level
    assert beside <= level


def test_where_the_lab_was_right_answers_cost_little() -> None:
    """Groups of the lab's law, one in a hundred of them marked: p is larger, by a factor of a few.

    A group far beyond all marked ones keeps its p-value.
    """
    rng = np.random.default_rng(8)
    own = draw(rng, N, share=0.0)
    marked = own[p_values(own, None) <= 0.01]
    at = np.array([2.0, 12.0])
    alone, beside = p_values(at, None), p_values(at, marked)
    assert alone[0] < beside[0] < 6 * alone[0] + 3 / N
    assert beside[1] == alone[1]
