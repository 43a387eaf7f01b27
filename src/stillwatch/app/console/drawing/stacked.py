"""Bars through time, stacked by what they are made of, with marks for what happened on a day."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup

from stillwatch.app.console.drawing.canvas import Anchor, Canvas
from stillwatch.app.console.drawing.scales import Linear, round_numbers, short, top_of
from stillwatch.report.figures import count, day

_HEIGHT: Final = 210.0
_TOP: Final = 42.0
"""Pixels above the bars, for the words of marks."""
_FOOT: Final = 22.0
_LABELS_MAX: Final = 5
"""Labels along the days: more collide on a telephone."""
_BARS_MAX: Final = 120
"""Bars of days; a longer time is drawn by weeks."""
_GAP: Final = 0.16
_GUTTER: Final = 0.045
"""Share of the width left of the bars, for the numbers along the height."""
_WEEK: Final = 7
_MARK_CHARS_MAX: Final = 22
"""Letters of a mark that have room on half a telephone; of more the first part stands there."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One part of the stacks: what each day has of it."""

    name: str
    tone: str
    amounts: Mapping[date, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened on a day."""

    day: date
    words: str
    tone: str = "mark"


def draw_stacked(
    layers: Sequence[Layer], *, title: str, unit: str, marks: Sequence[Mark] = ()
) -> Markup | None:
    """Stack layers by day, the first at the bottom; by week where there are very many days.

    Nulls:   None where no layer has a day.
    """
    days = sorted({at for layer in layers for at in layer.amounts})
    if not days:
        return None
    step = _WEEK if (days[-1] - days[0]).days >= _BARS_MAX else 1
    first = days[0] - timedelta(days=days[0].weekday()) if step == _WEEK else days[0]
    number = (days[-1] - first).days // step + 1
    sums = [_by_bar(layer.amounts, first, step, number) for layer in layers]
    totals = [sum(column) for column in zip(*sums, strict=True)]
    across = Linear(0, number, _GUTTER, 1.0)
    up = Linear(0, top_of(totals), _HEIGHT - _FOOT, _TOP)
    canvas = Canvas(_HEIGHT)
    _draw_grid(canvas, up)
    _draw_bars(canvas, (layers, sums), across, up, lambda bar: first + timedelta(days=bar * step))
    _draw_days(canvas, across, [first + timedelta(days=bar * step) for bar in range(number)])
    _draw_marks(
        canvas,
        [m for m in marks if 0 <= (m.day - first).days < number * step],
        lambda at: across.at(((at - first).days + 0.5) / step),
    )
    each = "week" if step == _WEEK else "day"
    parts = ", ".join(f"{layer.name} {count(sum(layer.amounts.values()))}" for layer in layers)
    return canvas.markup(title=title, says=f"Stacked bars, one a {each}, {unit}. In all: {parts}.")


def _by_bar(amounts: Mapping[date, float], first: date, step: int, number: int) -> list[float]:
    sums = [0.0] * number
    for at, amount in amounts.items():
        sums[(at - first).days // step] += amount
    return sums


def _draw_grid(canvas: Canvas, up: Linear) -> None:
    for tick in round_numbers(0, up.high, about=3):
        canvas.line((0, up.at(tick)), (1, up.at(tick)), tone="grid" if tick else "axis")
        if tick:
            canvas.text(0, up.at(tick) - 4, short(tick), tone="label quiet")


def _draw_bars(
    canvas: Canvas,
    stacks: tuple[Sequence[Layer], Sequence[Sequence[float]]],
    across: Linear,
    up: Linear,
    day_of: Callable[[int], date],
) -> None:
    layers, sums = stacks
    for bar in range(len(sums[0])):
        start = across.at(bar + _GAP / 2)
        wide = across.at(bar + 1 - _GAP / 2) - start
        below = 0.0
        for layer, amounts in zip(layers, sums, strict=True):
            if amounts[bar] > 0:
                top, bottom = up.at(below + amounts[bar]), up.at(below)
                says = f"{day(day_of(bar))}: {layer.name} {count(amounts[bar])}"
                canvas.rect((start, top), (wide, bottom - top), tone=layer.tone, says=says)
                below += amounts[bar]


def _draw_marks(canvas: Canvas, marks: Sequence[Mark], place_of: Callable[[date], float]) -> None:
    """Draw marks; the words of neighbours stand on two heights."""
    for number, mark in enumerate(sorted(marks, key=lambda mark: mark.day)):
        place, height = place_of(mark.day), 12.0 + 15.0 * (number % 2)
        side: Anchor = "start" if place < 0.5 else "end"  # noqa: PLR2004  towards the middle
        canvas.line((place, height + 4), (place, _HEIGHT - _FOOT), tone=mark.tone)
        short, _, rest = mark.words.partition(", ")
        tone = f"label {mark.tone}-words"
        if rest and len(mark.words) > _MARK_CHARS_MAX:
            canvas.text(place, height, f"{short} …", anchor=side, tone=f"{tone} narrow-only")
            tone += " wide-only"
        canvas.text(place, height, mark.words, anchor=side, tone=tone)


def _draw_days(canvas: Canvas, across: Linear, days: Sequence[date]) -> None:
    stride = math.ceil(len(days) / _LABELS_MAX)
    for bar in range(0, len(days), stride):
        words = f"{days[bar].day} {days[bar]:%b}"
        canvas.text(across.at(bar + 0.5), _HEIGHT - 6, words, anchor="middle", tone="label quiet")
