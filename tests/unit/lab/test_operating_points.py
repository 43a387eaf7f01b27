"""Recall at a controlled share of false accounts: bars worked out by hand, and against a search."""

from __future__ import annotations

import numpy as np
import pytest
from cases_by_hand import called, heads, honest, incident

from stillwatch_lab.evaluation.operating_points import (
    Ranking,
    Rung,
    find_operating_point,
    rank_accounts,
)


def test_accounts_are_ranked_by_probability_and_equal_ones_share_a_rung() -> None:
    """Two guilty and one honest account at 0.9, one honest at 0.2; the likeliest first."""
    people = [*heads("a", 2), *honest(2)]
    said = [
        *called(people[:3], "fraudulent", "c", probability=0.9),
        *called(people[3:], "clear", probability=0.2),
    ]
    assert rank_accounts(incident(people, said)) == Ranking(2, (Rung(0.9, 2, 1), Rung(0.2, 0, 1)))


def test_without_a_probability_or_under_a_permission_an_account_is_on_no_rung() -> None:
    """No bar calls it; where it is guilty it counts as missed."""
    people = [*heads("a", 3), *honest(1)]
    said = [
        *called(people[:1], "suspect", "c", probability=0.7),
        *called(people[1:2], "permitted", "c", probability=0.8),
        (people[2][0], "clear", None, None, None),
        *called(people[3:], "permitted", "c", probability=0.9),
    ]
    assert rank_accounts(incident(people, said)) == Ranking(3, (Rung(0.7, 1, 0),))


def test_the_bar_that_finds_most_within_the_share_is_taken() -> None:
    """One false of a hundred is allowed; the second, further down, is not."""
    ranking = Ranking(120, (Rung(0.9, 60, 0), Rung(0.8, 39, 1), Rung(0.7, 10, 1)))
    point = find_operating_point([ranking], false_share_max=0.01)
    assert (point.bar, point.recall, point.false_share) == (0.8, 99 / 120, 0.01)


def test_a_bar_below_one_that_was_too_false_may_hold_again() -> None:
    """The share isn't monotone: false accounts at the top are made up for further down."""
    ranking = Ranking(400, (Rung(0.9, 10, 1), Rung(0.8, 290, 0)))
    point = find_operating_point([ranking], false_share_max=0.01)
    assert (point.bar, point.recall) == (0.8, 0.75)


def test_where_no_bar_holds_nobody_is_called() -> None:
    """A recall of nought, and no bar."""
    point = find_operating_point([Ranking(5, (Rung(0.9, 5, 5),))], false_share_max=0.01)
    assert (point.bar, point.recall, point.false_share, point.recalls) == (None, 0.0, 0.0, (0.0,))


def test_without_guilty_accounts_recall_is_unknown() -> None:
    """A ratio of nothing is None."""
    point = find_operating_point([Ranking(0, (Rung(0.9, 0, 3),))], false_share_max=0.01)
    assert (point.recall, point.recalls) == (None, (None,))


def test_several_incidents_share_one_bar() -> None:
    """One false account in one is paid for by the other; recalls are told apart."""
    one = Ranking(100, (Rung(0.9, 50, 1), Rung(0.4, 50, 30)))
    two = Ranking(100, (Rung(0.95, 60, 0), Rung(0.9, 20, 0), Rung(0.3, 20, 0)))
    point = find_operating_point([one, two], false_share_max=0.01)
    assert (point.bar, point.recall, point.recalls) == (0.9, 0.65, (0.5, 0.8))


@pytest.mark.parametrize("seed", range(5))
def test_no_other_bar_finds_more(seed: int) -> None:
    """Against trying every probability that was said as the bar."""
    rng = np.random.default_rng(seed)
    guilty, said = rng.random(300) < 0.4, np.round(rng.random(300), 2)
    said = np.round(np.where(guilty, said**0.3, 0.9 * said), 2)
    rungs = tuple(
        Rung(float(at), int(guilty[said == at].sum()), int((~guilty)[said == at].sum()))
        for at in sorted(set(said.tolist()), reverse=True)
    )
    point = find_operating_point([Ranking(int(guilty.sum()), rungs)], false_share_max=0.1)
    allowed = [at for at in said if (~guilty)[said >= at].mean() <= 0.1]
    assert point.recall == max(guilty[said >= at].sum() for at in allowed) / guilty.sum()
