"""The run itself, as the page shows it: what went in, what was counted, what stood aside.

Reads `run.json`; gives rows for the page. The one idea: whatever the record holds is shown under
its own name, so that a new count needs no change here. Deliberately absent: judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stillwatch.domain.limits import REPORT_FILES_MAX
from stillwatch.report.figures import count, figure, humanise, instant, plain

Row = dict[str, Any]

_UNUSED: Final = {
    "without_figures": "no look had judged the group when they were given",
    "too_old": "they are more than a year old",
    "too_many": "there are newer ones enough",
    "answered_permitted": "what is permitted may be a harvest",
    "answered_coordinated_other": "one hand behind many accounts is no honest group",
}
"""Why answers about groups were not used, in words; `app/loops/answered.py` has the codes."""
_POWER_KNOWN: Final = ("shares", "heads")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the page says of the run."""

    inputs: list[Row]
    inputs_rest: int
    broken: list[Row]
    """Inputs that broke off, as many as are shown."""
    counts: list[tuple[str, Any]]
    nulled: list[tuple[str, Any]]
    stood_aside: list[Row]
    stages: list[Row]
    power: list[Row]
    power_extras: list[str]
    settings: list[tuple[str, Any]]
    answers: str
    """Which answers of people the run went by, and what they changed; empty where it read none."""
    answers_unused: list[str]
    reliability: list[tuple[str, ...]]
    """What was said of groups, beside what people then answered: a row a range, as it is shown."""


def view_run(run: Mapping[str, Any]) -> Provenance:
    """View the run's record; what it lacks is an empty list.

    Grain:   rows as recorded; inputs bounded by limits.REPORT_FILES_MAX.
    """
    inputs = list(run.get("inputs") or ())
    power = list(run.get("power") or ())
    answers = run.get("answers") or {}
    extras = dict.fromkeys(name for row in power for name in row if name not in _POWER_KNOWN)
    return Provenance(
        inputs=inputs[:REPORT_FILES_MAX],
        inputs_rest=max(len(inputs) - REPORT_FILES_MAX, 0),
        broken=list_broken(run),
        counts=_flatten(run.get("counts") or {}),
        nulled=_flatten(run.get("nulled") or {}),
        stood_aside=list(run.get("stood_aside") or ()),
        stages=list(run.get("stages") or ()),
        power=[{**row, "shares": _shares(row.get("shares"))} for row in power],
        power_extras=list(extras),
        settings=_flatten(run.get("settings") or {}),
        answers=word_answers(answers),
        answers_unused=word_unused(answers),
        reliability=[_compare_said(row) for row in answers.get("reliability") or ()],
    )


def list_broken(run: Mapping[str, Any]) -> list[Row]:
    """List the inputs that broke off.

    Grain:   rows as recorded, bounded by limits.REPORT_FILES_MAX.
    """
    return [one for one in run.get("inputs") or () if one.get("damage")][:REPORT_FILES_MAX]


def word_answers(answers: Mapping[str, Any]) -> str:
    """Say which answers a run went by, and what that has changed.

    Grain:   one sentence or two. Nulls: empty where the run knew of no ledger.
    """
    if not answers:
        return ""
    marked, confirmed = answers.get("innocent", 0), answers.get("confirmed", 0)
    groups = "1 group" if marked == 1 else f"{count(marked)} groups"
    milder, let_be = answers.get("groups_judged_milder", 0), answers.get("groups_let_be", 0)
    changed = (
        f" That makes {count(milder)} tied group{'' if milder == 1 else 's'} less sure, and lets "
        f"{count(let_be)} be that would have been called a harvest."
        if milder
        else " That changes no group of this run."
        if marked
        else ""
    )
    return (
        f"Calibrated with {groups} that people marked innocent (and {count(confirmed)} confirmed), "
        f"as of {instant(answers.get('as_of'))}.{changed}"
    )


def word_unused(answers: Mapping[str, Any]) -> list[str]:
    """Say which answers about groups were not used, and why.

    Grain:   one sentence for each reason.
    """
    unused = answers.get("unused") or {}
    return [
        f"{count(number)} not used: {_UNUSED.get(why, str(why).replace('_', ' '))}."
        for why, number in unused.items()
    ]


def _compare_said(row: Row) -> tuple[str, ...]:
    said, confirmed, low, high = (row.get(one) for one in ("said", "confirmed", "low", "high"))
    holds = {None: "too few to tell", True: "yes", False: "no"}[row.get("holds")]
    return (
        f"{figure(row.get('from'))} to {figure(row.get('to'))}",
        count(row.get("groups")),
        figure(said),
        count(confirmed),
        f"{figure(low)} to {figure(high)}",
        holds,
    )


def _shares(shares: Any) -> str:  # noqa: ANN401  how many families, a list of channels, a phrase
    if isinstance(shares, int):
        return f"something in {shares} evidence families"
    if isinstance(shares, (list, tuple)):
        return ", ".join(humanise(str(name)).lower() for name in shares)
    return humanise(plain(shares)).lower()


def _flatten(value: Any, prefix: str = "") -> list[tuple[str, Any]]:  # noqa: ANN401  JSON
    """Lay nested objects out as (name, value), names joined by a dot."""
    if isinstance(value, Mapping):
        return [
            pair
            for name, inner in value.items()
            for pair in _flatten(inner, f"{prefix}.{name}" if prefix else str(name))
        ]
    if isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        return [
            pair
            for at, item in enumerate(value, start=1)
            for pair in _flatten(item, f"{prefix}.{at}" if prefix else str(at))
        ]
    return [(prefix, value)]
