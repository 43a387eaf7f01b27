"""The curve as Markdown: its rows, the prices behind its costs, and what it says in sentences.

Reads `Row`s; gives lines of a page. The one idea: sentences are made of the rows, so none can
outlive a run that says otherwise. Absent: the page around them (`bench/evasion_curve.md`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.evaluation.counting import ratio
from stillwatch_lab.evasion.costs import PRICES, count_units
from stillwatch_lab.evasion.curve import Row, find_cheapest
from stillwatch_lab.show.figures import number, percent, times

_ROWS: Final = (
    "| knob | setting | from | $ for 1,000 | cost | days for the base's harvest "
    "| in a tied group | recall at FDR 1 % | over seeds | recall, `fraudulent` "
    "| at `suspect` | false accounts |\n"
    "|---|---|---|---:|---:|---:|---:|---:|---|---:|---:|---:|"
)
_HIDING: Final = "| recall at FDR 1 % | cheapest setting | cost |\n|---:|---|---:|"
_LEVELS: Final = (0.9, 0.75, 0.5, 0.25, 0.0)
_MATTERS: Final = 0.05
"""A fall of the recall that is called one: five in a hundred heads."""


def render_rows(rows: Sequence[Row]) -> str:
    """Write a line per setting and base."""
    return "\n".join([_ROWS, *(_write_row(row) for row in rows)])


def _write_row(row: Row) -> str:
    each = [value for value in row.ranked.recalls if value is not None]
    cells = (
        row.knob.title,
        row.label,
        row.base,
        f"{row.dollars:.0f}",
        times(row.relative),
        f"{row.days:.0f}",
        percent(row.tied_share),
        percent(row.ranked.recall),
        f"{percent(min(each))} to {percent(max(each))}" if each else percent(None),
        percent(row.recall),
        percent(ratio(row.suspected, row.heads)),
        number(row.false),
    )
    return f"| {' | '.join(cells)} |"


def render_prices(bases: Mapping[str, Plan], *, days: int) -> str:
    """Write the assumed prices, and how many units of each the bases need in a run."""
    needs = [count_units(plan, days=days) for plan in bases.values()]
    head = "".join(f"| {name} base " for name in bases)
    lines = [
        f"| {price.unit} | {price.dollars:g} "
        + "".join(f"| {need[name]:,.0f} " for need in needs)
        + f"| {price.why} |"
        for name, price in PRICES.items()
    ]
    return "\n".join([f"| unit | $ {head}| why |", f"|---|---:{'|---:' * len(bases)}|---|", *lines])


def render_hiding(rows: Sequence[Row]) -> str:
    """Write the cheapest way to leave no more than so much recall."""
    lines = []
    for level in _LEVELS:
        row = find_cheapest(rows, recall_max=level)
        way = "none of these" if row is None else f"{row.knob.title}: {row.label} ({row.base} base)"
        cost = percent(None) if row is None else times(row.relative)
        lines.append(f"| at most {level:.0%} | {way} | {cost} |")
    return "\n".join([_HIDING, *lines])


def render_reading(rows: Sequence[Row]) -> str:
    """Say of each knob and base where recall is highest and lowest, and at which cost."""
    return "\n".join(_read_knobs(rows))


def _read_knobs(rows: Sequence[Row]) -> Iterator[str]:
    for (title, base), group in groupby(rows, key=lambda row: (row.knob.title, row.base)):
        own = list(group)
        if len(own) > 1:
            told = "".join((_read_recall(own), _name_missed(own), _compare_verdict(own)))
            yield f"- *{title}*, from the {base} base: {told}."


def _read_recall(rows: Sequence[Row]) -> str:
    """Say between which settings recall falls, or that it doesn't."""
    best = max(rows, key=lambda row: row.ranked.recall or 0.0)
    worst = min(rows, key=lambda row: row.ranked.recall or 0.0)
    high, low = best.ranked.recall or 0.0, worst.ranked.recall or 0.0
    if high - low >= _MATTERS:
        return (
            f"recall falls from {percent(high)} ({best.label}, {times(best.relative)}) "
            f"to {percent(low)} ({worst.label}, {times(worst.relative)})"
        )
    if high == low:
        return f"recall stays at {percent(high)}"
    return f"recall stays between {percent(low)} and {percent(high)}"


def _name_missed(rows: Sequence[Row]) -> str:
    """Say which misses are of judging and which of linking."""
    unjudged = [row.label for row in rows if _unjudged(row) >= _MATTERS]
    untied = [row.label for row in rows if 1.0 - (row.tied_share or 0.0) >= _MATTERS]
    said = f"; tied, but not told from honest groups: {'; '.join(unjudged)}" if unjudged else ""
    return f"{said}; not tied: {'; '.join(untied)}" if untied else said


def _unjudged(row: Row) -> float:
    return (row.tied_share or 0.0) - (row.ranked.recall or 0.0)


def _compare_verdict(rows: Sequence[Row]) -> str:
    """Say where the verdict finds less than the ranking could, if it does anywhere."""
    worst = max(rows, key=_shortfall)
    if _shortfall(worst) < _MATTERS:
        return ""
    return (
        f"; at {worst.label}, the verdict finds {percent(worst.recall)} "
        f"where the ranking would allow {percent(worst.ranked.recall)}"
    )


def _shortfall(row: Row) -> float:
    return (row.ranked.recall or 0.0) - (row.recall or 0.0)
