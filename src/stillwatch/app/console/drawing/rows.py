"""Row by row: what ties accounts, and where a group stands among honest ones.

Each row has its words on one line and its marks on the next, so that it reads the same at 340
pixels and at 900. Left stands what was observed, right what it weighs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from markupsafe import Markup

from stillwatch.app.console.drawing.canvas import Anchor, Canvas
from stillwatch.app.console.drawing.scales import Linear, Logarithmic, short
from stillwatch.report.figures import bits, figure, humanise

Row = dict[str, Any]

_ROW: Final = 44.0
_WORDS: Final = 16.0
"""Pixels from the top of a row to the foot of its words."""
_MARKS: Final = 29.0
_FOOT: Final = 24.0
_LEFT_END: Final = 0.66
_RIGHT_START: Final = 0.74
_BAR: Final = 9.0


def draw_ties(rows: Sequence[Row]) -> Markup | None:
    """Draw observed against expected, channel by channel, and the weight of each in bits.

    Grain:   one row each of `channel`, `phrase`, `family`, `observed`, `expected`, `weight_bits`.
    Nulls:   a figure of nought stands at the beginning of the scale; None without a row.
    """
    if not rows:
        return None
    canvas = Canvas(len(rows) * _ROW + _FOOT)
    least, most = _positive_range(rows)
    left = Logarithmic(least, most, 0.0, _LEFT_END)
    heaviest = max(1.0, *(row["weight_bits"] for row in rows))
    right = Linear(0, heaviest, _RIGHT_START, 1.0)
    for tick in left.ticks():
        place = left.at(tick)
        canvas.line((place, 0), (place, len(rows) * _ROW), tone="grid")
        anchor: Anchor = "start" if place == 0 else "middle"
        canvas.text(place, len(rows) * _ROW + 16, short(tick), anchor=anchor, tone="label quiet")
    for at, row in enumerate(rows):
        top = at * _ROW
        seen, expected = left.at(row["observed"]), left.at(row["expected"])
        canvas.text(0, top + _WORDS, humanise(row["channel"]))
        said = f"{figure(row['observed'])} against {figure(row['expected'])}"
        canvas.text(_LEFT_END, top + _WORDS, said, anchor="end", tone="label quiet wide-only")
        canvas.line(
            (min(seen, expected), top + _MARKS), (max(seen, expected), top + _MARKS), tone="span"
        )
        canvas.dot(expected, top + _MARKS, 4.5, tone="hollow", says=f"expected {said}")
        canvas.dot(seen, top + _MARKS, 5.5, tone=f"f-{row['family']}", says=f"observed {said}")
        _draw_weight(canvas, row, right, top)
    return canvas.markup(title="What ties the accounts", says=_say_ties(rows))


def _draw_weight(canvas: Canvas, row: Row, right: Linear, top: float) -> None:
    weight = max(row["weight_bits"], 0.0)
    words = f"{bits(round(row['weight_bits'], 1) + 0.0)} bits"  # and no minus before a nought
    canvas.text(_RIGHT_START, top + _WORDS, words, tone="label strong")
    canvas.rect(
        (_RIGHT_START, top + _MARKS - _BAR / 2),
        (right.at(weight) - _RIGHT_START, _BAR),
        tone=f"f-{row['family']}",
    )


def _positive_range(rows: Sequence[Row]) -> tuple[float, float]:
    """Give the decades that hold every figure that has one."""
    values = [row[name] for row in rows for name in ("observed", "expected")]
    positive = [value for value in values if value > 0 and math.isfinite(value)] or [1.0]
    least = 10.0 ** math.floor(math.log10(min(positive)))
    most = 10.0 ** math.ceil(math.log10(max(positive)))
    return least, most if most > least else least * 10


def _say_ties(rows: Sequence[Row]) -> str:
    parts = (
        f"{row['phrase']}: {figure(row['observed'])} observed, {figure(row['expected'])} expected, "
        f"{bits(row['weight_bits'])} bits"
        for row in rows
    )
    return "; ".join(parts) + "."


def draw_witnesses(rows: Sequence[Row]) -> Markup | None:
    """Place a group among the honest tied groups of the run, witness by witness.

    Grain:   one row each of `channel`, `observed`, `expected`, `weight_bits`, and `honest`: None,
             or its `spread` (least, quartiles, most).
    Nulls:   what is not finite is not drawn; None without a row.
    """
    if not rows:
        return None
    canvas = Canvas(len(rows) * _ROW)
    heaviest = max(1.0, *(abs(row["weight_bits"]) for row in rows))
    right = Linear(0, heaviest, _RIGHT_START, 1.0)
    for at, row in enumerate(rows):
        _draw_witness(canvas, row, at * _ROW)
        weight = row["weight_bits"]
        canvas.text(_RIGHT_START, at * _ROW + _WORDS, f"{bits(weight)} bits", tone="label strong")
        canvas.rect(
            (_RIGHT_START, at * _ROW + _MARKS - _BAR / 2),
            (right.at(abs(weight)) - _RIGHT_START, _BAR),
            tone="f-judging" if weight >= 0 else "f-against",
        )
    says = "; ".join(
        f"{humanise(row['channel'])}: {figure(row['observed'])}, "
        f"{figure(row['expected'])} expected, {bits(row['weight_bits'])} bits"
        for row in rows
    )
    return canvas.markup(title="The group among honest tied groups", says=f"{says}.")


def _draw_witness(canvas: Canvas, row: Row, top: float) -> None:
    spread = list(row["honest"]["spread"]) if row["honest"] else []
    values = [
        v for v in (row["observed"], row["expected"], *spread) if v is not None and math.isfinite(v)
    ]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = (high - low) * 0.06 or 1.0
    scale = Linear(low - room, high + room, 0.0, _LEFT_END)
    canvas.text(0, top + _WORDS, humanise(row["channel"]))
    said = f"{figure(row['observed'])} against {figure(row['expected'])}"
    canvas.text(_LEFT_END, top + _WORDS, said, anchor="end", tone="label quiet wide-only")
    y = top + _MARKS
    canvas.line((0, y), (_LEFT_END, y), tone="grid")
    if spread and all(math.isfinite(value) for value in spread):
        least, low_q, middle, high_q, most = (scale.at(value) for value in spread)
        canvas.rect((least, y - 3), (most - least, 6), tone="band")
        canvas.rect((low_q, y - 6), (high_q - low_q, 12), tone="band-inner")
        canvas.line((middle, y - 7), (middle, y + 7), tone="middle")
    if math.isfinite(row["expected"]):
        canvas.dot(scale.at(row["expected"]), y, 4.5, tone="hollow", says=f"expected {said}")
    if math.isfinite(row["observed"]):
        canvas.dot(scale.at(row["observed"]), y, 6, tone="here", says=f"observed {said}")
