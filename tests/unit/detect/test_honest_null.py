"""The null of judging: fitted on honest groups, kept for honest groups that it hasn't seen."""

from __future__ import annotations

import json

import numpy as np
import pytest
from nulls_by_hand import KNOTS, LINE, SCALE, draw_honest, fit

from stillwatch.detect.honest_groups import (
    DECLARED,
    NAMES,
    HonestGroups,
    HonestNull,
    fit_honest_null,
    load_null,
    parse_null,
    save_null,
    widen_by_run,
)
from stillwatch.detect.tails import Standing, weigh_kinds_alike
from stillwatch.detect.witnesses import WITNESSES

SIGNS = np.array([w.sign for w in WITNESSES])

MOVES = ~np.array([w.hides_hand for w in WITNESSES])
"""Which the groups of a run may move: what only hides a hand stays where it is stated."""

CENTRE = np.zeros(len(NAMES))
"""Medians of a lab in which every witness is symmetric."""


def unknown(groups: int) -> Standing:
    """How groups stand where the register is silent."""
    return Standing(np.full(groups, np.nan), np.full(groups, np.nan))


@pytest.fixture(scope="module")
def null() -> HonestNull:
    """A null fitted on six hundred honest groups."""
    return fit(draw_honest(600, seed=1))


def p_values(null: HonestNull, groups: HonestGroups) -> np.ndarray:
    """From figures to p-values."""
    return null.p_values(null.score(groups), groups.standing)


def test_a_known_line_and_scale_are_recovered() -> None:
    """Within four standard errors of 4,000 groups of one kind, whom nobody owns."""
    groups = draw_honest(4_000, seed=2)
    groups.figures[:, DECLARED] = 0.0
    null, drawn = fit(groups), np.arange(len(NAMES)) != DECLARED
    assert null.line[drawn] == pytest.approx(LINE[drawn], abs=0.35)
    assert null.line[drawn, 1] == pytest.approx(LINE[drawn, 1], abs=0.1)
    assert null.scale[drawn] == pytest.approx(SCALE[drawn], rel=0.08)
    assert null.groups == 4_000


def test_fewer_than_three_hundred_groups_are_no_null() -> None:
    """Ranks among a few could never reach small p-values."""
    with pytest.raises(ValueError, match="300"):
        fit(draw_honest(299, seed=3))


def test_standardised_witnesses_are_guilty_upwards_and_cut(null: HonestNull) -> None:
    """One standard deviation is one; a hundred are the cut; silence stays silence."""
    size = np.array([32.0]), np.array([32.0 * 16])
    expected = null.expect(32, 32 * 16)
    one = null.cut(null.standardise((expected + null.scale)[None, :], *size))[0]
    assert one == pytest.approx(
        np.where([w.exculpates for w in WITNESSES], SIGNS, np.maximum(SIGNS, 0))
    )
    far = null.standardise((expected + 100 * SIGNS * null.scale)[None, :], *size)
    assert null.cut(far)[0] == pytest.approx(null.cuts)
    assert np.all((null.cuts > 1.5) & (null.cuts <= 4.0))
    silent = null.standardise(np.full((1, len(NAMES)), np.nan), *size)
    assert np.isnan(silent).all()


def test_a_witness_that_clears_nobody_is_cut_at_none(null: HonestNull) -> None:
    """All others may speak for innocence as far as for guilt; a share of other traffic may not."""
    size = np.array([32.0]), np.array([32.0 * 16])
    innocent = (null.expect(32, 32 * 16) - 100 * SIGNS * null.scale)[None, :]
    z = dict(zip(NAMES, null.cut(null.standardise(innocent, *size))[0], strict=True))
    clears_nobody = (
        "template_mass",
        "interchangeability",
        "follow_up",
        "handed_on",
        "moved_on",
    )
    assert {z.pop(name) for name in clears_nobody} == {0.0}
    assert z == {name: -null.cuts[NAMES.index(name)] for name in z}


def test_no_witness_decides_alone(null: HonestNull) -> None:
    """One witness as guilty as can be, the others as honest groups are: p is not small."""
    z = np.diag(null.cuts)
    assert null.p_values(null.combine(z), unknown(len(z))).min() > 0.009


def test_no_witness_of_the_shipped_null_passes_one_in_a_hundred_alone() -> None:
    """However far each goes, and whoever the group is compared with."""
    shipped = load_null()
    z = np.diag(shipped.cuts)
    score = shipped.combine(z)
    for declared, paid in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
        standing = Standing(np.full(len(z), declared), np.full(len(z), paid))
        assert shipped.p_values(score, standing).min() > 0.01


def test_a_stated_spread_is_not_fitted() -> None:
    """Honest groups far out leave it as it is, and the figure at what is stated, at any size."""
    stated = np.array([w.spread is not None for w in WITNESSES])
    drawn = draw_honest(400, seed=6)
    null = fit(drawn._replace(figures=drawn.figures + 7.0 * stated))
    assert stated.any()
    assert null.line[stated].tolist() == [
        [w.stated, 0.0, 0.0] for w in WITNESSES if w.spread is not None
    ]
    assert np.all(null.correlation[stated][:, ~stated] == 0)
    assert null.scale[stated].tolist() == [w.spread for w in WITNESSES if w.spread is not None]


