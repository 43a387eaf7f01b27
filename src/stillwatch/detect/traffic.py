"""The traffic of a run as arrays, account after account, so that a group's exchanges are slices.

First step of *detect*: reads exchanges (no text) and their frequent passages, writes nothing; what
it makes lives for one run. Passages are the frequent shingles of a prompt and its system text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.observations import Passages

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

COLUMNS = (
    "exchange_id",
    "account_id",
    "time",
    "hour",
    "prompt_hash",
    "embedding",
    "tactic",
    "replay_source",
    "tactic_probability",
    "capability",
    "input_tokens",
    "output_tokens",
    "turn",
    "model",
    "prompt_words",
    "thinking",
)
"""Columns of OBSERVED that judging reads."""


_LOW: Final = 32
"""Bits of a passage's number, below that of an exchange or an account."""
_PASSAGE: Final = 2**_LOW - 1


@dataclass(frozen=True)
class Traffic:
    """Exchanges sorted by (account, time, exchange_id), and the passages of each.

    Shapes: A accounts, X exchanges, P passages, R and Q rows of the two sparse tables.
    """

    accounts: list[str]
    """A: account ids, sorted."""
    exchanges: pl.DataFrame
    """X rows of `COLUMNS`, without the embedding."""
    account_start: I64
    """A + 1: the exchanges of an account."""
    passage_start: I64
    """X + 1: the passages of an exchange."""
    passage: I32
    """R."""
    own_share: F32
    """R: share of the exchange's account's exchanges that carry the passage."""
    held_start: I64
    """A + 1: the distinct passages of an account."""
    held: I32
    """Q."""
    held_share: F32
    """Q: share of the account's exchanges that carry it."""
    holders: I64
    """P: accounts that hold a passage."""
    mass: F64
    """P: sum of those accounts' shares: busy accounts hold more passages, but no more of each."""
    rows: I64
    """X: the run's number of each exchange."""
    embeddings: npt.NDArray[np.int8]
    """X x limits.EMBEDDING_DIMENSIONS; zero where there is no prompt."""

    def rows_of(self, members: I32) -> I64:
        """Give the exchange rows of some accounts, in order."""
        spans = [np.arange(self.account_start[a], self.account_start[a + 1]) for a in members]
        return np.concatenate(spans) if spans else np.zeros(0, np.int64)

    def codes_of(self, account_ids: Sequence[str]) -> I32:
        """Give the codes of account ids, sorted; ids that sent nothing are left out."""
        codes = (bisect_left(self.accounts, account_id) for account_id in account_ids)
        found = [
            code
            for code, account_id in zip(codes, account_ids, strict=True)
            if code < len(self.accounts) and self.accounts[code] == account_id
        ]
        return np.array(sorted(found), np.int32)


def arrange_traffic(columns: dict[str, pl.Series], *, passages: Passages) -> Traffic:
    """Arrange a run's exchanges by account.

    Grain:   one row per exchange, with the run's number of it as `row`. `columns` is emptied: each
             is let go as it is taken, or a run's exchanges would be there twice.
    Order:   by (account, time, exchange_id): input order is irrelevant.
    Cost:    one sort of the exchanges, and two of the rows of (exchange, passage); of memory, some
             forty bytes a row of the latter for a moment, and eight for good.
    """
    keys = pl.DataFrame([columns[name] for name in ("account_id", "time", "exchange_id")])
    order = keys.select(at=pl.arg_sort_by("account_id", "time", "exchange_id"))["at"]
    del keys
    rows = columns.pop("row").gather(order).cast(pl.Int64).to_numpy()
    embeddings = read_embeddings(columns.pop("embedding"))[order.to_numpy()]
    kept = [name for name in COLUMNS if name in columns]
    ordered = pl.DataFrame([columns.pop(name).gather(order).rechunk() for name in kept])
    # Polars adds up floats by account in their order where it knows that accounts are sorted.
    ordered = ordered.with_columns(pl.col("account_id").set_sorted())
    columns.clear()
    ids = ordered["account_id"].unique(maintain_order=True)
    account = ordered["account_id"].rle_id().to_numpy()
    at, passage = _place_passages(rows, passages.carried)
    most = len(passages.listed)
    held = _hold(account[at], passage, sizes=np.bincount(account, minlength=len(ids)))
    return Traffic(
        accounts=ids.to_list(),
        exchanges=ordered,
        account_start=_starts(account, len(ids)),
        passage_start=_starts(at, len(ordered)),
        passage=passage,
        own_share=held.own_share,
        held_start=_starts(held.account, len(ids)),
        held=held.passage,
        held_share=held.share,
        holders=np.bincount(held.passage, minlength=most).astype(np.int64),
        mass=np.bincount(held.passage, held.share, minlength=most).astype(np.float64),
        rows=rows,
        embeddings=embeddings,
    )


def _place_passages(rows: I64, carried: pl.DataFrame) -> tuple[I32, I32]:
    """Place the rows of (exchange, passage) by where exchanges stand: sorted by both."""
    place = np.full(int(rows.max()) + 1 if len(rows) else 1, -1, np.int64)
    place[rows] = np.arange(len(rows))
    number = carried["row"].to_numpy()
    at = np.where(number < len(place), place[np.minimum(number, len(place) - 1)], -1)
    here = at >= 0
    key = (at[here] << _LOW) | carried["passage"].to_numpy()[here]
    key.sort()
    return (key >> _LOW).astype(np.int32), (key & _PASSAGE).astype(np.int32)


class _Held(NamedTuple):
    """The distinct passages of accounts, sorted by both."""

    account: I32
    passage: I32
    share: F32
    """Share of the account's exchanges that carry it."""
    own_share: F32
    """The same for each row that went in."""


def _hold(account: I32, passage: I32, *, sizes: I64) -> _Held:
    """Find what each account holds. Rows are (exchange, passage); `sizes` counts its exchanges."""
    key = (account.astype(np.int64) << _LOW) | passage
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    carried = np.diff(starts, append=len(key))
    holder = (key[starts] >> _LOW).astype(np.int32)
    share = (carried / sizes[holder]).astype(np.float32)
    own_share = np.empty(len(key), np.float32)
    own_share[order] = np.repeat(share, carried)
    return _Held(holder, (key[starts] & _PASSAGE).astype(np.int32), share, own_share)


def read_embeddings(column: pl.Series) -> npt.NDArray[np.int8]:
    """Give embeddings as rows of numbers.

    Grain:   one row of limits.EMBEDDING_DIMENSIONS per exchange; zero where there is no prompt.
    """
    found = np.zeros((len(column), limits.EMBEDDING_DIMENSIONS), np.int8)
    there = column.drop_nulls()
    if len(there):
        joined = there.to_arrow().buffers()[2]  # of one length each, one after the other
        numbers = np.frombuffer(joined, np.int8, len(there) * limits.EMBEDDING_DIMENSIONS)
        found[column.is_not_null().to_numpy()] = numbers.reshape(len(there), -1)
    return found


def _starts(sorted_codes: npt.NDArray[np.integer], n: int) -> I64:
    counts = np.bincount(sorted_codes, minlength=n)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
