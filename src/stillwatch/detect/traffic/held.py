"""The exchanges that are held, as columns: taken, put in order, words as numbers.

Part of the first step of *detect*, for `arrange.py`: reads exchanges (no text), gives the columns
that judging works on. Words are few and exchanges many: an account, a model, a tactic is a number
here (Enum, Categorical), of four bytes where the word takes sixteen beside its letters.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.detect.traffic.arrays import I32, I64, Bools, Lists, deal_out, read_embeddings
from stillwatch.detect.traffic.population import Population

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
_WORDS: Final = ("tactic", "replay_source", "capability", "model")
_ACCOUNT: Final = "account_id"


class Held(NamedTuple):
    """X exchanges by (account, time, exchange_id)."""

    exchanges: pl.DataFrame
    """`COLUMNS`, without the embedding."""
    account_start: I64
    """Where the exchanges of each account begin, and where the last one's end."""
    rows: I64
    """The run's number of each exchange."""
    is_sampled: Bools
    embeddings: npt.NDArray[np.int8]


def hold_exchanges(
    observed: pl.LazyFrame, population: Population, *, tied: Collection[str], one_in: int
) -> Held:
    """Take the exchanges of tied accounts, and one in so many of the others.

    Grain:   one row per exchange that is held. Order: by (account, time, exchange_id).
    Cost:    one pass over the exchanges, a sort of those that are held, and a copy of a column at
             a time.
    """
    columns = _take_columns(observed, tied, one_in=one_in)
    rows = columns.pop("row").cast(pl.Int64).to_numpy()
    sender = population.find_senders(rows)
    starts, order = _order(sender, columns, accounts=len(population.accounts))
    at = pl.Series(order)
    embeddings = read_embeddings(columns.pop("embedding"))[order]
    is_sampled = columns.pop("is_sampled").gather(at).to_numpy()
    names = pl.Series(_ACCOUNT, population.accounts, pl.Enum(population.accounts))
    ordered = {_ACCOUNT: names.gather(sender[order])}
    for name in [name for name in COLUMNS if name in columns]:
        ordered[name] = columns.pop(name).rechunk().gather(at)
    exchanges = pl.DataFrame([ordered[name] for name in COLUMNS if name in ordered])
    return Held(exchanges, starts, rows[order], is_sampled, embeddings)


def _order(sender: I32, told: dict[str, pl.Series], *, accounts: int) -> Lists:
    """List the exchanges of each account by time; ids are looked at where times are the same."""
    time = told["time"].dt.timestamp("us").to_numpy()
    by_time = np.argsort(time).astype(np.uint32)
    found = deal_out(sender[by_time].astype(np.uint32), by_time, lists=accounts)
    instant, who = time[found.items], sender[found.items]
    alike = np.flatnonzero((who[1:] == who[:-1]) & (instant[1:] == instant[:-1]))
    if len(alike):
        places = np.union1d(alike, alike + 1)
        at = found.items[places]
        names = told["exchange_id"].gather(at)
        again = pl.DataFrame({"account": sender[at], "time": time[at], "exchange_id": names})
        order = again.select(pl.arg_sort_by("account", "time", "exchange_id"))
        found.items[places] = at[order.to_series().to_numpy()]
    return found


def _take_columns(
    observed: pl.LazyFrame, tied: Collection[str], *, one_in: int
) -> dict[str, pl.Series]:
    """Take the exchanges that are held, as columns: a caller lets each go when it has used it."""
    told = [pl.col("row")] + [
        pl.col(name).cast(pl.Categorical) if name in _WORDS else pl.col(name)
        for name in COLUMNS
        if name != _ACCOUNT
    ]
    if one_in == 1:
        found = observed.select(*told, pl.lit(value=True).alias("is_sampled")).collect()
        return found.to_dict()
    sampled = (pl.col("record_hash") % one_in == 0).fill_null(value=False)
    members = pl.Series(sorted(tied), dtype=pl.String).implode()
    found = (
        observed.filter(sampled | pl.col(_ACCOUNT).is_in(members))
        .select(*told, sampled.alias("is_sampled"))
        .collect(engine="streaming")
    )
    return found.to_dict()
