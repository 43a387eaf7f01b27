"""Requests that fail, and are sent again.

Reads arrivals; adds `status`, and rows for what is re-issued. The one idea: an honest client sends
a refused request again from the same account, while a campaign's queue hands it to another head. A
gateway that spreads one customer's load over several keys hands it to another key, too.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text import mix

Ints = npt.NDArray[np.int64]

OK: Final = 200
_FAILURES: Final = {429: 0.008, 529: 0.004, 400: 0.003}
"""Share of requests by status: too many, overloaded, malformed."""
_AGAIN: Final = (429, 529)
_AGAIN_SHARE: Final = 0.85
_WAIT_S: Final = 9.0
"""Mean seconds before the same request is sent again."""
_HEADS_ON: Final = 3
"""A queue gives a refused item to the head that serves this many arrivals of its kind later."""


def add_failures(
    rng: np.random.Generator,
    arrivals: pl.DataFrame,
    *,
    passes_on: bool = False,
    gateway: pl.Series | None = None,
) -> pl.DataFrame:
    """Give every arrival a status, and send most of those refused once more.

    Grain:   one row per exchange; `text` is the row of the arrivals whose prompt it carries.
    Order:   arrivals as given, then the re-issued ones.
    passes_on: the next head of the queue that does its `kind` sends it, not the same account.
    gateway: of each account, the gateway that keeps several keys; null where there is none.
    """
    status = rng.choice(
        [OK, *_FAILURES], arrivals.height, p=[1 - sum(_FAILURES.values()), *_FAILURES.values()]
    )
    frame = arrivals.with_columns(pl.Series("status", status), text=pl.int_range(pl.len()))
    again = np.isin(status, _AGAIN) & (rng.random(arrivals.height) < _AGAIN_SHARE)
    rows = np.flatnonzero(again)
    wait = 1.0 + rng.exponential(_WAIT_S, len(rows))
    sender = frame["account"].gather(rows)
    if passes_on:
        sender = frame["account"].gather(_find_heads(arrivals["kind"].to_numpy(), rows))
    elif gateway is not None and gateway.null_count() < len(gateway):
        sender = pl.Series(_find_keys(gateway, sender.to_numpy().astype(np.int64)))
    resent = frame[rows].with_columns(
        sender.cast(frame.schema["account"]).alias("account"),
        (pl.col("at_s") + pl.Series(wait)).alias("at_s"),
        pl.lit(OK, pl.Int64).alias("status"),
    )
    return pl.concat([frame, resent])


def _find_heads(kind: Ints, rows: Ints) -> Ints:
    """Find the later arrival of the same kind whose head is given each refused row."""
    order = np.argsort(kind, kind="stable")
    place = np.empty(len(kind), np.int64)
    place[order] = np.arange(len(kind))
    last = np.searchsorted(kind[order], kind[rows], side="right") - 1
    return np.asarray(order[np.minimum(place[rows] + _HEADS_ON, last)])


def _find_keys(gateway: pl.Series, account: Ints) -> Ints:
    """Give each refused request of a gateway's key to another of its keys; others keep theirs.

    Each key hands on to those after it in turn: no chance is needed that would move other draws.
    """
    code = gateway.fill_null(-1).to_numpy()
    order = np.argsort(code, kind="stable")
    place = np.empty(len(code), np.int64)
    place[order] = np.arange(len(code))
    first = np.searchsorted(code[order], code[account])
    size = np.searchsorted(code[order], code[account], side="right") - first
    step = 1 + (mix(np.arange(len(account))) % np.maximum(size - 1, 1).astype(np.uint64))
    after = first + (place[account] - first + step.astype(np.int64)) % np.maximum(size, 1)
    return np.where(code[account] >= 0, order[after], account)