def test_below_four_witnesses_nothing_is_said(null: HonestNull) -> None:
    """The score is not a number, and p is one."""
    z = np.full((2, len(NAMES)), np.nan)
    z[:, :3] = null.cuts[:3]
    z[1, 3] = null.cuts[3]
    score = null.combine(z)
    assert np.isnan(score).tolist() == [True, False]
    p = null.p_values(score, unknown(len(score)))
    assert p[0] == 1.0
    assert p[1] < 0.05


def test_more_guilty_witnesses_never_raise_p(null: HonestNull) -> None:
    """Rising in each witness, with the others left as they are."""
    rng = np.random.default_rng(4)
    z = rng.normal(size=(50, len(NAMES)))
    for w in range(len(NAMES)):
        more = z.copy()
        more[:, w] += 0.7
        assert np.all(null.combine(more) >= null.combine(z) - 1e-12)


def test_honest_groups_that_were_not_seen_have_p_values_that_are_uniform_or_larger() -> None:
    """10,000 of them under nulls of 1,600 groups of two kinds, ten times: at no level much above.

    Kinds of 800 are about the least that ships (854 under one owner). Over thirty nulls 1.37 in a
    thousand are below 0.001, 1.09 where kinds have 2,000: a small kind's tail is a little short.
    """
    below = {0.1: 0, 0.05: 0, 0.01: 0, 0.001: 0}
    for seed in range(10):
        p = p_values(fit(draw_honest(1_600, seed=seed)), draw_honest(10_000, seed=100 + seed))
        for level in below:
            below[level] += int(np.sum(p <= level))
    rates = {level: count / 100_000 for level, count in below.items()}
    assert rates[0.1] <= 0.125
    assert rates[0.05] <= 0.0625
    assert rates[0.01] <= 0.0125
    assert rates[0.001] <= 0.00125
    assert rates[0.05] >= 0.03


def test_p_is_one_below_the_tail_and_falls_in_it(null: HonestNull) -> None:
    """At the 95 % quantile it is 0.05, nothing below is judged, and never is it under 1e-6."""
    kinds = ((0.1, 0.1), (0.9, 0.9), (0.1, 0.9))
    for stands, (start, scale, shape) in zip(kinds, null.tails, strict=True):
        standing = Standing(*(np.full(5, one) for one in stands))
        at = start + np.array([-1.0, 0.0, 1e-9, 1.0, 2.0])
        p = null.p_values(at, standing)
        assert p[:2].tolist() == [1.0, 1.0]
        assert p[2] == pytest.approx(0.05)
        assert p[3] == pytest.approx(0.05 * np.exp(-((1 / scale) ** shape)))
        assert p[4] < p[3]
        assert null.p_values(np.full(5, 1e3), standing)[0] == 1e-6


def test_groups_are_compared_with_those_that_declare_as_much() -> None:
    """Where owners' groups lie further out, the same score says less of one; unknown is no better.

    Of each kind six hundred honest groups; those under one owner are a standard deviation guiltier
    on every other witness.
    """
    groups = draw_honest(1_200, seed=6)
    owned = np.arange(1_200) % 2 == 0
    moved = groups.figures + np.where(owned, 1.0, 0.0)[:, None] * SIGNS * SCALE
    moved[:, DECLARED] = np.where(owned, 1.0, 0.0)
    null = fit_honest_null(groups._replace(figures=moved), members=KNOTS)
    score = np.full(3, float(null.tails[:, 0].max()) + 0.5)
    declared = np.array([0.0, 1.0, np.nan])
    nobody, owner, unknown = null.p_values(score, Standing(declared, np.zeros(3)))
    assert nobody < owner == unknown


def test_groups_that_one_card_pays_for_are_compared_with_such() -> None:
    """Where those lie further out, the same score says less of one, or of one nobody knows of."""
    groups = draw_honest(1_200, seed=6)
    paid = np.where(np.arange(1_200) % 2 == 0, 1.0, 0.0)
    moved = groups.figures + paid[:, None] * SIGNS * SCALE
    moved[:, DECLARED] = np.arange(1_200) % 7 / 20
    null = fit_honest_null(groups._replace(figures=moved, paid=paid), members=KNOTS)
    score = np.full(4, float(null.tails[:, 0].max()) + 0.5)
    standing = Standing(np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 1.0, np.nan, 1.0]))
    nobody, card, unknown, owner = null.p_values(score, standing)
    assert nobody < card == unknown
    assert owner == null.p_values(score, Standing(np.ones(4), np.zeros(4)))[0]


