"""Groups marked innocent are put where a run's own groups lie, and counted in the tails."""

from __future__ import annotations

import numpy as np
import pytest
from answers_by_hand import answer, answered

from stillwatch.detect.dispositions.kept import read_kinds, read_witnesses, write_witnesses
from stillwatch.detect.dispositions.marked import mark_innocent
from stillwatch.detect.honest_groups import NAMES, load_null
from stillwatch.detect.tails import SCORE_SLACK, Standing

NULL = load_null()
NO_SHIFT = np.zeros(len(NAMES))
STRANGERS = Standing(np.zeros(1), np.zeros(1))
OWNED = Standing(np.ones(1), np.zeros(1))


def p_of(score: float, rows: list[dict[str, object]], standing: Standing = STRANGERS) -> float:
    """Give the p-value of one score beside some answers."""
    marked = mark_innocent(answered(rows), null=NULL, shift=NO_SHIFT)
    return float(NULL.p_values(np.array([score]), standing, marked)[0])


def score_of(z: float) -> float:
    """Give the score of a group all of whose witnesses lie alike."""
    marked = mark_innocent(answered([answer(z=z)]), null=NULL, shift=NO_SHIFT)
    assert marked is not None
    return float(marked.score[0])


def test_one_marked_group_is_one_more_honest_group_out_there() -> None:
    """Of n fitted ones: p is 2 of n + 1 where the shipped tail gave one in a million, then 3."""
    at, n = score_of(2.0), float(NULL.tail_groups[0])
    assert p_of(at, []) == pytest.approx(1e-6)
    assert p_of(at, [answer()]) == pytest.approx((1 + n * 1e-6 + 1) / (n + 1), rel=0.01)
    both = [answer(), answer("c-2")]
    assert p_of(at, both) == pytest.approx((1 + n * 1e-6 + 2) / (n + 1), rel=0.01)


def test_what_lies_further_out_than_the_slack_is_left_as_it_was() -> None:
    """The same group a week later is not; one far beyond it is, and so is another kind."""
    at = score_of(2.0)
    counted = [2 / (n + 1) for n in NULL.tail_groups]
    assert p_of(at + 0.99 * SCORE_SLACK, [answer()]) == pytest.approx(counted[0], rel=0.01)
    assert p_of(at + 1.01 * SCORE_SLACK, [answer()]) == p_of(at + 1.01 * SCORE_SLACK, [])
    owner = [answer(kinds=["one owner"])]
    assert p_of(at, owner) == p_of(at, [])
    assert p_of(at, owner, OWNED) == pytest.approx(counted[1], rel=0.01)


def test_what_the_run_widens_moves_marked_groups_as_it_moves_its_own() -> None:
    """A shift of one on every witness is a marked group that lies one nearer."""
    shifted = mark_innocent(answered([answer(z=2.0)]), null=NULL, shift=NO_SHIFT + 1.0)
    assert shifted is not None
    assert shifted.score[0] == pytest.approx(score_of(1.0))


def test_only_what_was_marked_innocent_counts() -> None:
    """Confirmed ones, none at all, and no ledger: the shipped null alone."""
    assert mark_innocent(None, null=NULL, shift=NO_SHIFT) is None
    for rows in ([], [answer(answer="distillation")]):
        assert mark_innocent(answered(rows), null=NULL, shift=NO_SHIFT) is None
    silent = [answer(witnesses=["tactics=1.0", "taking=2.0"])]
    assert p_of(2.0, silent) == p_of(2.0, [])


def test_witnesses_are_read_back_to_the_last_bit() -> None:
    """What is silent stays silent; what nobody knows is passed over; a kind unknown is any."""
    z = np.random.default_rng(1).normal(size=len(NAMES))
    z[3] = np.nan
    words = write_witnesses(z)
    assert np.array_equal(read_witnesses(words), z, equal_nan=True)
    odd = read_witnesses(["tactics=nan", "tactics=x", "colour=1.0", "taking", "taking=1.5"])
    assert np.nansum(odd) == 1.5
    assert read_kinds(["one owner"]).tolist() == [False, True, False]
    assert read_kinds(["a kind of tomorrow"]).all()
