"""Which values each account holds, counted on Polars: exchanges by account, and a column at a time.

Beside `day_counts`: reads `OBSERVED`, gives its counts. A group-by builds a table of all accounts
and values for every channel; the exchanges of each account, found once, need no table: a few values
are sorted where they are. Accounts are numbers, which go on as Enum. Deliberately absent: engines
other than Polars, which group by (`traits.py`, `profiles.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain.arrays import pair, read_only, start_counts, unpair

I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

_SHRINK: Final = 2.25
"""From one distance of Shell's sort to the next. Source: Tokuda 1992."""


class Senders(NamedTuple):
    """Who sent each exchange."""

    accounts: pl.Series
    """The ids of the accounts, sorted, each one's number its place: Enum."""
    account: U32
    """Of each exchange, in the order in which they are collected: its account's number."""

    def find_first(self, used: pl.DataFrame) -> pl.DataFrame:
        """Find the hour of each account's first exchange with each model.

        Grain:   one row per (account_id, model): hour. Nulls: exchanges without a model are left
                 out. `used` is (model, hour), one row per exchange.
        """
        code, models = _number_words(used["model"])
        kinds = max(len(models), 1)
        key = pl.Series(self.account).cast(pl.Int64) * kinds + code
        known = used.select("hour", key=key).drop_nulls("key")
        first = known.group_by("key").agg(pl.col("hour").min())
        account = self.accounts.gather(first["key"] // kinds).cast(pl.String).alias("account_id")
        model = models.gather(first["key"] % kinds).alias("model")
        return pl.DataFrame([account, model, first["hour"]])


def number_accounts(account_id: pl.Series) -> Senders:
    """Number the accounts of some exchanges.

    Grain:   a number per entry. Order: accounts are numbered by their ids.
    Cost:    a look at each id.
    """
    ids = account_id.unique().sort()
    numbered = pl.Enum(ids)
    account = account_id.cast(numbered).to_physical().cast(pl.UInt32)
    return Senders(ids.cast(numbered), account.to_numpy())


@dataclass(frozen=True)
class Grouped:
    """The exchanges of each account."""

    senders: Senders
    starts: I64
    """Where each account's begin, and where the last one's end."""
    order: I64
    """Exchanges by account, in the order in which they are collected."""

    @classmethod
    def of(cls, senders: Senders) -> Grouped:
        """Find them.

        Cost:    a sort of pairs of numbers.
        """
        account = senders.account
        starts = start_counts(np.bincount(account, minlength=len(senders.accounts)))
        return cls(senders, starts, unpair(np.sort(pair(account, np.arange(len(account)))))[1])

    def count(self, column: pl.Series) -> pl.DataFrame:
        """Count the exchanges of each account that carry each value of a column.

        Grain:   one row per (account_id, value): exchanges. Nulls: left out.
        Order:   by account and value.
        """
        is_word = column.dtype == pl.String
        values, words = _number_words(column) if is_word else (column.cast(pl.Int64), column)
        known = values.is_not_null().to_numpy() if values.null_count() else np.zeros(0, np.bool_)
        held, counts = np.empty(len(values), np.int64), np.zeros(len(values) + 1, np.uint32)
        ends = np.zeros(len(self.starts), np.int64)
        filled = read_only(values.fill_null(0).to_numpy())
        room = np.empty(np.diff(self.starts).max(initial=0), np.int64)
        told = held, counts, ends
        n = _count_runs(self.starts, self.order, (filled, known), room, told)
        account = np.repeat(np.arange(len(self.starts) - 1), np.diff(ends))
        value = pl.Series(held[:n].copy())
        return pl.DataFrame(
            {
                "account_id": self.senders.accounts.gather(account),
                "value": words.gather(value) if is_word else value,
                "exchanges": counts[:n].copy(),
            }
        )

    def place(self, column: pl.Series, counted: pl.DataFrame) -> I64:
        """Say in which row of what `count` gave each exchange is counted.

        Grain:   one place per exchange. Nulls: none in the column.
        """
        account = counted["account_id"].to_physical().to_numpy()
        ends = start_counts(np.bincount(account, minlength=len(self.senders.accounts)))
        cell = np.empty(len(column), np.int64)
        values, held = (read_only(one.to_numpy()) for one in (column, counted["value"]))
        _place_runs(self.starts, self.order, values, (held, ends), cell)
        return cell


def _number_words(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Give numbers for words, and the words."""
    words = column.drop_nulls().unique().sort()
    return column.cast(pl.Enum(words)).to_physical().cast(pl.Int64), words


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _sort(values: Any) -> None:  # noqa: ANN401  inside Numba
    """Sort a few values: Shell's sort, which costs little where most are equal."""
    gap = 1
    while gap * _SHRINK < len(values):
        gap = int(gap * _SHRINK) + 1
    while gap > 0:
        for i in range(gap, len(values)):
            value, j = values[i], i
            while j >= gap and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value
        gap = 0 if gap == 1 else max(int(gap / _SHRINK), 1)


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _count_runs(
    starts: I64, order: I64, column: tuple[I64, Bools], room: I64, told: tuple[I64, U32, I64]
) -> int:
    """Write each account's different values, ascending, with how often it has each.

    `room` is for the exchanges of one account: made here, with NumPy's `diff` and `max`, it would
    take Numba eight times as long to compile all.
    """
    (values, known), (held, counts, ends) = column, told
    n = 0
    for account in range(len(starts) - 1):
        few = 0
        for k in range(starts[account], starts[account + 1]):
            if len(known) == 0 or known[order[k]]:
                room[few] = values[order[k]]
                few += 1
        _sort(room[:few])
        for k in range(few):
            if k == 0 or room[k] != room[k - 1]:
                held[n] = room[k]
                n += 1
            counts[n - 1] += np.uint32(1)
        ends[account + 1] = n
    return n


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _place_runs(starts: I64, order: I64, values: I64, told: tuple[I64, I64], cell: I64) -> None:
    """Write where each exchange's value stands among those of its account, which are few."""
    held, ends = told
    for account in range(len(starts) - 1):
        at = ends[account]
        for k in range(starts[account], starts[account + 1]):
            value = values[order[k]]
            if held[at] > value:
                at = ends[account]
            while held[at] != value:
                at += 1
            cell[order[k]] = at
