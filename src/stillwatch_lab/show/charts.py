"""What is plotted: probability at its word, the chief figures, and each campaign.

Reads the values of `record`; gives Altair charts. The one idea: one narrow drawing per question, so
that a phone and a desk read the same one. Absent: figures that are in no table beside the drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from stillwatch_lab.evaluation.estimates import Bin, Interval
from stillwatch_lab.show.drawing import (
    ACCENT,
    CHART_WIDTH,
    INK,
    LINE,
    MUTED,
    QUIET,
    SURFACE,
)
from stillwatch_lab.show.figures import percent

_ODDS_MAX: Final = 4.0
"""Powers of ten of the odds that the reliability plot shows on either side: 0.01 % to 99.99 %."""
_SHARES_SHOWN: Final = (0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999)
_SQUARE: Final = CHART_WIDTH - 80
_LABEL_WIDTH: Final = 120
_LONG_LABEL_WIDTH: Final = 170
"""Where a label names its incident, too."""
_ROW_HEIGHT: Final = 26
_SHARE_AXIS: Final = "format(datum.value, '.0%')"
_QUARTERS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def place_on_odds(share: float) -> float:
    """Place a share on an axis of log10 odds, where 99 % and 99.9 % are as far apart as 1 and 0.1.

    Units:   log10(share / (1 - share)), cut at ± 4.
    """
    if share <= 0 or share >= 1:
        return math.copysign(_ODDS_MAX, share - 0.5)
    return max(-_ODDS_MAX, min(_ODDS_MAX, math.log10(share / (1 - share))))


def plot_reliability(bins: Sequence[Bin]) -> alt.LayerChart:
    """Set the share of fraud against the probability that was said, bin by bin, on odds axes.

    Grain:   one point per bin, with the 95 % Wilson interval; on the line the word is kept.
    """
    values = [
        {
            "said": place_on_odds(row.mean_probability),
            "share": place_on_odds(row.fraud_share),
            "low": place_on_odds(row.share_low),
            "high": place_on_odds(row.share_high),
            "accounts": row.accounts,
        }
        for row in bins
    ]
    ticks = {f"{place_on_odds(share):.4f}": f"{share:.4%}" for share in _SHARES_SHOWN}
    words = " : ".join(
        f"abs(datum.value - {at}) < 1e-3 ? '{word.rstrip('%').rstrip('0').rstrip('.')} %'"
        for at, word in ticks.items()
    )
    axis = alt.Axis(values=[float(at) for at in ticks], labelExpr=f"{words} : ''", domain=False)
    scale = alt.Scale(domain=[-_ODDS_MAX, _ODDS_MAX], nice=False, padding=8)
    x = alt.X("said:Q", title="probability that was said", scale=scale, axis=axis)
    y = {"title": "share that is fraud", "scale": scale, "axis": axis}
    base = alt.Chart(alt.Data(values=values), width=_SQUARE, height=_SQUARE)
    ends = alt.Data(
        values=[{"said": -_ODDS_MAX, "share": -_ODDS_MAX}, {"said": _ODDS_MAX, "share": _ODDS_MAX}]
    )
    return alt.layer(
        alt.Chart(ends)
        .mark_line(color=QUIET, strokeDash=[4, 4])
        .encode(x=x, y=alt.Y("share:Q", **y)),
        base.mark_rule(color=MUTED, strokeWidth=2).encode(x=x, y=alt.Y("low:Q", **y), y2="high:Q"),
        base.mark_point(shape="circle", fill=ACCENT, stroke=SURFACE, opacity=1).encode(
            x=x,
            y=alt.Y("share:Q", **y),
            size=alt.Size("accounts:Q", legend=None).scale(
                type="log", domainMin=1, range=[40, 320]
            ),
        ),
    )


def plot_intervals(
    rows: Sequence[tuple[str, Interval | None, Sequence[float | None]]],
) -> alt.LayerChart:
    """Draw each figure with its interval, and as faint rings what single incidents gave.

    Grain:   one row per figure: its name, its interval, the figure of every incident.
    Nulls:   an unknown figure leaves its row empty.
    """
    names = [name for name, _, _ in rows]
    known = [(name, figure) for name, figure, _ in rows if figure is not None]
    figures = [
        {"name": name, "at": one.estimate, "low": _or(one.low, one), "high": _or(one.high, one)}
        for name, one in known
    ]
    single = [{"name": name, "at": at} for name, _, each in rows for at in each if at is not None]
    y = _names_axis(names)
    x = _share_axis("at")
    height = _ROW_HEIGHT * len(names)
    base = alt.Chart(alt.Data(values=figures), width=CHART_WIDTH - _LABEL_WIDTH - 20, height=height)
    return alt.layer(
        base.mark_rule(color=ACCENT, strokeWidth=3).encode(x=_share_axis("low"), x2="high:Q", y=y),
        alt.Chart(alt.Data(values=single))
        .mark_point(shape="circle", size=34, stroke=MUTED, strokeWidth=1, opacity=0.6)
        .encode(x=x, y=y),
        base.mark_point(
            shape="diamond", size=110, fill=ACCENT, stroke=SURFACE, strokeWidth=1, opacity=1
        ).encode(x=x, y=y),
    )


def plot_campaigns(rows: Sequence[dict[str, Any]], *, several: bool) -> alt.LayerChart:
    """Draw how much of each campaign was found: fraudulent in full, suspect behind it.

    Grain:   one row per campaign: `name`, `recall`, `suspected`.
    """
    data = alt.Data(values=[{**row, "said": percent(row["recall"])} for row in rows])
    labels = _LONG_LABEL_WIDTH if several else _LABEL_WIDTH
    y = _names_axis([row["name"] for row in rows], width=labels)
    height = _ROW_HEIGHT * len(rows)
    base = alt.Chart(data, width=CHART_WIDTH - labels - 60, height=height)
    track = base.transform_calculate(one="1")
    return alt.layer(
        track.mark_bar(color=LINE, height=12).encode(x=_share_axis("one"), y=y),
        base.mark_bar(color=QUIET, height=12).encode(x=_share_axis("suspected"), y=y),
        base.mark_bar(color=ACCENT, height=12).encode(x=_share_axis("recall"), y=y),
        track.mark_text(align="left", dx=6, color=INK, fontSize=12).encode(
            x=_share_axis("one"), y=y, text="said:N"
        ),
    )


def _or(end: float | None, figure: Interval) -> float:
    return figure.estimate if end is None else end


def _share_axis(field: str) -> alt.X:
    return (
        alt.X(f"{field}:Q", title=None)
        .scale(domain=[0, 1], nice=False)
        .axis(values=_QUARTERS, labelExpr=_SHARE_AXIS, domain=False, labelFlush=False)
    )


def _names_axis(names: Sequence[str], *, width: int = _LABEL_WIDTH) -> alt.Y:
    return (
        alt.Y("name:N", title=None, sort=list(names))
        .scale(domain=list(names))
        .axis(labelLimit=width, minExtent=width + 10, domain=False, labelColor=INK)
    )
