"""The stage on which every scenario plays: when it begins, how long, which models exist.

Read by cohorts and traffic; written out as `releases`. Seconds (`_s`) are counted from the
beginning everywhere in the lab; instants are made of them only when files are written. Absent: a
clock. A simulation never knows what day it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

BEGINNING: Final = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday, so that weekday and day number agree."""
DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0
MINUTE_S: Final = 60.0
OLD_MODEL: Final = "tern-2"
SMALL_MODEL: Final = "tern-2-mini"
NEW_MODEL: Final = "tern-3"


@dataclass(frozen=True, slots=True)
class Scene:
    """One stretch of time at the provider."""

    days: int
    release_s: float
    """When the new model appears."""
    data: Path | None = None
    """Directory of real texts with which people write; None = the lab's own words alone."""

    @property
    def end_s(self) -> float:
        """Its last second."""
        return self.days * DAY_S

    def releases(self) -> list[dict[str, str]]:
        """Give the records of the `releases` file."""
        known = {OLD_MODEL: -300 * DAY_S, SMALL_MODEL: -210 * DAY_S, NEW_MODEL: self.release_s}
        return [{"model": model, "released_at": instant(at)} for model, at in known.items()]


def instant(seconds: float) -> str:
    """Write a second of the scene as RFC 3339."""
    moment = BEGINNING + timedelta(seconds=round(seconds))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


WEEK: Final = Scene(days=7, release_s=4 * DAY_S + 15.5 * HOUR_S)
FORTNIGHT: Final = Scene(days=14, release_s=9 * DAY_S + 16 * HOUR_S)
