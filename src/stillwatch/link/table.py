"""The account-trait table as sparse arrays: who holds what, how many hold it, and how much of it.

First step of *link*: reads `TRAIT` rows and the register, writes nothing; what it makes lives for
one run. Rows are actors, not accounts: accounts of one verified organisation are one actor,
because they share for an honest reason. A value held by one actor alone can't tie anybody; it is
kept only as that actor's *single* mass, so that an own card can speak against a group that shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.channels.families import CHANNELS, FAMILIES
from stillwatch.domain.errors import LimitExceeded

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

CHANNEL_NAMES = tuple(channel.name for channel in CHANNELS)
FAMILY_OF_CHANNEL = np.array([FAMILIES.index(c.family) for c in CHANNELS], np.int32)


@dataclass(frozen=True)
class TraitTable:
    """Actors x values, by row and by column.

    Shapes: N actors, V values (of all channels), R rows, C channels.
    """

    actor_ids: list[str]
    """N: account_id, or `org:` and the organisation."""
    accounts: pl.DataFrame
    """(account_id, actor): every account and the row of its actor."""
    row_start: I64
    """N + 1: rows of an actor, sorted by channel."""
    row_value: I32
    """R: value."""
    row_share: F32
    """R: share of the actor's exchanges that carry it, at most 1 in sum over a channel."""
    column_start: I64
    """V + 1: holders of a value, sorted."""
    column_actor: I32
    """R: holder."""
    column_share: F32
    """R: the holder's share."""
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
    """Turn trait rows into the sparse table.

    Grain:   one row per (actor, value); shares of an organisation are the mean of its accounts'.
    Nulls:   a channel in which an actor has no row is absent for it: no evidence either way.
    Order:   actors by id, values by (channel, value): input order is irrelevant.
    Cost:    linear in trait rows but for two sorts.

    Raises:
        LimitExceeded: more rows than limits.TRAIT_ROWS_MAX; nothing is returned.
    """
    if len(traits) > limits.TRAIT_ROWS_MAX:
        raise LimitExceeded(name="TRAIT_ROWS_MAX", bound=limits.TRAIT_ROWS_MAX, met=len(traits))
    named = name_actors(traits, register)
    actor_ids = named["actor_id"].unique().sort()
    accounts = named.with_columns(
        pl.col("actor_id")
        .replace_strict(actor_ids, np.arange(len(actor_ids)), return_dtype=pl.Int64)
        .cast(pl.Int32)
        .alias("actor")
    )
    rows = _actor_rows(traits, accounts)
    return _build(rows, actor_ids.to_list(), accounts.select("account_id", "actor"))


def _actor_rows(traits: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """One row per (actor, channel, value) with its share, channels as codes."""
    codes = pl.DataFrame(
        {
            "channel": CHANNEL_NAMES,
            "code": np.arange(len(CHANNEL_NAMES), dtype=np.int32),
        }
    )
    coded = traits.join(codes, on="channel").join(
        accounts.select("account_id", "actor"), on="account_id"
    )
    sizes = accounts.group_by("actor").agg(pl.len().alias("size"))
    several = sizes.filter(pl.col("size") > 1)
    if several.height:
        own = coded.join(several, on="actor", how="anti").select("actor", "code", "value", "share")
        pooled = (
            coded.join(several, on="actor")
            .sort("account_id")  # floats are added up in one order, whatever the input's
            .group_by("actor", "code", "value")
            .agg((pl.col("share").sum() / pl.col("size").first()).alias("share"))
        )
        coded = pl.concat([own, pooled.select("actor", "code", "value", "share")])
    coded = coded.select("actor", "code", "value", "share").sort("actor", "code", "value")
    totals = coded.group_by("actor", "code").agg(pl.col("share").sum().alias("total"))
    over = totals.filter(pl.col("total") > 1.0)
    if over.height:
        coded = coded.join(
            over, on=["actor", "code"], how="left", maintain_order="left"
        ).with_columns(pl.col("share") / pl.col("total").fill_null(1.0))
    return coded.select("actor", "code", "value", "share")


def _build(rows: pl.DataFrame, actor_ids: list[str], accounts: pl.DataFrame) -> TraitTable:
    n = len(actor_ids)
    present = np.zeros((n, len(CHANNEL_NAMES)), np.bool_)
    present[rows["actor"].to_numpy(), rows["code"].to_numpy()] = True
    values = rows.group_by("code", "value").agg(
        pl.len().alias("holders"), pl.col("share").sum().alias("mass")
    )
    lone = rows.join(values.filter(pl.col("holders") == 1), on=["code", "value"], how="semi")
    single = np.zeros((n, len(CHANNEL_NAMES)), np.float32)
    np.add.at(single, (lone["actor"].to_numpy(), lone["code"].to_numpy()), lone["share"].to_numpy())
    shared = values.filter(pl.col("holders") > 1).sort("code", "value").with_row_index("index")
    kept = rows.join(
        shared.select("code", "value", pl.col("index").cast(pl.Int32)), on=["code", "value"]
    ).sort("actor", "index")
    by_value = kept.sort("index", "actor")
    return TraitTable(
        actor_ids=actor_ids,
        accounts=accounts,
        row_start=_starts(kept["actor"], n),
        row_value=kept["index"].to_numpy(),
        row_share=kept["share"].cast(pl.Float32).to_numpy(),
        column_start=_starts(by_value["index"], len(shared)),
        column_actor=by_value["actor"].to_numpy(),
        column_share=by_value["share"].cast(pl.Float32).to_numpy(),
        value_channel=shared["code"].to_numpy(),
        value_mass=shared["mass"].to_numpy(),
        value_id=shared["value"].to_numpy(),
        present=present,
        single=single,
    )


def _starts(sorted_codes: pl.Series, n: int) -> I64:
    counts = np.bincount(sorted_codes.to_numpy(), minlength=n)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
