"""The run itself, as the page shows it: what went in, what was counted, what stood aside.

Reads `run.json`; gives rows for the page. The one idea: whatever the record holds is shown under
its own name, so that a new count needs no change here. Deliberately absent: judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stillwatch.domain.limits import REPORT_FILES_MAX
from stillwatch.report.figures import humanise, plain

Row = dict[str, Any]

_POWER_KNOWN: Final = ("shares", "heads")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the page says of the run."""

    inputs: list[Row]
    inputs_rest: int
    counts: list[tuple[str, Any]]
    nulled: list[tuple[str, Any]]
    stood_aside: list[Row]
    stages: list[Row]
    power: list[Row]
    power_extras: list[str]
    settings: list[tuple[str, Any]]


def view_run(run: Mapping[str, Any]) -> Provenance:
    """View the run's record; what it lacks is an empty list.

    Grain:   rows as recorded; inputs bounded by limits.REPORT_FILES_MAX.
    """
    inputs = list(run.get("inputs") or ())
    power = list(run.get("power") or ())
    extras = dict.fromkeys(name for row in power for name in row if name not in _POWER_KNOWN)
    return Provenance(
        inputs=inputs[:REPORT_FILES_MAX],
        inputs_rest=max(len(inputs) - REPORT_FILES_MAX, 0),
        counts=_flatten(run.get("counts") or {}),
        nulled=_flatten(run.get("nulled") or {}),
        stood_aside=list(run.get("stood_aside") or ()),
        stages=list(run.get("stages") or ()),
        power=[{**row, "shares": _shares(row.get("shares"))} for row in power],
        power_extras=list(extras),
        settings=_flatten(run.get("settings") or {}),
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
