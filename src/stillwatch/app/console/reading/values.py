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


TACTIC_WORDS: Final = {
    "cot_elicitation": "asks for the steps of thought, which a model learns to think from",
    "rubric_grading": "has answers graded, which trains a model to judge, and by judging",
    "response_rewriting": "has answers put into better words, to be learnt as they are",
    "instruction_synthesis": "has questions made up, to be asked of a model later",
    "trajectory_harvest": "has whole pieces of work done step by step, for a model to imitate",
    "tool_call_harvest": "collects calls of tools, so that a model learns when and how to call",
    "code_synthesis": "has programs written to order, by the thousand",
    "dataset_replay": "sends the questions of a known data set, for their answers",
    "reasoning_trace_reconstruction": "has the way to a known answer written out afterwards",
    "sensitive_rewrite": "has sensitive questions answered or reworded, to steer what a model says",
}
"""What a campaign gets by each way of asking, in a clause for who has never heard of it."""
