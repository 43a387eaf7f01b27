"""Answers of people only ever make judging more cautious, whatever they are and however many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stillwatch.detect.dispositions.answered import Answered
from stillwatch.detect.dispositions.kept import write_witnesses
from stillwatch.detect.dispositions.marked import mark_innocent
from stillwatch.detect.dispositions.tables import ANSWERED
from stillwatch.detect.honest_groups import NAMES, load_null
from stillwatch.detect.judge import adjust_p_values
from stillwatch.detect.odds import weigh_harvest
from stillwatch.detect.tails import KINDS, Marked, Standing, read_tails

NULL = load_null()
AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
FIGURE = st.one_of(st.floats(-6, 9), st.just(float("nan")))
ANSWERS = 5
GROUPS = 3
MANY = arrays(np.float64, (GROUPS + ANSWERS, len(NAMES)), elements=FIGURE, fill=FIGURE)
"""Witnesses of the run's groups, then of those that people have answered about."""
SHARES = st.lists(
    st.tuples(*[st.sampled_from([0.0, 0.4, 0.6, 1.0, float("nan")])] * 2),
    min_size=GROUPS,
    max_size=GROUPS,
)
SAID = st.lists(
    st.tuples(
        st.sampled_from([[], ["nobody"], ["one owner", "one card"], ["another"], list(KINDS)]),
        st.sampled_from(["innocent", "distillation"]),
    ),
    max_size=ANSWERS,
)
SHIFT = arrays(np.float64, len(NAMES), elements=st.floats(0, 2), fill=st.floats(0, 2))


@dataclass(frozen=True)
class World:
    """Groups of a run, and answers."""

    groups: list[Any]
    answers: list[Any]
    shift: np.ndarray


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a run and what people have answered before it."""
    z, shares, said = draw(MANY), draw(SHARES), draw(SAID)
    groups = [(z[k], *own) for k, own in enumerate(shares)]
    answers = [(z[GROUPS + k], *own) for k, own in enumerate(said)]
    return World(groups, answers, draw(SHIFT))


def answers_of(drawn: list[Any]) -> Answered:
    """Give answers as a ledger would have kept them."""
    rows = [
        {
            "campaign_id": f"c-{number}",
            "null_version": "x",
            "accounts": 5,
            "exchanges": 100,
            "kinds": kinds,
            "witnesses": write_witnesses(z),
            "p_value": 0.5,
            "probability": 0.5,
            "answer": answer,
            "noted_at": AT,
        }
        for number, (z, kinds, answer) in enumerate(drawn)
    ]
    return Answered(AT, ANSWERED.conform(pl.DataFrame(rows, schema=ANSWERED.schema)))


def judge(groups: list[Any], answered: Answered | None, shift: np.ndarray) -> np.ndarray:
    """Give p-value, q-value and probability of each group: three rows."""
    score = NULL.combine(NULL.cut(np.array([z for z, _, _ in groups]) - shift))
    standing = Standing(*(np.array([one[k] for one in groups]) for k in (1, 2)))
    marked = mark_innocent(answered, null=NULL, shift=shift)
    p = NULL.p_values(score, standing, marked)
    sure = [weigh_harvest(float(one), power=NULL.power, prior=0.1) for one in p]
    return np.array([p, adjust_p_values(p), sure])


@given(world=worlds())
def test_no_answer_lowers_a_p_value_or_raises_a_probability(world: World) -> None:
    """Nor a q-value; against the shipped null alone, and against one answer fewer."""
    without = judge(world.groups, None, world.shift)
    fewer = judge(world.groups, answers_of(world.answers[:-1]), world.shift)
    p, q, sure = judge(world.groups, answers_of(world.answers), world.shift)
    for before in (without, fewer):
        assert np.all(p >= before[0])
        assert np.all(q >= before[1] - 1e-15)
        assert np.all(sure <= before[2] + 1e-15)
    assert np.all((p > 0) & (p <= 1))


@given(world=worlds())
def test_confirmed_campaigns_change_nothing(world: World) -> None:
    """However many: what is judged is what it is without them, to the last bit."""
    innocent = [one for one in world.answers if one[2] == "innocent"]
    there, without = (
        judge(world.groups, answers_of(some), world.shift) for some in (world.answers, innocent)
    )
    assert np.array_equal(there, without)


@given(world=worlds())
def test_the_order_of_answers_is_irrelevant(world: World) -> None:
    """To the last bit."""
    there, back = (
        judge(world.groups, answers_of(some), world.shift)
        for some in (world.answers, world.answers[::-1])
    )
    assert np.array_equal(there, back)


@given(
    scores=st.lists(st.floats(-5, 25), min_size=2, max_size=20),
    marked=st.lists(st.floats(-5, 25), min_size=1, max_size=10),
)
def test_who_lies_further_out_never_has_the_larger_p_value(
    scores: list[float], marked: list[float]
) -> None:
    """Within a kind, beside any marked groups: the order that the score gives is kept."""
    own = Marked(np.array(marked), np.ones((3, len(marked)), np.bool_), NULL.tail_groups)
    ranked = np.sort(np.array(scores))
    strangers = Standing(np.zeros(len(ranked)), np.zeros(len(ranked)))
    p = read_tails(NULL.tails, ranked, standing=strangers, marked=own)
    assert np.all(np.diff(p) <= 0)
