"""The account-trait table as sparse arrays: who holds what, how many hold it, and how much of it.

First step of *link*: reads `TRAIT` rows and the register, writes nothing; what it makes lives for
one run. Rows are actors, not accounts: accounts of one verified organisation are one actor,
because they share for an honest reason. A value held by one actor alone can't tie anybody; it is
kept only as that actor's *single* mass, so that an own card can speak against a group that shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.arrays import pair, rank_values, start_counts, start_runs, turn_lists, unpair
from stillwatch.domain.channels.families import CHANNELS, FAMILIES
from stillwatch.domain.errors import LimitExceeded

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Records = npt.NDArray[np.void]
"""Rows of named fields. A handful of them in place of an array for every field: Numba hands a tuple
of arrays from kernel to kernel piece by piece, and compiles each piece anew in every kernel."""

CHANNEL_NAMES = tuple(channel.name for channel in CHANNELS)
FAMILY_OF_CHANNEL = np.array([FAMILIES.index(c.family) for c in CHANNELS], np.int32)
"""Ascending: channels are numbered family by family."""
ROW = np.dtype([("value", np.int32), ("share", np.float32)], align=True)
"""A value of an actor."""
HOLDER = np.dtype([("actor", np.int32), ("share", np.float32)], align=True)
"""An actor with a value."""


@dataclass(frozen=True)
class TraitTable:
    """Actors x values, by row and by column.

    Shapes: N actors, V values, R rows, C channels. Values are numbered by family, channel (each is
    one span of values, and of an actor's rows), holders (most first, for the cache) and pseudonym.
    """

    actor_ids: list[str]
    """N: account_id, or `org:` and the organisation."""
    accounts: pl.DataFrame
    """(account_id, actor): every account and the row of its actor."""
    row_start: I64
    """N + 1: rows of an actor, sorted by value."""
    rows: Records
    """R: ROW. `row_value` and `row_share` are its fields: share of the actor's exchanges that carry
    the value, at most 1 in sum over a channel."""
    column_start: I64
    """V + 1: holders of a value, sorted."""
    holders: Records
    """R: HOLDER. `column_actor` and `column_share` are its fields."""
    value_channel: I32
    """V: channel of a value."""
    value_mass: F64
    """V: sum of shares over the population."""
    value_id: I64
    """V: the value's pseudonym, for people."""
    present: Bools
    """N x C: the actor has a value in the channel."""
    single: F32
    """N x C: share on values that nobody else holds."""

    row_value: I32
    row_share: F32
    column_actor: I32
    column_share: F32

    @property
    def actors(self) -> int:
        """Number of actors."""
        return len(self.actor_ids)

    @property
    def values(self) -> int:
        """Number of values that at least two actors hold."""
        return len(self.value_channel)


def name_actors(accounts: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    """Say which actor each account belongs to.

    Grain:   one row per account: (account_id, actor_id). Order: by account_id.
    Nulls:   an account without a register entry, or without a verified organisation, is its own.
    """
    verified = register.filter(pl.col("org_verified").fill_null(value=False)).select(
        "account_id", ("org:" + pl.col("org_id")).alias("actor_id")
    )
    return (
        accounts.select("account_id")
        .unique()
        .join(verified, on="account_id", how="left")
        .with_columns(pl.col("actor_id").fill_null(pl.col("account_id")))
        .sort("account_id")
    )


def tabulate_traits(traits: pl.DataFrame, *, register: pl.DataFrame) -> TraitTable:
    """Turn trait rows into the sparse table; faster where accounts and channels are Enum.

    Grain:   one row per (actor, value); shares of an organisation are the mean of its accounts'.
    Nulls:   a channel in which an actor has no row is absent for it: no evidence either way.
    Order:   actors by id, values by (family, channel, holders): input order is irrelevant.
    Cost:    linear in trait rows but for a sort of values, and one of rows that come in disorder.

    Raises:
        LimitExceeded: more rows than limits.TRAIT_ROWS_MAX; nothing is returned.
    """
    if len(traits) > limits.TRAIT_ROWS_MAX:
        raise LimitExceeded(name="TRAIT_ROWS_MAX", bound=limits.TRAIT_ROWS_MAX, met=len(traits))
    sent = pl.DataFrame({"account_id": traits["account_id"].unique().cast(pl.String)})
    named = name_actors(sent, register)
    ids = named["actor_id"].unique().sort()
    actor = named["actor_id"].cast(pl.Enum(ids)).to_physical().cast(pl.Int32)
    present = np.zeros((len(ids), len(CHANNEL_NAMES)), np.bool_)
    single = np.zeros(present.shape, np.float32)
    columns = []
    for channel, held in _split(traits, named["account_id"]):
        value_id, key, share = _hold(held, actor.to_numpy(), is_whole=CHANNELS[channel].is_whole)
        holder, value = unpair(key)
        lone = np.bincount(value)[value] == 1
        present[holder, channel] = True
        np.add.at(single[:, channel], holder[lone], share[lone])
        columns.append(_turn(value_id, key[~lone], share[~lone], channel))
    value_channel, value_id, mass, counts, holders = map(np.concatenate, zip(*columns, strict=True))
    del columns
    starts = start_counts(counts)
    row_start = start_counts(np.bincount(holders["actor"], minlength=len(ids)))
    rows = np.empty(len(holders), ROW)
    by_row, by_column = (rows["value"], rows["share"]), (holders["actor"], holders["share"])
    turn_lists(starts, by_column, row_start[:-1].copy(), by_row)
    return TraitTable(
        ids.to_list(), named.select("account_id", actor.alias("actor")), row_start, rows, starts,
        holders, value_channel, mass, value_id, present, single, *by_row, *by_column,
    )  # fmt: skip


_Columns = tuple[I32, I64, F64, I64, Records]
"""Values of a channel: channel, pseudonym, mass and number of holders of each; all their HOLDER."""


def _split(traits: pl.DataFrame, accounts: pl.Series) -> Iterator[tuple[int, pl.DataFrame]]:
    """Give the rows of each channel: account (its place among `accounts`), value, share."""
    rows = traits.select(
        pl.col("account_id").cast(pl.Enum(accounts)).to_physical().alias("account"),
        pl.col("channel").cast(pl.Enum(CHANNEL_NAMES)).to_physical(),
        "value",
        "share",
    )
    if not rows["channel"].is_sorted():
        rows = rows.sort("channel", maintain_order=True)
    ends = np.searchsorted(rows["channel"].to_numpy(), np.arange(len(CHANNEL_NAMES) + 1))
    for channel, (start, end) in enumerate(pairwise(ends)):
        yield channel, rows[start:end]


def _hold(rows: pl.DataFrame, actor_of: I32, *, is_whole: bool) -> tuple[I64, I64, F64]:
    """Say what share each actor has of each value of a channel: at most 1 in sum, unless whole.

    Gives the values' pseudonyms; sorted pairs of an actor and a value's place there; shares.
    """
    account, share = rows["account"].to_numpy(), rows["share"].to_numpy()
    ids, value = rank_values(rows["value"].to_numpy())
    actor, accounts = actor_of[account], np.bincount(actor_of)
    key = pair(actor, value)
    if (several := (accounts > 1)[actor]).any():
        pooled = np.flatnonzero(several)
        pooled = pooled[np.lexsort((account[pooled], key[pooled]))]  # floats add up in one order
        starts = start_runs(key[pooled])
        mean = np.add.reduceat(share[pooled], starts) / accounts[actor[pooled[starts]]]
        key = np.concatenate([key[~several], key[pooled[starts]]])
        share = np.concatenate([share[~several], mean])
    if np.any(key[1:] < key[:-1]):
        order = np.argsort(key, kind="stable")
        key, share = key[order], share[order]
    actor, _ = unpair(key)
    return ids, key, share if is_whole else share / np.maximum(np.bincount(actor, share), 1)[actor]


def _turn(ids: I64, key: I64, share: F64, channel: int) -> _Columns:
    """Turn sorted pairs of actor and value into values and their holders."""
    actor, value = unpair(key)
    counts = np.bincount(value, minlength=len(ids))
    holders = np.empty(len(key), HOLDER)
    at, turned = start_counts(counts)[:-1], (holders["actor"], holders["share"])
    if len(key):  # a field of nothing lies in a row: Numba would compile all anew for it
        turn_lists(start_counts(np.bincount(actor)), (value, share), at, turned)
    held = counts > 0
    mass = np.bincount(value, share, len(ids))[held].astype(np.float64)
    return np.full(len(mass), channel, np.int32), ids[held], mass, counts[held], holders
