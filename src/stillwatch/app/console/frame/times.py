"""Instants as a person reads them: the day and hour in UTC, and how long ago that is."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from markupsafe import Markup, escape

from stillwatch.report.figures import NOTHING, instant

_STEPS: Final = (
    (60, 1, "second"),
    (3_600, 60, "minute"),
    (86_400, 3_600, "hour"),
    (86_400 * 60, 86_400, "day"),
    (86_400 * 730, 86_400 * 30, "month"),
)
_YEAR_S: Final = 86_400 * 365
_NOW_S: Final = 10


def relative(at: datetime, *, now: datetime) -> str:
    """Say how long ago an instant is, or how far ahead."""
    seconds = (now - at).total_seconds()
    size = abs(seconds)
    if size < _NOW_S:
        return "just now"
    step, name = _YEAR_S, "year"
    for below, unit, word in _STEPS:
        if size < below:
            step, name = unit, word
            break
    number = int(size // step)
    words = f"{number} {name}{'' if number == 1 else 's'}"
    return f"{words} ago" if seconds > 0 else f"in {words}"


def when(at: datetime | None, *, now: datetime) -> Markup:
    """Write an instant as a `time` element: absolute in UTC, relative beside it."""
    if at is None:
        return Markup(NOTHING)  # noqa: S704  a dash of ours
    return Markup('<time datetime="{}">{} <small>{}</small></time>').format(
        at.isoformat(), instant(at), escape(relative(at, now=now))
    )
