"""Requests that come again: the tables between *observe* and *link* that the queue test reads.

`ECHO` and `WATCHED` are made by `observe/echoes.py` and read by `link/queues.py` and by judging. A
refused request that another account sends moments later shows one queue behind both; how often an
*answered* request does so is the control that says what chance and shared interests make of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from stillwatch.domain.schema import Column, Table

_ID: Final = Column(pl.String, "identifier", nullable=False)


def _r(dtype: pl.DataType | type[pl.DataType], says: str) -> Column:
    return Column(dtype, says, nullable=False)


ECHO: Final = Table(
    "echo",
    "one watched request that another account sent again within two minutes",
    {
        "row": _r(pl.Int64, "the watched exchange, as the run numbers it"),
        "echo_row": _r(pl.Int64, "the exchange that repeats it"),
        "account_id": _ID,
        "echo_account_id": _ID,
        "is_refused": _r(pl.Boolean, "it was refused; else it is a control, which was answered"),
        "lag_s": _r(pl.Float64, "seconds between the two"),
        "shared": _r(pl.Int64, "hashes that both texts hold and hardly any other does"),
        "holders": _r(pl.Int64, "exchanges of the run that hold the rarest of them"),
        "is_elsewhere": Column(
            pl.Boolean, "it came from another subnet with another client; null where not logged"
        ),
    },
)

WATCHED: Final = Table(
    "watched",
    "how many requests of an account were watched",
    {
        "account_id": _ID,
        "refused": _r(pl.Int64, "refused ones: all of them"),
        "answered": _r(pl.Int64, "answered ones: a sample, chosen by a hash"),
        "exchanges": _r(pl.Int64, "all exchanges of the account"),
    },
)


@dataclass(frozen=True)
class Echoes:
    """What came again, and what was watched."""

    found: pl.DataFrame
    """ECHO."""
    watched: pl.DataFrame
    """WATCHED."""

    @classmethod
    def none(cls) -> Echoes:
        """Say nothing: a log without refused requests."""
        return cls(ECHO.empty(), WATCHED.empty())
