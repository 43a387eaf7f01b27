"""When to try again: after a failure, after `Retry-After`, and while a receiver is down.

Pure: instants, seconds and chance are given. The breaker keeps a receiver that is down from being
asked by every delivery in turn, and their tries from being spent on it: one delivery probes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from stillwatch.domain.service_limits import (
    BACK_OFF_S_MAX,
    BACK_OFF_S_MIN,
    BREAKER_FAILURES,
    BREAKER_S_MAX,
    RETRY_AFTER_S_MAX,
)

_DOUBLINGS_MAX: Final = 30
"""Beyond it every wait is the longest; 2 to a larger power is no figure any more."""
_DIGITS_MAX: Final = 10


def next_try(
    now: datetime, *, attempts: int, chance: float, retry_after_s: float | None = None
) -> datetime:
    """Say when something is tried again that has failed.

    The wait doubles with every try, between BACK_OFF_S_MIN and BACK_OFF_S_MAX, and is shortened by
    up to a half as `chance` in [0, 1) says, so that many don't come back at once. What a receiver
    asks for is kept.

    Source:  "Exponential Backoff And Jitter", equal jitter; RFC 9110, section 10.2.3.
    """
    longest_s = min(BACK_OFF_S_MIN * 2 ** min(attempts, _DOUBLINGS_MAX), BACK_OFF_S_MAX)
    wait_s = longest_s * (1 - chance / 2)
    return now + timedelta(seconds=max(wait_s, retry_after_s or 0.0))


def read_retry_after(text: str | None, *, now: datetime) -> float | None:
    """Read for how many seconds a receiver asks us to wait, at most RETRY_AFTER_S_MAX.

    Nulls:   None where it says nothing that can be read.
    Source:  RFC 9110, section 10.2.3: seconds, or a date.
    """
    said = (text or "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:_DIGITS_MAX]), RETRY_AFTER_S_MAX)
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, IndexError, OverflowError):
        return None
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(seconds.total_seconds(), 0.0), RETRY_AFTER_S_MAX)


@dataclass(slots=True)
class Breaker:
    """Whether a receiver is up, as far as we have seen; seconds are those of any steady clock."""

    failures: int = 0
    closed_until_s: float = 0.0
    """Nothing is sent before it."""

    def may_try(self, now_s: float) -> bool:
        """Say whether anything may be sent.

        Cost:    constant.
        """
        return now_s >= self.closed_until_s

    @property
    def is_probing(self) -> bool:
        """Whether the next one finds out if it is up again."""
        return self.failures >= BREAKER_FAILURES

    def note_success(self) -> None:
        """It has answered.

        Cost:    constant.
        """
        self.failures, self.closed_until_s = 0, 0.0

    def note_failure(self, now_s: float, *, chance: float, retry_after_s: float | None) -> None:
        """It could not be reached, was broken, or asked us to wait.

        Cost:    constant.
        """
        self.failures += 1
        over = min(self.failures - BREAKER_FAILURES, _DOUBLINGS_MAX)
        wait_s = min(BACK_OFF_S_MIN * 2**over, BREAKER_S_MAX) if over >= 0 else 0.0
        until_s = now_s + max(wait_s * (1 - chance / 2), retry_after_s or 0.0)
        self.closed_until_s = max(self.closed_until_s, until_s)
