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

from stillwatch.detect.traffic.arrays import F32, F64, I32, I64, Bools
from stillwatch.detect.traffic.held import hold_exchanges
from stillwatch.detect.traffic.passages import hold_passages
from stillwatch.detect.traffic.population import Population, count_population
from stillwatch.domain import limits
from stillwatch.domain.observations import Passages


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
    """X rows of `COLUMNS`, without the embedding; accounts are Enum, other words Categorical."""
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

    def spell_out(self, rows: I64, columns: Sequence[str]) -> pl.DataFrame:
        """Give columns of some exchanges, in which words are words again. Grain: as `rows`."""
        words = pl.selectors.by_dtype(pl.Categorical, pl.Enum)
        return self.exchanges.select(columns)[rows].with_columns(words.cast(pl.String))

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
    Cost:    three passes over the exchanges, a sort of those that are held, and two looks at the
             rows of (exchange, passage), one more for each block of limits.PASSAGE_BLOCK_ROWS.
             Memory for tied accounts' exchanges, for limits.RESIDENT_EXCHANGES_MAX or so of others,
             four bytes for each of all, and eight for each row of (exchange, passage) of the
             former.
    """
    population = count_population(observed)
    one_in = max(1, -(-int(population.sizes.sum()) // limits.RESIDENT_EXCHANGES_MAX))
    taken = hold_exchanges(observed, population, tied=tied, one_in=one_in)
    accounts = len(population.accounts)
    is_tied = np.zeros(accounts, np.bool_)
    is_tied[[code for code, name in enumerate(population.accounts) if name in tied]] = True
    placed, held = hold_passages(
        passages.carried,
        population,
        exchanges=(taken.rows, taken.account_start),
        tied=is_tied,
        passages=len(passages.listed),
    )
    return Traffic(
        population=population,
        exchanges=taken.exchanges,
        is_sampled=taken.is_sampled,
        account_start=taken.account_start,
        passage_start=placed.start,
        passage=placed.passage,
        own_share=held.own_share,
        held_start=held.start,
        held=held.passage,
        held_share=held.share,
        holders=held.holders,
        mass=held.mass,
        rows=taken.rows,
        embeddings=taken.embeddings,
    )
