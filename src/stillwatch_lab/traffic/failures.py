"""Requests that fail, and are sent again.

Reads arrivals; adds `status`, and rows for what is re-issued. The one idea: an honest client sends
a refused request again from the same account, while a campaign's queue hands it to another head. A
gateway that spreads one customer's load over several keys hands it to another key, too; and people
who work off one list put it back, where whoever takes a task next may find it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text import mix

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

OK: Final = 200
_FAILURES: Final = {429: 0.008, 529: 0.004, 400: 0.003}
"""Share of requests by status: too many, overloaded, malformed."""
_AGAIN: Final = (429, 529)
_AGAIN_SHARE: Final = 0.85
_WAIT_S: Final = 9.0
"""Mean seconds before the same request is sent again."""
_HEADS_ON: Final = 3
"""A queue gives a refused item to the head that serves this many arrivals of its kind later."""
_LOOKS_ON: Final = 16
"""Takings of a list among which somebody else's is looked for; beyond them nobody else is there."""
_BEFORE_S: Final = 45.0
"""Seconds that somebody needs at most, having taken a task, to send it."""
_WHOLE: Final = 2.0**64


def add_failures(
    rng: np.random.Generator,
    arrivals: pl.DataFrame,
    *,
    passes_on: bool = False,
    people: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Give every arrival a status, and send most of those refused once more.

    Grain:   one row per exchange; `text` is the row of the arrivals whose prompt it carries.
    Order:   arrivals as given, then the re-issued ones.
    passes_on: the next head of the queue that does its `kind` sends it, not the same account.
    people: of each account, the `gateway` that keeps several keys, the `worklist` that its owner
        takes tasks from, and after how long what was refused is there again (`returned_s`, the
        mean; an account without it tries again itself); null where there is none.
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
    elif people is not None:
        sender = pl.Series(_find_keys(people["gateway"], sender.to_numpy().astype(np.int64)))
        sender, wait = _find_takers(people, frame, rows, (sender, wait))
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


def _find_takers(
    people: pl.DataFrame, frame: pl.DataFrame, rows: Ints, settled: tuple[pl.Series, Floats]
) -> tuple[pl.Series, Floats]:
    """Give what was put back to whoever of the list's people takes a task next.

    Grain:   one sender and one wait per refused row: the taking of another account that is the
             first one after the task is there again. What is `settled` stays of whoever takes from
             no list, from one that takes nothing back, or has nobody beside him.
    """
    account, at_s = (frame[name].to_numpy() for name in ("account", "at_s"))
    mean_s = people["returned_s"].to_numpy()[account[rows]]
    returned = np.flatnonzero(~np.isnan(mean_s))
    if not len(returned):
        return settled
    worklist = people["worklist"].fill_null(-1).to_numpy()[account]
    luck = (mix(rows + 1).astype(np.float64) + 0.5) / _WHOLE
    back_s = at_s[rows] - np.log(luck) * mean_s
    order = np.lexsort((at_s, worklist))
    lists, taken_s = worklist[order], at_s[order]
    first = np.searchsorted(lists, worklist[rows])
    end = np.searchsorted(lists, worklist[rows], side="right")
    sender, waits = settled[0].to_numpy().copy(), settled[1].copy()
    for place in returned:
        low, high = first[place], end[place]
        next_one = low + np.searchsorted(taken_s[low:high], back_s[place])
        takings = order[next_one : min(next_one + _LOOKS_ON, high)]
        others = takings[account[takings] != account[rows[place]]]
        if len(others):
            sender[place] = account[others[0]]
            waits[place] = at_s[others[0]] - at_s[rows[place]] + _BEFORE_S * luck[place]
    return pl.Series(sender), waits
