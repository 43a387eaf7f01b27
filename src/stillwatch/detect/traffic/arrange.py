"""A run's exchanges as arrays, account after account, so that a group's exchanges are slices.

Part of the first step of *detect*: reads exchanges (no text) and their frequent passages, writes
nothing; what it makes lives for one run. Passages are the frequent shingles of a prompt and its
system text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.detect.traffic.arrays import (
    F32,
    F64,
    I32,
    I64,
    Bools,
    read_embeddings,
    start_codes,
)
from stillwatch.detect.traffic.passages import hold_passages, place_passages
from stillwatch.detect.traffic.population import Population, count_population
from stillwatch.domain import limits
from stillwatch.domain.observations import Passages

COLUMNS = (
    "exchange_id",
    "account_id",
    "time",
    "hour",
    "prompt_hash",
    "embedding",
    "tactic",
    "replay_source",
    "replay_item_hash",
    "address_hash",
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

    All exchanges of tied accounts, and of the others what `is_sampled` marks: in all but large runs
    that is all of them, too. Shapes: A accounts, X exchanges that are held, P passages, R and Q
    rows of the two sparse tables.
    """

    population: Population
    """Every account, whatever is held of it."""
    exchanges: pl.DataFrame
    """X rows of `COLUMNS`, without the embedding."""
    is_sampled: Bools
    """X: it stands for the whole run, in which tied accounts weigh no more than others."""
    account_start: I64
    """A + 1: the exchanges that are held of an account."""
    passage_start: I64
    """X + 1: the passages of an exchange."""
    passage: I32
    """R."""
    own_share: F32
    """R: share of the exchange's account's exchanges that carry the passage."""
    held_start: I64
    """A + 1: the distinct passages of a tied account; of others none."""
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

    @property
    def accounts(self) -> list[str]:
        """Account ids of the whole run, sorted."""
        return self.population.accounts

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


def arrange_traffic(
    observed: pl.LazyFrame, *, passages: Passages, tied: Collection[str]
) -> Traffic:
    """Arrange a run's exchanges by account: those of `tied` ones, and a sample that stands for all.

    Grain:   one row per exchange that is held, with the run's number of it as `row`.
    Order:   by (account, time, exchange_id): input order is irrelevant.
    Nulls:   an exchange without a `record_hash` is in no sample, where there has to be one.
    Cost:    three passes over the exchanges, a sort of those that are held and one of the rows of
             (exchange, passage). Memory for tied accounts' exchanges, for
             limits.RESIDENT_EXCHANGES_MAX or so of others, four bytes for each of all, and some
             twelve for each row of (exchange, passage).
    """
    population = count_population(observed)
    one_in = max(1, -(-int(population.sizes.sum()) // limits.RESIDENT_EXCHANGES_MAX))
    columns = _take_exchanges(observed, tied, one_in=one_in)
    keys = pl.DataFrame([columns[name] for name in ("account_id", "time", "exchange_id")])
    order = keys.select(at=pl.arg_sort_by("account_id", "time", "exchange_id"))["at"]
    del keys
    rows = columns.pop("row").gather(order).cast(pl.Int64).to_numpy()
    is_sampled = columns.pop("is_sampled").gather(order).to_numpy()
    embeddings = read_embeddings(columns.pop("embedding"))[order.to_numpy()]
    kept = [name for name in COLUMNS if name in columns]
    ordered = pl.DataFrame([columns.pop(name).gather(order).rechunk() for name in kept])
    account, accounts = population.find_senders(rows), len(population.accounts)
    placed = place_passages(rows, account, passages.carried)
    is_tied = np.zeros(accounts, np.bool_)
    is_tied[[code for code, name in enumerate(population.accounts) if name in tied]] = True
    held = hold_passages(
        passages.carried,
        population,
        placed=placed,
        tied=is_tied,
        passages=len(passages.listed),
    )
    return Traffic(
        population=population,
        exchanges=ordered,
        is_sampled=is_sampled,
        account_start=start_codes(account, accounts),
        passage_start=start_codes(placed.at, len(ordered)),
        passage=placed.passage,
        own_share=held.own_share,
        held_start=start_codes(held.account, accounts),
        held=held.passage,
        held_share=held.share,
        holders=held.holders,
        mass=held.mass,
        rows=rows,
        embeddings=embeddings,
    )


def _take_exchanges(
    observed: pl.LazyFrame, tied: Collection[str], *, one_in: int
) -> dict[str, pl.Series]:
    """Take the exchanges that are held, as columns: a caller lets each go when it has used it."""
    told = [pl.col("row"), *(pl.col(name) for name in COLUMNS)]
    if one_in == 1:
        found = observed.select(*told, pl.lit(value=True).alias("is_sampled")).collect()
        return found.to_dict()
    sampled = (pl.col("record_hash") % one_in == 0).fill_null(value=False)
    members = pl.Series(sorted(tied), dtype=pl.String).implode()
    found = (
        observed.filter(sampled | pl.col("account_id").is_in(members))
        .select(*told, sampled.alias("is_sampled"))
        .collect(engine="streaming")
    )
    return found.to_dict()