def test_each_kind_counts_alike_however_many_groups_it_has() -> None:
    """Groups under one owner three times over: lines, spreads and weights stay, its tail may move.

    Owners' groups lie elsewhere on every witness; counted by heads, they would draw all lines.
    """
    groups = draw_honest(1_000, seed=8)
    owned = np.arange(1_000) % 2 == 0
    figures = groups.figures + np.where(owned, SIGNS[:, None] * SCALE[:, None], 0.0).T
    figures[:, DECLARED] = owned
    paid = np.where(owned, 0.0, np.arange(1_000) // 2 % 2)
    once = groups._replace(figures=figures, paid=paid)
    thrice = HonestGroups(*(np.concatenate([x, x[owned], x[owned]]) for x in once))
    plain, more = (fit_honest_null(one, members=KNOTS) for one in (once, thrice))
    assert more.line == pytest.approx(plain.line)
    assert more.scale == pytest.approx(plain.scale)
    assert more.groups == 2_000
    assert more.tail_groups.tolist() != plain.tail_groups.tolist()
    assert weigh_kinds_alike(thrice.standing)[owned.nonzero()[0]].sum() < len(thrice.paid) / 3


def test_where_any_witness_may_be_shifted_squares_find_what_a_sum_does_not() -> None:
    """Two witnesses far out and eight as honest groups are: beyond all of six hundred groups.

    An honest group with as large a sum has it from many witnesses, each a little out.
    """
    null = fit(draw_honest(600, seed=1, together=0.0))
    z = np.zeros((2, len(NAMES)))
    z[0, :2] = null.cuts[:2]
    z[1] = z[0].sum() / len(NAMES)
    two, many = null.p_values(null.combine(z), unknown(2))
    assert two < 0.001
    assert many > 0.05


def test_a_null_is_the_same_after_it_was_written_and_read(null: HonestNull) -> None:
    """All figures, and the names of the witnesses beside them."""
    fields = json.loads(save_null(null))
    again = parse_null(fields)
    for name in (
        "line",
        "scale",
        "correlation",
        "cuts",
        "member_bits",
        "member_probability",
        "tails",
    ):
        assert np.array_equal(getattr(again, name), getattr(null, name))
    assert again.groups == null.groups
    assert tuple(fields["witnesses"]) == NAMES


def test_the_shipped_null_is_of_the_witnesses_that_are_heard() -> None:
    """One line each, of 300 honest groups or more; member probabilities rise below certainty."""
    null = load_null()
    assert null.line.shape == (len(NAMES), 3)
    assert null.correlation.shape == (len(NAMES), len(NAMES))
    assert null.groups >= 300
    assert np.all(null.scale > 0)
    assert np.all(null.tails[:, 1] > 0)
    assert np.all((null.tails[:, 2] >= 1) & (null.tails[:, 2] <= 2))
    assert np.all(np.diff(null.member_bits) >= 0)
    assert np.all(np.diff(null.member_probability) >= 0)
    assert 0 <= null.member_probability.min() <= null.member_probability.max() < 1


def test_a_run_whose_honest_groups_lie_further_out_widens_the_null() -> None:
    """Forty groups a deviation towards guilt: it is taken off; nineteen groups change nothing."""
    rng = np.random.default_rng(5)
    z = rng.normal(size=(40, len(NAMES))) * 0.1 + 1.0
    widened = widen_by_run(z, median=CENTRE)
    assert np.median(widened[:, MOVES]) == pytest.approx(0.0, abs=0.15)
    assert np.array_equal(widened[:, ~MOVES], z[:, ~MOVES])
    assert np.array_equal(widen_by_run(z[:19], median=CENTRE), z[:19])


def test_what_lies_far_beyond_honest_groups_stays_there_when_the_run_widens(
    null: HonestNull,
) -> None:
    """Forty groups a deviation out, one of them thirty: cut after the shift, it still is."""
    z = np.random.default_rng(8).normal(size=(40, len(NAMES))) * 0.1 + 1.0
    z[0] = 30.0
    assert np.all(null.cut(widen_by_run(z, median=CENTRE))[0] == null.cuts)
    assert np.all((widen_by_run(null.cut(z), median=CENTRE)[0] < null.cuts - 0.7)[MOVES])


def test_a_witness_that_is_skewed_in_the_lab_is_no_sign_of_a_mild_lab() -> None:
    """Most honest groups a half beyond the mean, in the lab as in the run: nothing is shifted."""
    z = np.random.default_rng(9).normal(size=(40, len(NAMES))) * 0.1 + 0.5
    assert np.array_equal(widen_by_run(z, median=CENTRE + 0.5), z)
    assert np.all((widen_by_run(z, median=CENTRE) < z)[:, MOVES])


def test_a_run_whose_honest_groups_look_milder_never_narrows_the_null() -> None:
    """What lies on the innocent side stays where it is."""
    z = np.random.default_rng(6).normal(size=(40, len(NAMES))) - 2.0
    assert np.array_equal(widen_by_run(z, median=CENTRE), z)


def test_a_witness_that_is_silent_in_the_whole_run_widens_nothing() -> None:
    """Logs without turns: no group has a figure, and the run says nothing of it."""
    z = np.random.default_rng(7).normal(size=(30, len(NAMES)))
    z[:, -1] = np.nan
    assert np.isnan(widen_by_run(z, median=CENTRE)[:, -1]).all()
