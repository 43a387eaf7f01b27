"""From a chart to inline SVG that follows the page: its colours, its fonts, its light and dark.

Reads Altair charts; writes markup. The one idea: marks carry sentinel colours that nothing else
uses, and each becomes a variable of the page's style sheet. Deliberately absent: what is plotted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, Final

import altair as alt
import vl_convert
from markupsafe import Markup, escape

from stillwatch.domain.results import CAPABILITIES

CHART_WIDTH: Final = 420
"""Units of a drawing: read at 1:1 on a phone held upright (390 px), a little larger elsewhere."""
FONT_SIZE: Final = 12
_FONT: Final = "Liberation Sans"
"""Ships with the converter, so labels are measured alike on every machine."""

INK: Final = "#010101"
MUTED: Final = "#010102"
LINE: Final = "#010103"
ACCENT: Final = "#010104"
QUIET: Final = "#010105"
SURFACE: Final = "#010106"
CAPABILITY_COLOURS: Final = {
    name: f"#0102{index:02x}" for index, name in enumerate(CAPABILITIES, start=1)
}
_VARIABLES: Final = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    ACCENT: "var(--accent)",
    QUIET: "var(--quiet)",
    SURFACE: "var(--surface)",
    **{colour: f"var(--{name})" for name, colour in CAPABILITY_COLOURS.items()},
}
_SENTINEL: Final = re.compile("|".join(_VARIABLES))
_OPENING: Final = re.compile(r'^<svg[^>]*viewBox="([^"]*)"[^>]*>')
_NOISE: Final = re.compile(
    r' (?:class|role|aria-[a-z]+|pointer-events|font-family)="[^"]*"'
    r'|<path(?: [a-z-]+="[^"]*")* d="(?:M0,0h0v0h0Z)?"(?: [a-z-]+="[^"]*")*/>'
)
_LONG_DECIMAL: Final = re.compile(r"(\d\.\d\d)\d+")
_ID: Final = re.compile(r'( id="|url\(#)')

_CONFIG: Final[dict[str, Any]] = {
    "aria": False,
    "background": None,
    "font": _FONT,
    "padding": 4,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
        "labelFontSize": FONT_SIZE,
        "titleFontSize": FONT_SIZE,
        "titleFontWeight": "normal",
        "ticks": False,
        "labelPadding": 6,
    },
    "header": {
        "labelColor": INK,
        "labelFontSize": FONT_SIZE,
        "labelFontWeight": "bold",
    },
}

Spec = dict[str, Any]
"""A chart as Vega-Lite specifies it."""


class Drawing:
    """A drawing under way; a template that holds it waits for it where it stands."""

    def __init__(self, drawn: Future[Markup]) -> None:
        self._drawn = drawn

    def __html__(self) -> Markup:
        """Give the markup, as Jinja and markupsafe ask for it."""
        return self._drawn.result()


def draw_chart(chart: alt.TopLevelMixin | Spec, *, name: str, title: str, says: str) -> Markup:
    """Draw a chart as SVG with a title and a description for those who can't see it.

    name:    unique on the page; every id in the drawing starts with it.
    Cost:    about 50 ms a chart, and 600 ms for the first of a process.
    Nulls:   none; nothing is fetched, whatever the chart says.
    """
    return draw_later(chart, name=name, title=title, says=says).__html__()


def draw_later(chart: alt.TopLevelMixin | Spec, *, name: str, title: str, says: str) -> Drawing:
    """Begin what `draw_chart` does: the converter works in a thread, outside Python's lock.

    The chart is written down at once, for Altair must not be used by two threads.
    Cost:    some 10 ms here, the rest of `draw_chart` in the thread.
    """
    written = chart if isinstance(chart, dict) else chart.to_dict(validate=False)
    spec = {**written, "config": _CONFIG}
    return Drawing(_converter().submit(_convert, spec, name, title, says))


@cache
def _converter() -> ThreadPoolExecutor:
    """Give the one thread that converts: the converter does one thing at a time."""
    return ThreadPoolExecutor(1, thread_name_prefix="converter")


def _convert(spec: dict[str, Any], name: str, title: str, says: str) -> Markup:
    svg = vl_convert.vegalite_to_svg(spec, vl_version=_version(), allowed_base_urls=[])
    opening = _OPENING.match(svg)
    assert opening is not None, "the converter's SVG has no viewBox"  # noqa: S101  a bug, not input
    body = _compact(svg[opening.end() :], name)
    return Markup(  # noqa: S704  the converter escapes what is inside, we what is around
        f'<svg viewBox="{opening[1]}" role="img" aria-labelledby="{name}-title {name}-says">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-says">{escape(says)}</desc>{body}'
    )


def write_down(chart: alt.TopLevelMixin) -> Spec:
    """Write a chart down for `fill_blanks`: without rows, whatever Altair was given.

    Cost:    a quarter of a second for a chart of several layers.
    """
    spec: Spec = chart.to_dict(validate=False)
    return {name: part for name, part in spec.items() if name != "data"}


def fill_blanks(chart: Spec, rows: Sequence[Spec], blanks: Mapping[str, Sequence[Any]]) -> Spec:
    """Put rows into a chart, and lists in the place of its blanks: lists of one word of `blanks`.

    Cost:    a walk over the specification; Altair takes a quarter of a second for one.
    """

    def put(part: Any) -> Any:  # noqa: ANN401  any part of a specification
        if isinstance(part, dict):
            return {name: put(inner) for name, inner in part.items()}
        if isinstance(part, list):
            blank = part[0] if len(part) == 1 and isinstance(part[0], str) else ""
            return blanks[blank] if blank in blanks else [put(inner) for inner in part]
        return part

    return {**put(chart), "data": {"values": list(rows)}}


def start_converter() -> None:
    """Have the converter ready before the first drawing.

    Cost:    600 ms, in its own thread.
    """
    _converter().submit(_convert, {"mark": "point"}, "first", "", "")


def _version() -> str:
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _compact(body: str, name: str) -> str:
    """Keep what is drawn: no roles, fonts or empty paths; colours become variables."""
    steps: tuple[Callable[[str], str], ...] = (
        lambda text: _NOISE.sub("", text),
        lambda text: _LONG_DECIMAL.sub(r"\1", text),
        lambda text: text.replace("<g></g>", ""),
        lambda text: _ID.sub(rf"\g<1>{name}-", text),
        lambda text: _SENTINEL.sub(lambda found: _VARIABLES[found[0]], text),
    )
    for step in steps:
        body = step(body)
    return body
