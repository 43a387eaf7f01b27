"""The traffic of a run as arrays, account after account, so that a group's exchanges are slices.

First step of *detect*: reads exchanges (no text) and their frequent passages, writes nothing; what
it makes lives for one run. Passages are the frequent shingles of a prompt and its system text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
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


@dataclass(frozen=True)
class Traffic:
    """Exchanges sorted by (account, time, exchange_id), and the passages of each.

    Shapes: A accounts, X exchanges, P passages, R and Q rows of the two sparse tables.
    """

    accounts: list[str]
    """A: account ids, sorted."""
    exchanges: pl.DataFrame
    """X rows of `COLUMNS`."""
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


def arrange_traffic(exchanges: pl.DataFrame, *, passages: pl.DataFrame) -> Traffic:
    """Arrange a run's exchanges by account.

    Grain:   one row per exchange. `passages` is (row, hash) of the frequent ones, by the `row`
             numbers that `exchanges` carries.
    Order:   by (account, time, exchange_id): input order is irrelevant.
    Cost:    one sort of the exchanges and one of the passages.
    """
    ordered = exchanges.sort("account_id", "time", "exchange_id")
    ids = ordered["account_id"].unique(maintain_order=True)
    account = ordered["account_id"].rle_id().cast(pl.Int32)
    place = pl.DataFrame(
        {
            "row": ordered["row"],
            "at": np.arange(len(ordered), dtype=np.int64),
            "account": account,
        }
    )
    known = passages["hash"].unique().sort()
    found = passages.select("row", "hash").join(place, on="row")
    codes = np.searchsorted(known.to_numpy(), found["hash"].to_numpy()).astype(np.int32)
    coded = found.select("at", "account").with_columns(passage=codes)
    sizes = pl.DataFrame({"account": account}).group_by("account").agg(pl.len().alias("size"))
    held = (
        coded.group_by("account", "passage")
        .agg(pl.len().alias("carried"))
        .join(sizes, on="account")
        .with_columns((pl.col("carried") / pl.col("size")).cast(pl.Float32).alias("share"))
        .sort("account", "passage")
    )
    coded = coded.join(held, on=["account", "passage"]).sort("at", "passage")
    mass = np.bincount(held["passage"].to_numpy(), held["share"].to_numpy(), minlength=len(known))
    return Traffic(
        accounts=ids.to_list(),
        exchanges=ordered.select(COLUMNS),
        account_start=_starts(account.to_numpy(), len(ids)),
        passage_start=_starts(coded["at"].to_numpy(), len(ordered)),
        passage=coded["passage"].to_numpy(),
        own_share=coded["share"].to_numpy(),
        held_start=_starts(held["account"].to_numpy(), len(ids)),
        held=held["passage"].to_numpy(),
        held_share=held["share"].to_numpy(),
        holders=np.bincount(held["passage"].to_numpy(), minlength=len(known)).astype(np.int64),
        mass=mass.astype(np.float64),
        rows=ordered["row"].cast(pl.Int64).to_numpy(),
        embeddings=_read_embeddings(ordered["embedding"]),
    )


def _read_embeddings(column: pl.Series) -> npt.NDArray[np.int8]:
    zero = bytes(limits.EMBEDDING_DIMENSIONS)
    joined = b"".join(column.fill_null(zero).to_list())
    return np.frombuffer(joined, np.int8).reshape(len(column), limits.EMBEDDING_DIMENSIONS)


def _starts(sorted_codes: npt.NDArray[np.integer], n: int) -> I64:
    counts = np.bincount(sorted_codes, minlength=n)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
