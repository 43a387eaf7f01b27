"""How a value that ties accounts is written: hours as such, pseudonyms by their first digits.

The values of a channel are pseudonyms, which say nothing; but an hour is no secret, and says much.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from stillwatch.report.figures import day, humanise

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOURS_OF: Final = {"active_hour": 1, "signup_hour": 1, "signup_day": 24, "signup_week": 168}
_DIGITS: Final = 6
_SMALL: Final = 2**32
"""Below it a value is a number and no pseudonym, whose 64 bits are never so small by chance."""
_HOURS_MAX: Final = 24 * 365 * 200


def write_value(channel: str, value: str) -> str:
    """Write a value in a few characters: `Payment 8f31aa`, `Sign-up day 26 Feb 2026`."""
    return f"{humanise(channel)} {say_value(channel, value)}"


def say_value(channel: str, value: str) -> str:
    """Say a value without its channel: an instant, a number, or the first digits of a pseudonym."""
    try:
        number = int(value, 16)
    except ValueError:
        return value[:_DIGITS]
    hours = _HOURS_OF.get(channel)
    if hours and 0 <= number * hours < _HOURS_MAX:
        at = _EPOCH + timedelta(hours=number * hours)
        return f"{at.day} {at:%b}, {at:%H}:00" if hours == 1 else day(at)
    if channel == "age_at_first_use" and number < _DIGITS * _DIGITS:
        return f"{2**number - 1:,} h or more"
    return str(number) if number < _SMALL else value[:_DIGITS]
