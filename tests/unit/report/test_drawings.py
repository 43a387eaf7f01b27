"""The drawings: valid charts whose marks are where the figures say."""

from __future__ import annotations

import re

import altair as alt
import pytest

from stillwatch.report.charts import plot_harvest, plot_ties, plot_witnesses
from stillwatch.report.drawing import draw_chart

TIE = {"channel": "template", "observed": 0.9, "expected": 0.009, "weight_bits": 5.0}
WITNESS = {
    "channel": "tactics",
    "observed": 0.6,
    "expected": 0.5,
    "honest": (0.1, 0.2, 0.3, 0.4, 0.5),
}
DAY = {"label": "2 Feb", "capability": "code", "exchanges": 10.0, "output_tokens": 99.0}


def test_every_chart_satisfies_the_schema_of_its_grammar() -> None:
    """Charts are validated here, filled, so that rendering need not do it each time."""
    charts = (
        plot_harvest([DAY], measure="exchanges", days=["2 Feb", "3 Feb"], capabilities=["code"]),
        plot_ties([TIE]),
        plot_witnesses([WITNESS]),
    )
    for chart in charts:
        assert alt.Chart.from_dict(chart, validate=True).to_dict()["$schema"].endswith(".json")
        assert "$" not in str(chart["data"])
        assert not re.search(r"'\$(?!schema')\w+'", str(chart)), "a blank was left"


def test_a_chart_is_filled_for_each_campaign_anew() -> None:
    """What one campaign put into the blanks is not in the next one's chart."""
    first, second = plot_ties([TIE]), plot_ties([{**TIE, "channel": "payment"}])
    assert "Template" in str(first).title()
    assert "Template" not in str(second).title()
    assert plot_ties([TIE]) == first


def test_a_taller_bar_is_drawn_for_more_exchanges() -> None:
    """Bar heights are proportional to what was taken."""
    days = [f"{at} Feb" for at in range(2, 5)]
    rows = [{**DAY, "label": day, "exchanges": 10.0 * at} for at, day in enumerate(days, start=1)]
    chart = plot_harvest(rows, measure="exchanges", days=days, capabilities=["code"])
    svg = draw_chart(chart, name="bars", title="Bars", says="Three bars")
    heights = [float(found) for found in re.findall(r"v(\d+(?:\.\d+)?)h-[^>]*var\(--code\)", svg)]
    assert len(heights) == 3
    assert heights[1] / heights[0] == pytest.approx(2, rel=0.02)
    assert heights[2] / heights[0] == pytest.approx(3, rel=0.02)


def test_a_tie_without_a_ratio_still_shows_its_bits() -> None:
    """Nought expected leaves the left side empty; the row and its bar stay."""
    lone = {**TIE, "channel": "payment", "expected": 0.0}
    svg = draw_chart(plot_ties([TIE, lone]), name="ties", title="Ties", says="Two ties")
    assert "Payment" in svg
    points, bars = svg.count('stroke="var(--accent)"'), svg.count('fill="var(--accent)"')
    assert (points, bars) == (1, 3)


def test_a_witness_without_honest_groups_shows_what_is_known() -> None:
    """No band is invented where no honest group was measured."""
    bare = {**WITNESS, "honest": None}
    svg = draw_chart(plot_witnesses([bare]), name="bare", title="Bare", says="One witness")
    full = draw_chart(plot_witnesses([WITNESS]), name="full", title="Full", says="One witness")
    assert "var(--quiet)" not in svg
    assert "var(--quiet)" in full
    assert 'fill="var(--accent)"' in svg


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_figures_that_are_not_finite_draw_nothing(value: float) -> None:
    """A chart survives a figure that could not be measured."""
    svg = draw_chart(
        plot_witnesses([{**WITNESS, "expected": value}]), name="odd", title="Odd", says="One"
    )
    assert "NaN" not in svg
    assert "Infinity" not in svg


def test_title_and_description_are_escaped() -> None:
    """What stands around a drawing can't break out of it."""
    svg = draw_chart(plot_ties([TIE]), name="safe", title="<b>", says='"&<i>')
    assert "<b>" not in svg
    assert "<i>" not in svg
    assert '<title id="safe-title">&lt;b&gt;</title>' in svg
