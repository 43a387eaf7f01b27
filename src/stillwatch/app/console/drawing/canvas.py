"""The paper: marks on it, and the markup that comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from markupsafe import Markup, escape

from stillwatch.app.console.texts import spell_out

Anchor = Literal["start", "middle", "end"]
_DIGITS: Final = 3


class Canvas:
    """Marks in the order in which they were made; `x` and widths are shares of the whole width."""

    def __init__(self, height: float) -> None:
        self._height = height
        self._marks: list[str] = []

    def rect(
        self, at: tuple[float, float], size: tuple[float, float], *, tone: str, says: str = ""
    ) -> None:
        """Draw a bar; `tone` is a class of pages.css, `says` appears when somebody points at it."""
        (x, y), (width, height) = at, size
        self._marks.append(
            f'<rect class="{tone}" x="{_share(x)}" y="{_px(y)}" width="{_share(max(width, 0))}" '
            f'height="{_px(max(height, 0))}"{_close("rect", says)}'
        )

    def dot(self, x: float, y: float, radius: float, *, tone: str, says: str = "") -> None:
        """Draw a point."""
        self._marks.append(
            f'<circle class="{tone}" cx="{_share(x)}" cy="{_px(y)}" r="{_px(radius)}"'
            f"{_close('circle', says)}"
        )

    def line(self, start: tuple[float, float], end: tuple[float, float], *, tone: str) -> None:
        """Draw a line from place to place."""
        (x1, y1), (x2, y2) = start, end
        self._marks.append(
            f'<line class="{tone}" x1="{_share(x1)}" y1="{_px(y1)}" x2="{_share(x2)}" '
            f'y2="{_px(y2)}"/>'
        )

    def text(
        self, x: float, y: float, words: str, *, anchor: Anchor = "start", tone: str = "label"
    ) -> None:
        """Write words; they are escaped."""
        self._marks.append(
            f'<text class="{tone}" x="{_share(x)}" y="{_px(y)}" text-anchor="{anchor}">'
            f"{escape(spell_out(words))}</text>"
        )

    def markup(self, *, title: str, says: str) -> Markup:
        """Give the drawing, named and described for those who can't see it."""
        name = escape(spell_out(f"{title}. {says}"))
        return Markup(  # noqa: S704  every value above is a number, a class of ours, or escaped
            f'<svg class="plot" width="100%" height="{_px(self._height)}" role="img" '
            f'aria-label="{name}">{"".join(self._marks)}</svg>'
        )


def legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """Give the key of a drawing: (tone, words)."""
    items = Markup("").join(
        Markup(
            '<li><svg width="10" height="10" aria-hidden="true"><rect class="{}" width="10" '
            'height="10" rx="2"/></svg><bdi>{}</bdi></li>'
        ).format(tone, spell_out(words))
        for tone, words in entries
    )
    return Markup('<ul class="legend">{}</ul>').format(items)


def _close(element: str, says: str) -> str:
    return f"><title>{escape(spell_out(says))}</title></{element}>" if says else "/>"


def _share(value: float) -> str:
    return f"{round(100 * value, _DIGITS):g}%"


def _px(value: float) -> str:
    return f"{round(value, _DIGITS):g}"
