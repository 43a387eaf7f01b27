"""The page and the plot of `fit_traffic.py`: what was found, in words, a table and quantiles."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import altair as alt
import numpy as np
import vl_convert

from stillwatch_lab.fit.compare import Comparison
from stillwatch_lab.fit.honest import Floats, HonestTraffic

WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
PLOTTED: Final = (
    "requests of a client, log, about the median",
    "10-minute windows with traffic, of 2,016",
    "rate of a window, of the client's mean, log",
    "spread of the log volume over days",
    "hour of the day of a request",
    "how peaked a client's day is (mean vector)",
    "gap, of the window's mean, log",
    "input tokens, log",
    "output tokens, log",
)
POINTS: Final = np.arange(0.04, 0.97, 0.04)
WORDS_MAX: Final = 34
ZERO: Final = 1e-9
TEMPLATE: Final = Path(__file__).with_suffix(".md")
NOISE: Final = re.compile(r' (?:aria-\w+|role)="[^"]*"')
LONG_DECIMAL: Final = re.compile(r"(\d\.\d\d)\d+")


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the page says.

    Grain:   one run of the tool; `measured` has the drawn, the fitted and the held-out matrix.
    """

    clients: tuple[int, ...]
    first_weekday: int
    rows: list[Comparison]
    services: list[Comparison]
    laws: list[tuple[str, float, float]]
    shares: list[dict[str, float]]
    splits: list[tuple[int, list[Comparison]]]
    measured: dict[str, tuple[Floats, Floats, Floats]]
    simulated: list[Comparison]


def render_page(traffic: HonestTraffic, findings: Findings) -> str:
    """Fill the template."""
    return TEMPLATE.read_text().format(
        fitted=findings.clients[0],
        held=findings.clients[1],
        weekday=WEEKDAYS[findings.first_weekday],
        rows=render_rows(findings.rows),
        splits=render_splits(findings.splits),
        services=render_rows(findings.services),
        law=traffic.gap_law,
        laws=render_laws(findings.laws),
        shares=render_shares(findings.shares),
        simulated=render_rows(findings.simulated),
    )


def render_rows(rows: list[Comparison]) -> str:
    """Render comparisons as a table."""
    head = (
        "| measure | drawn: 10, 50, 90 % | held out: 10, 50, 90 % | KS | this split; usual, 95 % "
        "between halves | Wasserstein | within |\n|-|-|-|-|-|-|-|\n"
    )
    lines = [
        f"| {row.name} | {_three(row.drawn)} | {_three(row.held)} | {row.ks:.3f} | "
        f"{row.split_ks:.3f}; {row.usual_ks:.3f}, {row.bound_ks:.3f} | {row.wasserstein:.2f} | "
        f"{'yes' if row.fits else '**no**'} |"
        for row in rows
    ]
    return head + "\n".join(lines)


def _three(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value + 0.0:.3g}" if abs(value) > ZERO else "0" for value in values)


def render_splits(splits: list[tuple[int, list[Comparison]]]) -> str:
    """Say what other splits of the clients give."""
    outside = Counter(row.name for _, rows in splits for row in rows if not row.fits)
    each = ", ".join(f"{sum(row.fits for row in rows)} of {len(rows)}" for _, rows in splits)
    names = "; ".join(f"{name} ({count})" for name, count in outside.most_common()) or "none"
    count = len(splits)
    return (
        f"The form of the model was found while looking at both halves of another split, so the "
        f"same was done on {count} further splits. Measures within the bound: {each}. "
        f"Outside, and in how many of the {count}: {names}."
    )


def render_laws(laws: list[tuple[str, float, float]]) -> str:
    """Render the distances of the laws."""
    lines = [f"| {law} | {own:.3f} | {held:.3f} |" for law, own, held in laws]
    return "| law | KS, fitted half | KS, other half |\n|-|-|-|\n" + "\n".join(lines)


def render_shares(shares: list[dict[str, float]]) -> str:
    """Render the between-client shares of variance."""
    head = (
        "| | fitted half | held-out half | drawn, size of the real | drawn, 40 requests in 14 "
        "days |\n|-|-|-|-|-|\n"
    )
    lines = [
        f"| {name} | " + " | ".join(f"{one[name]:.2f}" for one in shares) + " |"
        for name in shares[0]
    ]
    return head + "\n".join(lines)


def draw_plot(measured: dict[str, tuple[Floats, Floats, Floats]]) -> str:
    """Draw quantiles against the quantiles of the held-out half, a panel per measure, as SVG."""
    panels = [_draw_panel(name, *measured[name]) for name in PLOTTED]
    rows = [alt.hconcat(*panels[at : at + 3], spacing=14) for at in range(0, len(panels), 3)]
    chart = alt.vconcat(*rows, spacing=12).configure_view(stroke="#cccccc")
    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    drawn = vl_convert.vegalite_to_svg(
        chart.to_dict(validate=False), vl_version=version, allowed_base_urls=[]
    )
    return LONG_DECIMAL.sub(r"\1", NOISE.sub("", str(drawn)))


def _draw_panel(name: str, drawn: Floats, fitted: Floats, held: Floats) -> alt.LayerChart:
    across = np.quantile(held, POINTS)
    ends = {"x": [float(across[0]), float(across[-1])], "kind": "equal"}
    points = [
        {"x": round(float(x), 3), "y": round(float(y), 3), "kind": kind}
        for kind, values in (("fitted half", fitted), ("drawn", drawn))
        for x, y in zip(across, np.quantile(values, POINTS), strict=True)
    ]
    line = [{"x": x, "y": x, "kind": "equal"} for x in ends["x"]]
    axis = alt.Axis(title=None, tickCount=4, labelFontSize=9, grid=False)
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=["drawn", "fitted half"], range=["#1f5fa8", "#c9a26b"]),
        legend=alt.Legend(title=None, orient="bottom-right") if name == PLOTTED[0] else None,
    )
    scale = alt.Scale(zero=False, nice=False)
    marks = alt.Chart(alt.Data(values=points)).mark_point(size=14, filled=True, opacity=0.85)
    title = alt.TitleParams(_wrap(name), fontSize=10, fontWeight="normal")
    return (
        alt.layer(
            alt.Chart(alt.Data(values=line)).mark_line(color="#999999", strokeWidth=1),
            marks.encode(color=colour),
            title=title,
        )
        .encode(x=alt.X("x:Q", axis=axis, scale=scale), y=alt.Y("y:Q", axis=axis, scale=scale))
        .properties(width=170, height=130)
    )


def _wrap(name: str) -> list[str]:
    lines = [""]
    for word in name.split():
        lines = (
            [*lines, word]
            if len(lines[-1] + word) > WORDS_MAX
            else [*lines[:-1], f"{lines[-1]} {word}".strip()]
        )
    return lines
