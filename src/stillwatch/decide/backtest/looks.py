"""What a backtest replays: looks in time order, what was sent, and who is known to be innocent.

A look is what was known at one instant, as *detect* left it. Traffic is counted in parts of an hour
or of a day; a part is on one side of an effect, or on the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from stillwatch.decide.policy.subjects import Known
from stillwatch.domain.schema import UTC_TIME, Table, optional, required

_S, _I, _F = pl.String, pl.Int64, pl.Float64
TRAFFIC: Final = Table(
    "backtest_traffic",
    "one account and part of time: what it sent",
    {
        "account_id": required(_S, "identifier"),
        "from_at": required(UTC_TIME, "where the part begins"),
        "hours": required(_F, "how long it is"),
        "exchanges": required(_I, "exchanges"),
        "output_tokens": required(_I, "output tokens"),
    },
)
ANSWER: Final = Table(
    "backtest_answers",
    "one account of which it is known what it is",
    {
        "account_id": required(_S, "identifier"),
        "is_innocent": required(pl.Boolean, "whether it works for no campaign"),
        "role": optional(_S, "what it is, in the words of whoever knows"),
    },
)


@dataclass(frozen=True, slots=True)
class Look:
    """What was known at one instant."""

    at: datetime
    known: Known
    name: str
    """For people: a day, or the result it comes from."""
