"""Drawings: what is drawn is named, described, escaped, and within the paper."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from stillwatch.app.console.drawing.rows import draw_ties, draw_witnesses
from stillwatch.app.console.drawing.scales import Linear, Logarithmic, round_numbers, short
from stillwatch.app.console.drawing.stacked import Layer, Mark, draw_stacked
from stillwatch.app.console.drawing.waterfall import Step, draw_waterfall
from stillwatch.app.console.drawing.week import draw_week

DAY = date(2026, 3, 2)
TIE = {
    "channel": "payment",
    "family": "identity",
    "phrase": "a payment",
    "observed": 0.5,
    "expected": 0.001,
    "weight_bits": 4.0,
}


def places(svg: str) -> list[float]:
    """Give every place across that a drawing names, in per cent."""
    return [float(found) for found in re.findall(r'(?:x|cx|x1|x2|width)="(-?[\d.]+)%"', svg)]


def test_bars_stand_within_the_paper_and_say_their_sums() -> None:
    """One bar a day and layer; the words for those who don't see it have the totals."""
    layers = [
        Layer("one", "f-s1", {DAY: 3.0, DAY + timedelta(days=2): 1.0}),
        Layer("<two>", "f-s2", {DAY: 1.0}),
    ]
    svg = draw_stacked(layers, title="T", unit="things", marks=[Mark(DAY, "<b>")])
    assert svg is not None
    assert svg.count("<rect") == 3
    assert "one 4, &lt;two&gt; 1" in svg
    assert "<b>" not in svg
    assert all(0 <= place <= 100 for place in places(svg))


def test_a_long_time_is_drawn_by_weeks() -> None:
    """Two hundred days are some thirty bars, and the sums are kept."""
    amounts = {DAY + timedelta(days=at): 1.0 for at in range(200)}
    svg = draw_stacked([Layer("all", "f-s1", amounts)], title="T", unit="things")
    assert svg is not None
    assert 28 <= svg.count("<rect") <= 30
    assert "one a week" in svg
    assert "all 200" in svg


@pytest.mark.parametrize(
    "drawn",
    [
        draw_stacked([], title="T", unit="u"),
        draw_ties([]),
        draw_witnesses([]),
        draw_waterfall([]),
        draw_week({}),
        draw_week({(0, 0): 0}),
    ],
)
def test_nothing_is_no_drawing(drawn: object) -> None:
    """Where there is nothing to draw the page says so in words."""
    assert drawn is None


@pytest.mark.parametrize(
    ("observed", "expected"), [(0.0, 0.0), (1.0, 0.0), (float("inf"), 1.0), (float("nan"), 2.0)]
)
def test_odd_figures_are_drawn_within_the_paper(observed: float, expected: float) -> None:
    """Nought, infinity and what is no number stand at an end, and never off the paper."""
    row = TIE | {"observed": observed, "expected": expected, "honest": None}
    for svg in (draw_ties([row]), draw_witnesses([row])):
        assert svg is not None
        assert all(0 <= place <= 100 for place in places(svg))
        assert "nan%" not in svg


def test_a_waterfall_ends_at_the_sum() -> None:
    """Evidence against draws back; the last row is the sum."""
    svg = draw_waterfall([Step("A", "identity", 6.0), Step("B", "timing", -2.5)], bar_bits=4.0)
    assert svg is not None
    assert "+6.0 bits" in svg
    assert "-2.5 bits" in svg
    assert "+3.5 bits" in svg


def test_a_week_says_when_it_is_busiest() -> None:
    """And how many hours nobody works."""
    svg = draw_week({(2, 13): 40, (6, 0): 1})
    assert svg is not None
    assert "Busiest on Wed at 13:00 with 40 exchanges; 166 of 168 hours without any." in svg
    assert svg.count("<rect") == 168


def test_scales_keep_what_they_place_within_their_ends() -> None:
    """Whatever the value."""
    for scale in (Linear(0, 10, 0.1, 0.9), Logarithmic(0.001, 1, 0.1, 0.9)):
        for value in (-1e9, 0.0, 0.5, 7.0, 1e9):
            assert 0.1 <= scale.at(value) <= 0.9


@pytest.mark.parametrize(
    ("low", "high", "numbers"), [(0, 10, [0, 5, 10]), (0, 0.3, [0, 0.1, 0.2, 0.3]), (5, 5, [5])]
)
def test_round_numbers_are_round(low: float, high: float, numbers: list[float]) -> None:
    """Few, and within the ends."""
    assert round_numbers(low, high, about=3) == pytest.approx(numbers)


def test_long_numbers_are_written_short() -> None:
    """Along an axis."""
    values = (1e-6, 0.02, 950, 20_000, 3.5e6)
    assert [short(value) for value in values] == ["10⁻⁶", "0.02", "950", "20k", "3.5M"]


def test_a_long_mark_has_a_short_form_for_a_telephone() -> None:
    """Its first part, where the whole would run off the paper; a short one stands as it is."""
    layers = [Layer("one", "f-s1", {DAY: 3.0})]
    long = Mark(DAY, "24 stopped, 24 succeeded them")
    svg = draw_stacked(layers, title="T", unit="things", marks=[long])
    assert svg is not None
    assert re.search(r'narrow-only"[^>]*>24 stopped …<', svg)
    assert re.search(r'wide-only"[^>]*>24 stopped, 24 succeeded them<', svg)
    svg = draw_stacked(layers, title="T", unit="things", marks=[Mark(DAY, "tern-3 released")])
    assert svg is not None
    assert "narrow-only" not in svg
