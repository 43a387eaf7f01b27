"""The curve as a figure: a small drawing per knob, and one of all settings by their cost.

Reads `Row`s; gives an Altair chart in the colours of `show.drawing`. The one idea: a knob's
settings stand at even distances with the cost below each, because what a knob costs spans from
nothing to a factor of ten and no axis of cost shows both. Absent: figures that aren't in the table.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from stillwatch_lab.evasion.curve import Row
from stillwatch_lab.evasion.knobs import CAREFUL, PLAIN
from stillwatch_lab.show.drawing import ACCENT, INK, LINE, MUTED, QUIET, SURFACE
from stillwatch_lab.show.figures import times

_WIDTH: Final = 372
_GAP: Final = 56
_HEIGHT: Final = 120
_LABEL_CHARACTERS: Final = 11
"""Characters of a line below a setting."""
_SHIFT: Final = {PLAIN: -0.06, CAREFUL: 0.06}
"""Where a base's points stand beside a setting's place, so that neither hides the other."""
_COLOURS: Final = {PLAIN: MUTED, CAREFUL: ACCENT}
_COLUMNS: Final = 2
_COSTS_SAID: Final = (
    "below a setting: cost of 1,000 harvested exchanges against the plain base's, "
    "from the plain base, then from the careful one"
)
_LEGEND: Final = (
    ("from the plain base", MUTED, "circle"),
    ("from the careful base (own payment and network)", ACCENT, "circle"),
    ("recall at 1 % false discoveries, bar found with the truth", INK, "circle"),
    ("recall by the verdict 'fraudulent'", INK, "square"),
    ("share of the heads in a tied group, whatever it was judged", INK, "stroke"),
    ("", INK, ""),
    (_COSTS_SAID, MUTED, ""),
)
"""What stands in the legend, line by line: words, colour, mark."""


def plot_curve(rows: Sequence[Row]) -> alt.VConcatChart:
    """Draw recall by setting, a panel a knob, and recall by cost below them.

    Grain:   a filled point per setting and base at 1 % false discoveries, an open square for the
             verdict `fraudulent`, a stroke for what is tied; rules from the least to the largest
             of the seeds.
    """
    knobs = list({row.knob.name: row.knob for row in rows}.values())
    narrow = [_plot_knob(rows, knob.name, _WIDTH) for knob in knobs if not knob.adds_up]
    wide = [_plot_knob(rows, knob.name, 2 * _WIDTH + _GAP) for knob in knobs if knob.adds_up]
    grid = [
        alt.hconcat(*narrow[at : at + _COLUMNS], spacing=_GAP - 30)
        for at in range(0, len(narrow), _COLUMNS)
    ]
    return alt.vconcat(_plot_legend(), *grid, *wide, _plot_costs(rows), spacing=22)


def _plot_knob(rows: Sequence[Row], name: str, width: int) -> alt.LayerChart:
    own = [row for row in rows if row.knob.name == name]
    present = {row.label for row in own}
    labels = [one.label for one in own[0].knob.settings if one.label in present]
    texts = ["|".join(_write_label(label, own)) for label in labels]
    x = (
        alt.X("x:Q", title=None)
        .scale(domain=[-0.4, len(labels) - 0.6], nice=False)
        .axis(
            values=list(range(len(labels))),
            labelExpr=f"split({json.dumps(texts)}[datum.value], '|')",
            grid=False,
            labelFlush=False,
            labelOverlap=False,
        )
    )
    lines = [_layer_base(own, labels, base, x) for base in _COLOURS]
    title = alt.TitleParams(own[0].knob.title, anchor="start", color=INK, fontSize=13)
    return alt.layer(*[part for line in lines for part in line]).properties(
        width=width, height=_HEIGHT, title=title
    )


def _write_label(label: str, rows: Sequence[Row]) -> list[str]:
    """Write a setting and what it costs from each base, line by line."""
    costs = [times(row.relative) for row in rows if row.label == label]
    return [*textwrap.wrap(label, _LABEL_CHARACTERS), *costs]


def _layer_base(rows: Sequence[Row], labels: Sequence[str], base: str, x: alt.X) -> list[alt.Chart]:
    values = [
        _point(row, labels.index(row.label) + _SHIFT[base]) for row in rows if row.base == base
    ]
    if not values:
        return []
    data, colour = alt.Chart(alt.Data(values=values)), _COLOURS[base]
    ranked, called = _share_axis("ranked"), _share_axis("called")
    return [
        data.mark_line(color=QUIET, strokeWidth=1, strokeDash=[3, 3]).encode(x=x, y=called),
        data.mark_point(shape="stroke", size=260, stroke=colour, strokeWidth=2, opacity=1).encode(
            x=x, y=_share_axis("tied")
        ),
        data.mark_line(color=colour, strokeWidth=1.8).encode(x=x, y=ranked),
        *(
            data.mark_rule(color=colour, strokeWidth=3, opacity=0.35).encode(
                x=x, y=_share_axis(f"{what}_low"), y2=f"{what}_high:Q"
            )
            for what in ("called", "ranked")
        ),
        *_mark_points(data, x, colour),
    ]


def _mark_points(data: alt.Chart, x: alt.X, colour: str) -> list[alt.Chart]:
    """Mark the verdict's recall by an open square and the ranking's by a point in it."""
    return [
        data.mark_point(
            shape="square", size=80, stroke=colour, fill=SURFACE, strokeWidth=1.4, opacity=1
        ).encode(x=x, y=_share_axis("called")),
        data.mark_point(
            shape="circle", size=26, fill=colour, stroke=colour, strokeWidth=1, opacity=1
        ).encode(x=x, y=_share_axis("ranked")),
    ]


def _point(row: Row, x: float) -> dict[str, Any]:
    called, ranked = (
        [value for value in each if value is not None] for each in (row.called, row.ranked.recalls)
    )
    return {
        "x": x,
        "ranked": row.ranked.recall or 0.0,
        "ranked_low": min(ranked, default=0.0),
        "ranked_high": max(ranked, default=0.0),
        "called": row.recall or 0.0,
        "called_low": min(called, default=0.0),
        "called_high": max(called, default=0.0),
        "tied": row.tied_share or 0.0,
    }


def _share_axis(field: str) -> alt.Y:
    return (
        alt.Y(f"{field}:Q", title=None)
        .scale(domain=[0, 1], nice=False)
        .axis(values=[0, 0.5, 1], labelExpr="format(datum.value, '.0%')", domain=False)
    )


def _plot_costs(rows: Sequence[Row]) -> alt.LayerChart:
    """Set every setting at its cost, on one logarithmic axis."""
    most = max(row.relative for row in rows)
    least = min(row.relative for row in rows)
    ticks = [at for at in (0.5, 1, 2, 3, 5, 10, 20, 50) if least / 1.5 <= at <= most * 1.5]
    x = (
        alt.X("x:Q", title="cost of a thousand harvested exchanges against the plain base's")
        .scale(type="log", domain=[least / 1.1, most * 1.1], nice=False)
        .axis(values=ticks, labelExpr=f"'{times(1)[:-1]}' + datum.value", gridColor=LINE)
    )
    layers = []
    for base, colour in _COLOURS.items():
        values = [_point(row, row.relative) for row in rows if row.base == base]
        if values:
            data = alt.Chart(alt.Data(values=values))
            layers.append(_mark_points(data, x, colour)[-1])
    title = alt.TitleParams(
        "All settings by cost, at 1 % false discoveries", anchor="start", color=INK, fontSize=13
    )
    return alt.layer(*layers).properties(width=2 * _WIDTH + _GAP, height=_HEIGHT, title=title)


def _plot_legend() -> alt.LayerChart:
    """Say what colours and marks mean, where a reader begins."""
    layers = []
    for place, (text, colour, shape) in enumerate(_LEGEND):
        row, column = divmod(place, _COLUMNS)
        data = alt.Chart(alt.Data(values=[{"x": column, "y": row, "text": text}]))
        x = alt.X("x:Q", axis=None).scale(domain=[0, _COLUMNS], nice=False)
        y = alt.Y("y:Q", axis=None).scale(domain=[3.5, -0.5], nice=False)
        if shape:
            fill = SURFACE if shape == "square" else colour
            mark = data.mark_point(shape=shape, size=50, fill=fill, stroke=colour, opacity=1)
            layers.append(mark.encode(x=x, y=y))
        words = data.mark_text(align="left", dx=10 if shape else -4, color=INK, fontSize=12)
        layers.append(words.encode(x=x, y=y, text="text:N"))
    return alt.layer(*layers).properties(width=2 * _WIDTH + _GAP, height=80)
