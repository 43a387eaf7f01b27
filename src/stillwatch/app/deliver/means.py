"""What a deliverer has of the world beside sockets: clocks, chance, names. Tests give their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from secrets import token_hex
from typing import Final

from stillwatch.app.settings import utc_now
from stillwatch.domain.errors import StillwatchError

ACTOR: Final = "service:deliver"
"""The name under which all of it is written into the ledger."""
_ID_BYTES: Final = 16


Complaint = Callable[[StillwatchError | OSError], None]
"""Whom to tell what went wrong and is tried again, or not."""


def keep_quiet(_failure: StillwatchError | OSError) -> None:
    """Tell nobody."""


def _new_id() -> str:
    return token_hex(_ID_BYTES)


@dataclass(frozen=True, slots=True)
class Means:
    """Clocks, chance and names."""

    now: Callable[[], datetime] = utc_now
    steady_s: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = SystemRandom().random
    new_id: Callable[[], str] = _new_id
