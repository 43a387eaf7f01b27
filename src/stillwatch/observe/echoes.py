"""Which requests come again from another account: refused ones, and answered ones as control.

Seventh step of *observe*: reads `OBSERVED`, writes `ECHO` and `WATCHED`. Who works through one
queue over many accounts hands what was refused on one of them to another, moments later or when its
turn comes again; an honest client tries again on its own. Texts are compared by the hashes kept of
them, so that a wording of each account's own around the same item doesn't hide it, and only by
hashes that hardly any exchange holds. That strangers send the same rare passage within the hour is
possible (a class, a headline): a sample of *answered* requests, watched in the same way, says how
often.

Blind spot: an operator who retries on the same account, waits longer than an hour, or writes
each attempt afresh; logs without a status. Look-alike: one customer's load-balanced keys, which are
one queue indeed. Source: coordination.md, 6.1c (lost work must be re-issued).
"""

from __future__ import annotations

from typing import Any, Final

import narwhals as nw
import numpy as np
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.arrays import start_runs, unpair
from stillwatch.domain.observations import ECHO, WATCHED, Echoes
from stillwatch.observe.engines import collect_here, give_to_engine
from stillwatch.observe.hashes.hits import find_hits
from stillwatch.observe.hashes.lists import I64, Bools, pair_in_time

REFUSED: Final = (408, 409, 425, 429, *range(500, 505), *range(520, 525), 529)
"""HTTP statuses after which a client sends the same request again: time-outs, limits, overload."""
ANSWERED: Final = (200, 299)
_US: Final = 1_000_000
"""Microseconds a second."""
_ONE_IN: Final = 16
"""One answered request in so many is a control: five or so to each refused one where one request in
a hundred is refused, which makes chance five times better known than what is compared with it."""
_COLUMNS: Final = ("prompt_hash", "sketch", "gist", "numbers_hash")
_ORIGIN: Final = ("account_id", "time", "subnet_hash", "client_hash")


