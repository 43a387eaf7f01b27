"""The page that puts Stillwatch beside its peers: counted points in, tables out.

Read by `peers.py`. A point is a setting and a threshold of a peer on one incident, with those
called and those of them who are guilty. The truth chooses the point; ties go to fewer called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

FALSE_MOST: Final = 0.01
"""Share of those called that may be innocent: the bar of issue 6."""
NAMES: Final = {
    "stillwatch": "**Stillwatch**, told nothing",
    "volume": "exchanges of an account",
    "shared_ip": "shared address, components",
    "splink_register": "Splink 5.0.0 on the register",
    "cosharing_leiden": "TF-IDF co-sharing, Leiden",
    "coordination_toolkit": "coordination-network-toolkit 1.5.2, co-similarity",
}
Cell = dict[str, Any]
Point = dict[str, Any]
INTRODUCTION: Final = """\
# Beside what a practitioner would take today

Made by `{command}`.

Every tool reads the same traffic, each in a process of its own; seconds and memory are of that
process, from its start to its end, reading included. **The peers are given an
advantage that nobody has**: for each scenario anew, setting and threshold are chosen by the truth,
among all that `bench/peers/` lists. Stillwatch runs as it is shipped. Figures are of accounts:
recall over the campaigns' accounts that sent anything, false share over those called; means over
seeds. *In one piece*: the largest share of a campaign's found accounts that are in one cluster.

What flatters a peer here: the lab's strangers have addresses of their own. Of 6,111 addresses of
honest accounts in `coding-13m` at scale 0.01, 139 were held by two or three; carriers that put
unrelated customers behind one address, and hand addresses on, are hardly drawn. Shared addresses
with a low ceiling, chosen by the truth, are better here than they would be at a provider.
"""
ONE_THRESHOLD: Final = """\
## One threshold for all scenarios

The truth chooses once: the setting with the best mean F1 over the scenarios with campaigns, which
is then used on all, and on traffic without a campaign.
"""


def measure_false(point: Point) -> float:
    """Measure the share of those called who are innocent; 0 where none was called."""
    return float(1 - point["right"] / point["called"]) if point["called"] else 0.0


def measure_recall(point: Point) -> float:
    """Measure the share of the guilty that were called."""
    return float(point["right"] / point["guilty"]) if point["guilty"] else 0.0


def measure_f1(point: Point) -> float:
    """Measure the harmonic mean of precision and recall."""
    either = point["called"] + point["guilty"]
    return float(2 * point["right"] / either) if either else 0.0


def choose_best(cell: Cell) -> Point | None:
    """Choose the point with the best F1."""
    return _choose(cell["points"], measure_f1)


def choose_careful(cell: Cell) -> Point | None:
    """Choose the point with the best recall among those with at most 1 % innocents."""
    return _choose([p for p in cell["points"] if measure_false(p) <= FALSE_MOST], measure_recall)


def _choose(points: Sequence[Point], key: Callable[[Point], float]) -> Point | None:
    known = [p for p in points if p["right"]]
    return max(known, key=lambda p: (key(p), -p["called"]), default=None)


def choose_for_all(cells: Sequence[Cell]) -> tuple[str, float] | None:
    """Choose the setting and threshold with the best mean F1 over incidents with campaigns."""
    sums: dict[tuple[str, float], float] = {}
    for cell in cells:
        for point in cell["points"]:
            key = (point["setting"], point["at_least"])
            sums[key] = sums.get(key, 0.0) + measure_f1(point)
    return max(sums, key=lambda key: sums[key], default=None)


def render_page(cells: Sequence[Cell], *, command: str) -> str:
    """Write the page."""
    return "\n".join(
        [
            INTRODUCTION.format(command=command),
            "## Each at its best threshold, scenario by scenario\n",
            *_by_scenario(cells),
            f"\n{ONE_THRESHOLD}",
            *_for_all(cells),
        ]
    )


def _group(cells: Sequence[Cell]) -> dict[tuple[str, str], list[Cell]]:
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell["scenario"], cell["peer"]), []).append(cell)
    return found


def _by_scenario(cells: Sequence[Cell]) -> Iterator[str]:
    yield (
        "| scenario | scale | tool | account recall | false share | in one piece "
        "| recall at ≤ 1 % false | seconds | peak GB | what the truth chose |"
    )
    yield "|---|---:|---|---:|---:|---:|---:|---:|---:|---|"
    for (scenario, peer), own in _group(cells).items():
        if scenario == "innocent":
            continue
        best = [choose_best(cell) for cell in own]
        careful = [choose_careful(cell) for cell in own]
        seconds = _spell(sum(cell["seconds"] for cell in own) / len(own), "{:.0f}")
        late = any(cell["timed_out"] for cell in own)
        said = (
            "time-out | - | - | -"
            if late
            else f"{_mean(best, measure_recall, 0.0)} | {_mean(best, measure_false)} "
            f"| {_mean(best, lambda p: p['in_one_piece'])} | {_mean(careful, measure_recall, 0.0)}"
        )
        chosen = "; ".join(dict.fromkeys(_name(p) for p in best if p and peer != "stillwatch"))
        yield (
            f"| {scenario} | {own[0]['scale']:g} | {NAMES[peer]} | {said} "
            f"| {'> ' if late else ''}{seconds} | {max(c['peak_gb'] for c in own):.2f} "
            f"| {chosen or '-'} |"
        )


def _for_all(cells: Sequence[Cell]) -> Iterator[str]:
    yield "| tool | scenario | account recall | false share | innocents called | setting |"
    yield "|---|---|---:|---:|---:|---|"
    for peer in dict.fromkeys(cell["peer"] for cell in cells):
        own = [cell for cell in cells if cell["peer"] == peer and not cell["timed_out"]]
        chosen = choose_for_all([cell for cell in own if cell["scenario"] != "innocent"])
        for (scenario, _), group in _group(own).items():
            points = [_take(cell, chosen) for cell in group]
            called = sum(p["called"] - p["right"] for p in points if p) / len(group)
            is_guilty = scenario != "innocent"
            recall = _mean(points, measure_recall, 0.0) if is_guilty else "-"
            setting = (
                _name(dict(zip(("setting", "at_least"), chosen, strict=True))) if chosen else "-"
            )
            yield (
                f"| {NAMES[peer]} | {scenario} | {recall} | {_mean(points, measure_false)} "
                f"| {called:,.0f} | {'-' if peer == 'stillwatch' else setting} |"
            )


def _take(cell: Cell, chosen: tuple[str, float] | None) -> Point | None:
    """Give the point of a setting and a threshold; there is none where nobody scores so much."""
    same = (p for p in cell["points"] if (p["setting"], p["at_least"]) == chosen)
    return next(same, None)


def _name(point: Point) -> str:
    return f"{point['setting']}; {point['at_least']:,} or more"


def _mean(
    points: Sequence[Point | None],
    take: Callable[[Point], float | None],
    missing: float | None = None,
) -> str:
    """Average over incidents; `missing` stands for those in which nothing was chosen."""
    taken = [take(p) if p else missing for p in points]
    known = [value for value in taken if value is not None]
    return _spell(sum(known) / len(known) if known else None)


def _spell(value: float | None, form: str = "{:.3f}") -> str:
    return "-" if value is None else form.format(value)
