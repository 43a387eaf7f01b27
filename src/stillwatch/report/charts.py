"""What is plotted: harvest by day, what ties a campaign, and where it stands among honest groups.

Reads plain rows that `campaigns.py` prepared; gives Vega-Lite specifications. Two ideas: one narrow
drawing per question, so that a phone and a desk read the same; and a kind of chart is made once, by
Altair and with blanks, and filled for every campaign. Deliberately absent: colours as such
(`drawing.py`), figures that are not in the table under the drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import altair as alt

from stillwatch.report.drawing import (
    ACCENT,
    CAPABILITY_COLOURS,
    CHART_WIDTH,
    INK,
    LINE,
    MUTED,
    QUIET,
    SURFACE,
    Spec,
    fill_blanks,
    write_down,
)
from stillwatch.report.figures import humanise

Row = dict[str, Any]
_DAYS, _LABELLED, _RANKS = ["$days"], ["$labelled"], ["$ranks"]
_COLOURS, _NAMES = ["$colours"], ["$names"]
"""Blanks: lists that differ from campaign to campaign."""

_BAR_CHART_WIDTH: Final = CHART_WIDTH - 50
_BAR_CHART_HEIGHT: Final = 170
_DAY_LABELS_MAX: Final = 6
"""Labels on an axis of days: more collide on a phone."""
_ROW_HEIGHT: Final = 24
_LABEL_WIDTH: Final = 100
_RATIO_WIDTH: Final = 165
_BITS_WIDTH: Final = 96
_PANEL_WIDTH: Final = CHART_WIDTH - 30
_PANEL_HEIGHT: Final = 22
_SHORT: Final = "format(datum.value, '~s')"
"""Labels such as 20k and 3M, and a plain 0."""
_PLAIN: Final = f"abs(datum.value) < 1e4 ? format(datum.value, '.4~r') : {_SHORT}"
"""Labels such as 0.02 and 400; from ten thousand on, short ones."""


def plot_harvest(
    rows: Sequence[Row], *, measure: str, days: Sequence[str], capabilities: Sequence[str]
) -> Spec:
    """Stack what was taken by day and capability.

    Grain:   `rows` hold one day (its label) and capability; `days` is every day, also empty ones.
    Units:   of `measure`: exchanges or output tokens, expected (sums of membership).
    Order:   capabilities from the bottom up as given.
    """
    ranks = {capability: rank for rank, capability in enumerate(capabilities)}
    values = [
        {"day": row["label"], "amount": row[measure], "rank": ranks[row["capability"]]}
        for row in rows
    ]
    blanks: dict[str, Sequence[Any]] = {
        _DAYS[0]: list(days),
        _LABELLED[0]: list(days)[:: math.ceil(len(days) / _DAY_LABELS_MAX)],
        _RANKS[0]: list(range(len(capabilities))),
        _COLOURS[0]: [CAPABILITY_COLOURS[capability] for capability in capabilities],
    }
    return fill_blanks(_harvest_chart(), values, blanks)


@cache
def _harvest_chart() -> Spec:
    chart = (
        alt.Chart(alt.Data(values=[]), width=_BAR_CHART_WIDTH, height=_BAR_CHART_HEIGHT)
        .mark_bar(stroke=SURFACE, strokeWidth=0.6)
        .encode(
            x=alt.X("day:N", title=None, sort=_DAYS)
            .scale(domain=_DAYS, paddingInner=0.18, paddingOuter=0.1)
            .axis(values=_LABELLED, labelAngle=0, domain=True),
            y=alt.Y("amount:Q", title=None, stack="zero").axis(
                labelExpr=_SHORT, tickCount=4, domain=False
            ),
            color=alt.Color("rank:O", legend=None).scale(domain=_RANKS, range=_COLOURS),
            order=alt.Order("rank:O"),
        )
    )
    return write_down(chart)


def plot_ties(rows: Sequence[Row]) -> Spec:
    """Draw what ties the accounts: observed over expected, and what that weighs.

    Grain:   one row per channel, strongest first, with `channel`, `observed`, `expected`,
             `weight_bits`.
    Units:   left: how many times what the population explains (logarithmic); right: bits.
    Nulls:   where a ratio can't be formed (nought expected or observed) the left side is empty.
    """
    values = [
        {
            "channel": humanise(row["channel"]),
            "ratio": _ratio(row["observed"], row["expected"]),
            "one": 1,
            "bits": row["weight_bits"],
        }
        for row in rows
    ]
    names = list(dict.fromkeys(value["channel"] for value in values))
    return fill_blanks(_ties_chart(), values, {_NAMES[0]: names})


@cache
def _ties_chart() -> Spec:
    height = alt.Step(_ROW_HEIGHT)
    place = alt.Y("channel:N", title=None).scale(domain=_NAMES)
    y = place.axis(labelLimit=_LABEL_WIDTH, domain=False, labelColor=INK, minExtent=_LABEL_WIDTH)
    ratios = alt.Chart(width=_RATIO_WIDTH, height=height).transform_filter("isValid(datum.ratio)")
    x = alt.X("ratio:Q", title="times what is expected").scale(type="log", padding=6)
    x = x.axis(labelExpr=_SHORT, tickCount=3, domain=False)
    dumbbell = alt.layer(
        ratios.mark_rule(color=QUIET, strokeWidth=3).encode(x=x, x2="one:Q", y=y),
        ratios.mark_point(
            shape="circle", size=60, fill=SURFACE, stroke=MUTED, strokeWidth=1.5, opacity=1
        ).encode(x="one:Q", y=y),
        ratios.mark_point(shape="circle", size=70, fill=ACCENT, stroke=ACCENT, opacity=1).encode(
            x=x, y=y
        ),
    )
    bars = (
        alt.Chart(width=_BITS_WIDTH, height=height)
        .mark_bar(color=ACCENT, height=10)
        .encode(
            x=alt.X("bits:Q", title="bits").axis(tickCount=3, domain=False),
            y=place.axis(None),
        )
    )
    return write_down(alt.hconcat(dumbbell, bars, spacing=14, data=alt.Data(values=[])))


def _ratio(observed: float, expected: float) -> float | None:
    usable = observed > 0 and expected > 0 and math.isfinite(observed / expected)
    return observed / expected if usable else None


def plot_witnesses(rows: Sequence[Row]) -> Spec:
    """Place the campaign among the honest tied groups, one strip a witness.

    Grain:   one row per witness with `channel`, `observed`, `expected` and `honest`: None, or
             (least, lower quartile, median, upper quartile, most) of the honest tied groups.
    Units:   each strip has its witness's own.
    Nulls:   what is null or not finite is not drawn; the rest of its strip is.
    """
    values = [
        {"witness": humanise(row["channel"])}
        | {name: value for name, value in _places(row).items() if _finite(value)}
        for row in rows
    ]
    names = list(dict.fromkeys(value["witness"] for value in values))
    return fill_blanks(_witnesses_chart(), values, {_NAMES[0]: names})


@cache
def _witnesses_chart() -> Spec:
    base = alt.Chart(width=_PANEL_WIDTH, height=_PANEL_HEIGHT)
    axis = alt.Axis(labelExpr=_PLAIN, tickCount=5, grid=False, domain=True, offset=2)

    def at(name: str) -> alt.X:
        return alt.X(f"{name}:Q", title=None, axis=axis).scale(zero=False, padding=8)

    strip = alt.layer(
        base.mark_rule(color=LINE, strokeWidth=4).encode(x=at("least"), x2="most:Q"),
        base.mark_rule(color=QUIET, strokeWidth=10).encode(x=at("low"), x2="high:Q"),
        base.mark_tick(color=MUTED, thickness=2, size=14).encode(x=at("middle")),
        base.mark_point(
            shape="circle", size=60, fill=SURFACE, stroke=MUTED, strokeWidth=1.5, opacity=1
        ).encode(x=at("expected")),
        base.mark_point(
            shape="diamond", size=110, fill=ACCENT, stroke=SURFACE, strokeWidth=1, opacity=1
        ).encode(x=at("campaign")),
    )
    heading = alt.Row("witness:N", sort=_NAMES).header(
        title=None, labelOrient="top", labelAnchor="start", labelPadding=2
    )
    facet = strip.facet(row=heading, spacing=10, data=alt.Data(values=[]))
    return write_down(facet.resolve_scale(x="independent"))


def _places(row: Row) -> Row:
    names = ("least", "low", "middle", "high", "most")
    honest = dict(zip(names, row["honest"], strict=True)) if row["honest"] else {}
    return {"campaign": row["observed"], "expected": row["expected"], **honest}


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
