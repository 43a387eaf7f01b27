"""How bits of evidence add up, step by step, from nought to their sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from stillwatch.app.console.drawing.canvas import Anchor, Canvas
from stillwatch.app.console.drawing.scales import Linear
from stillwatch.report.figures import bits

_ROW: Final = 40.0
_WORDS: Final = 15.0
_MARKS: Final = 26.0
_FOOT: Final = 22.0
_BAR: Final = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sum of bits."""

    name: str
    family: str
    weight_bits: float


def draw_waterfall(steps: Sequence[Step], *, bar_bits: float | None = None) -> Markup | None:
    """Draw how bits add up, family by family, from nought to the sum.

    bar_bits:   a line at what a member needs; None: no line.
    Nulls:      None without a step.
    """
    if not steps:
        return None
    ends = [0.0]
    for step in steps:
        ends.append(ends[-1] + step.weight_bits)
    low, high = min(*ends, 0.0), max(*ends, bar_bits or 0.0, 1.0)
    scale = Linear(low, high)
    height = (len(steps) + 1) * _ROW
    canvas = Canvas(height + _FOOT)
    canvas.line((scale.at(0), 0), (scale.at(0), height), tone="axis")
    if bar_bits is not None:
        canvas.line((scale.at(bar_bits), 0), (scale.at(bar_bits), height), tone="mark")
        words = f"a member needs {bits(bar_bits)}"
        anchor: Anchor = "start" if scale.at(bar_bits) < 0.5 else "end"  # noqa: PLR2004  towards the middle
        canvas.text(scale.at(bar_bits), height + 16, words, anchor=anchor, tone="label mark-words")
    for at, step in enumerate(steps):
        start, end = sorted((scale.at(ends[at]), scale.at(ends[at + 1])))
        _draw_step(
            canvas, (step.name, step.weight_bits), (start, end), at * _ROW, tone=f"f-{step.family}"
        )
    total = sorted((scale.at(0), scale.at(ends[-1])))
    _draw_step(canvas, ("Sum", ends[-1]), (total[0], total[1]), len(steps) * _ROW, tone="f-sum")
    says = "; ".join(f"{step.name} {bits(step.weight_bits)} bits" for step in steps)
    return canvas.markup(title="Bits by family", says=f"{says}; sum {bits(ends[-1])} bits.")


def _draw_step(
    canvas: Canvas, said: tuple[str, float], span: tuple[float, float], top: float, *, tone: str
) -> None:
    name, weight = said
    canvas.text(0, top + _WORDS, name)
    canvas.text(1, top + _WORDS, f"{weight:+.1f} bits", anchor="end", tone="label strong")
    wide = max(span[1] - span[0], 0.002)
    canvas.rect((span[0], top + _MARKS - _BAR / 2), (wide, _BAR), tone=tone)