def find_echoes(exchanges: nw.LazyFrame[Any]) -> Echoes:
    """Find the watched requests that another account sent again within the hour.

    Grain:   ECHO at most one row per watched request: of the repetitions within two minutes, or of
             all if there is none, the one that shares most.
    Nulls:   a log without refused requests has no echoes and watches nothing.
    Order:   ECHO by row; input order is irrelevant.
    Cost:    one pass over the hashes of all exchanges, a look at each; pairs only of exchanges that
             are near in time, of hashes that at most limits.ECHO_HOLDERS_MAX exchanges hold.
    """
    refused, answered = collect_here(_count_statuses(exchanges)).row(0)
    if not refused:
        return Echoes.none()
    most = limits.ECHO_WATCHED_MAX
    one_in = -(-refused // most), max(_ONE_IN, -(-answered // most))
    watched = collect_here(_watch(exchanges, *one_in))
    pairs = _pair(
        *find_hits(exchanges, watched, columns=_COLUMNS),
        _tell_times(exchanges, watched["row"]),
    )
    sent = give_to_engine(pairs.select(row="echo_row").unique(), exchanges)
    said = collect_here(exchanges.select("row", *_ORIGIN).join(sent, on="row"))
    return Echoes(_keep_best(pairs, watched, said), _count_watched(exchanges, watched))


def _is_refused() -> nw.Expr:
    return nw.col("status").is_in(REFUSED)


def _is_answered() -> nw.Expr:
    return (nw.col("status") >= ANSWERED[0]) & (nw.col("status") <= ANSWERED[1])


def _count_statuses(exchanges: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """How many requests were refused, and how many answered. Grain: one row."""
    said = exchanges.select(
        _is_refused().cast(nw.Int64).alias("refused"),
        _is_answered().cast(nw.Int64).alias("answered"),
    )
    return said.select(nw.col("refused", "answered").sum().fill_null(0))


def _watch(exchanges: nw.LazyFrame[Any], refused_in: int, answered_in: int) -> nw.LazyFrame[Any]:
    """Refused requests, all or a sample, and a sample of the answered ones, with their hashes."""
    number = nw.col("record_hash")
    refused = _is_refused() & (number % refused_in == 0)
    answered = _is_answered() & (number % answered_in == 0)
    return exchanges.filter((refused | answered) & ~nw.col("prompt_hash").is_null()).select(
        nw.col("row").cast(nw.Int64),
        *_ORIGIN,
        *_COLUMNS,
        refused.alias("is_refused"),
    )


def _tell_times(exchanges: nw.LazyFrame[Any], watched: pl.Series) -> tuple[I64, Bools]:
    """Tell of each exchange, by its number, when it came, in microseconds, and if it is watched."""
    told = collect_here(exchanges.select("row", "time"))
    rows = told["row"].to_numpy()
    time = np.zeros(int(rows.max()) + 1, np.int64)
    time[rows] = told["time"].dt.timestamp("us").to_numpy()
    is_watched = np.zeros(len(time), np.bool_)
    is_watched[watched.to_numpy()] = True
    return time, is_watched


def _pair(hits: I64, holders: I64, times: tuple[I64, Bools]) -> pl.DataFrame:
    """Pair watched requests with what holds the same rare hashes within the hour.

    Grain:   row, echo_row, the rare hashes that both hold, and the holders of the rarest.
    """
    once = start_runs(hits)
    number, row = unpair(hits[once])
    begins = start_runs(number)
    starts, lag_us = np.append(begins, len(number)), int(limits.ECHO_LAG_S_MAX * _US)
    room = np.empty((0, 3), np.int64)
    while (found := pair_in_time(starts, row, times, lag_us, room)) > len(room):
        room = np.empty((found, 3), np.int64)
    rarest = holders[once][begins][room[:, 0]]
    pairs = pl.DataFrame({"row": room[:, 1], "echo_row": room[:, 2], "holders": rarest})
    return pairs.group_by("row", "echo_row").agg(
        pl.len().cast(pl.Int64).alias("shared"), pl.col("holders").min()
    )


def _keep_best(pairs: pl.DataFrame, watched: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """Keep one repetition of each watched request: one that comes soon, and then shares most."""
    lag = (pl.col("echo_time") - pl.col("time")).dt.total_microseconds() / 1e6
    echo = said.select(
        pl.col("row").cast(pl.Int64).alias("echo_row"), pl.col(_ORIGIN).name.prefix("echo_")
    )
    elsewhere = [pl.col(name) != pl.col(f"echo_{name}") for name in _ORIGIN[2:]]
    return ECHO.conform(
        pairs.join(watched.select("row", "is_refused", *_ORIGIN), on="row")
        .join(echo, on="echo_row")
        .with_columns(lag_s=lag, is_elsewhere=elsewhere[0] & elsewhere[1])
        .filter(
            pl.col("lag_s").is_between(0, limits.ECHO_LAG_S_MAX, closed="right")
            & (pl.col("account_id") != pl.col("echo_account_id"))
        )
        .sort(
            "row",
            pl.col("lag_s") > limits.ECHO_SOON_S_MAX,
            pl.col("shared").neg(),
            "holders",
            "lag_s",
            "echo_row",
        )
        .unique("row", keep="first", maintain_order=True)
    )


def _count_watched(exchanges: nw.LazyFrame[Any], watched: pl.DataFrame) -> pl.DataFrame:
    """Count, per account, what was watched and what there is."""
    sizes = collect_here(
        exchanges.group_by("account_id").agg(nw.len().cast(nw.Int64).alias("exchanges"))
    )
    refused = pl.col("is_refused")
    seen = watched.group_by("account_id").agg(
        refused.sum().cast(pl.Int64).alias("refused"),
        (~refused).sum().cast(pl.Int64).alias("answered"),
    )
    return WATCHED.conform(
        sizes.join(seen, on="account_id", how="left")
        .with_columns(pl.col("refused", "answered").fill_null(0))
        .sort("account_id")
    )
