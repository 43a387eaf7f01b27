"""What the pages of the largest campaigns need, made before somebody asks for it.

Reads `accounts`, `evidence` and TIE of a result that has just been opened, in a thread, while a
person still reads the overview; what was made is kept by the reading. Nothing here depends on the
effects in force, which may not be known yet.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.app.console.reading.graph import draw_together
from stillwatch.app.console.reading.members import weigh_members
from stillwatch.app.console.reading.reading import Reading
from stillwatch.app.console.reading.similar import find_similar
from stillwatch.app.service.telemetry import tell
from stillwatch.domain.errors import StillwatchError

AHEAD_MAX: Final = 3
"""Campaigns that are made ready: those of many accounts are slow, and people open those first."""


def make_ready(reading: Reading) -> None:
    """Have the members, graph and likenesses of the largest campaigns made.

    A result that can't be read is left to the page that needs it, which says what is wrong.

    Cost:    half a second of one core for 20,000 accounts, once a result.
    """
    try:
        largest = reading.campaigns.sort("accounts", "campaign_id", descending=[True, False])
        for name in largest["campaign_id"].head(AHEAD_MAX):
            weigh_members(reading, name)
            draw_together(reading, name)
            find_similar(reading, name)
    except (StillwatchError, OSError, ValueError, pl.exceptions.PolarsError) as fault:
        tell("console.ahead", kind=type(fault).__name__)
