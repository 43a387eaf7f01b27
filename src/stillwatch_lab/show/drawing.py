"""From a chart to inline SVG that follows the page: its colours, its fonts, its light and dark.

Reads Altair charts; writes markup. The one idea: marks carry sentinel colours that nothing else
uses, and each becomes a variable of the page's style sheet. A drawing that stands alone brings
that palette with it. Absent: what is plotted (`charts.py`).
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any, Final

import altair as alt
import vl_convert
from markupsafe import Markup, escape

CHART_WIDTH: Final = 420
"""Units of a drawing: read at 1:1 on a phone held upright (390 px), a little larger elsewhere."""
FONT_SIZE: Final = 12
_FONT: Final = "Liberation Sans"
"""Ships with the converter, so labels are measured alike on every machine."""
_STACK: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'
_MARGIN: Final = 12
"""Units around a drawing that stands alone."""
_NAMESPACE: Final = "http://www.w3.org/2000/svg"
INK: Final = "#010101"
MUTED: Final = "#010102"
LINE: Final = "#010103"
ACCENT: Final = "#010104"
QUIET: Final = "#010105"
SURFACE: Final = "#010106"
_VARIABLES: Final = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    ACCENT: "var(--accent)",
    QUIET: "var(--quiet)",
    SURFACE: "var(--surface)",
}
_SENTINEL: Final = re.compile("|".join(_VARIABLES))
_OPENING: Final = re.compile(r'^<svg[^>]*viewBox="([^"]*)"[^>]*>')
_VIEW_BOX: Final = re.compile(r'viewBox="([^"]*)"')
_NOISE: Final = re.compile(r' (?:class|role|aria-[a-z]+|pointer-events|font-family)="[^"]*"')
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
        "labelFontSize": FONT_SIZE,
        "titleFontSize": FONT_SIZE,
        "titleFontWeight": "normal",
        "ticks": False,
        "labelPadding": 6,
    },
}


def draw_chart(chart: alt.TopLevelMixin, *, name: str, title: str, says: str) -> Markup:
    """Draw a chart as SVG with a title and a description for those who can't see it.

    name:    unique on the page; every id in the drawing starts with it.
    Cost:    about 50 ms a chart, and 600 ms for the first of a process; nothing is fetched.
    """
    spec = {**chart.to_dict(validate=False), "config": _CONFIG}
    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    svg = vl_convert.vegalite_to_svg(spec, vl_version=version, allowed_base_urls=[])
    opening = _OPENING.match(svg)
    assert opening is not None, "the converter's SVG has no viewBox"  # noqa: S101  a bug, not input
    body = _LONG_DECIMAL.sub(r"\1", _NOISE.sub("", svg[opening.end() :]))
    body = _SENTINEL.sub(lambda found: _VARIABLES[found[0]], _ID.sub(rf"\g<1>{name}-", body))
    return Markup(  # noqa: S704  the converter escapes what is inside, we what is around
        f'<svg viewBox="{opening[1]}" role="img" aria-labelledby="{name}-title {name}-says">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-says">{escape(says)}</desc>{body}'
    )


def stand_alone(drawing: Markup) -> str:
    """Give a drawing as an SVG file, with the page's colours, light and dark, and its surface."""
    palette = files("stillwatch_lab.show").joinpath("templates", "palette.css").read_text("utf-8")
    box = _VIEW_BOX.search(drawing)
    assert box is not None, "the drawing has no viewBox"  # noqa: S101  a bug, not input
    width, height = (f"{float(side) + 2 * _MARGIN:g}" for side in box[1].split()[2:])
    frame = f'width="{width}" height="{height}"'
    corner = f"-{_MARGIN} -{_MARGIN}"
    opening, _, body = str(drawing).partition(">")
    opening = opening.replace(box[0], f'{frame} viewBox="{corner} {width} {height}"')
    style = f"<style>{palette}svg {{ font-family: {_STACK}; }}</style>"
    back = f'<rect x="-{_MARGIN}" y="-{_MARGIN}" {frame} fill="{_VARIABLES[SURFACE]}"/>'
    return f'{opening} xmlns="{_NAMESPACE}">{style}{back}{body}\n'
