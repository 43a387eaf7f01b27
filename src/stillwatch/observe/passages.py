"""Which passages each exchange carries: shingles of prompts, and the templates of system texts.

Sixth step of *observe*: reads `OBSERVED`, gives passages by exchange and the traits of the content
family that rest on them. The lists are collected once and used by linking (which templates an
account sends) and by judging (which exchanges belong to the group).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain.arrays import read_only, start_runs, unpair
from stillwatch.domain.observations import Passages
from stillwatch.observe.engines import collect_here
from stillwatch.observe.hashes.lists import (
    DISORDER,
    I64,
    NAMELESS,
    hold_once,
    rename_shingles,
)
from stillwatch.observe.hashes.shingles import list_shingles
from stillwatch.observe.held_values import number_accounts
from stillwatch.observe.systems import find_system_templates
from stillwatch.observe.templates import join_shingles

Numbers = npt.NDArray[np.uint32]

_COUNTED = ("account_id", "value", "exchanges")


@dataclass(frozen=True)
class SentPassages:
    """The passages of a run, and who sends them."""

    passages: Passages
    accounts: pl.Series
    """The ids of the accounts, sorted: Enum."""
    account: Numbers
    """Of each exchange, by the run's number of it: its account's place among them."""
    texts: pl.DataFrame
    """(system_hash, template): the system texts that have one."""


def list_passages(exchanges: nw.LazyFrame[Any], *, systems: pl.DataFrame) -> SentPassages:
    """List the passages of each exchange.

    Grain:   one row of `carried` per exchange and passage. A system text is one passage for each of
             its templates.
    Nulls:   an exchange with nothing that others send has no row.
    Cost:    two passes over the sketches, eight bytes for each frequent shingle of an exchange.
    `systems` is SYSTEM: the sketches of the system texts that the exchanges name.
    """
    senders = collect_here(exchanges.select("row", "account_id", "system_hash"))
    accounts, sender = number_accounts(senders["account_id"])
    account = _tell_by_row(senders["row"], sender)
    senders = senders.with_columns(accounts.gather(sender).alias("account_id"))
    hashes, places = list_shingles(exchanges)
    templates = join_shingles(places, account, shingles=len(hashes))
    prompts = templates.with_row_index("passage").select(
        "passage",
        "shingle",
        pl.Series("hash", hashes[templates["shingle"].to_numpy()]),
        pl.Series("template", hashes[templates["template"].to_numpy()]),
        pl.lit("prompt").alias("place"),
    )
    sent = senders.filter(pl.col("system_hash").is_not_null())
    texts = find_system_templates(sent.select("account_id", "system_hash"), systems)
    shared = (
        texts.select("template")
        .unique()
        .sort("template")
        .with_row_index("passage", offset=len(prompts))
        .with_columns(hash="template", place=pl.lit("system"))
    )
    carried = [
        _carry_prompts(places, prompts, shingles=len(hashes)),
        sent.select(pl.col("row").cast(pl.UInt32), "system_hash")
        .join(texts.join(shared.select("template", "passage"), on="template"), on="system_hash")
        .select("row", "passage"),
    ]
    columns = ("hash", "template", "place")
    listed = pl.concat([prompts.select(columns), shared.select(columns)])
    found = Passages.number(pl.concat(carried, rechunk=True), listed)
    return SentPassages(found, accounts, account, texts)


def _carry_prompts(places: I64, prompts: pl.DataFrame, *, shingles: int) -> pl.DataFrame:
    """Say which passages prompts carry. Grain: one row per pair of `places` in a template."""
    names = np.full(shingles, NAMELESS, np.uint32)
    names[prompts["shingle"].to_numpy()] = prompts["passage"].to_numpy()
    row, passage = np.empty(len(places), np.uint32), np.empty(len(places), np.uint32)
    n = rename_shingles(places, names, row, passage)
    return pl.DataFrame({"row": row[:n], "passage": passage[:n]})


def _tell_by_row(row: pl.Series, account: Numbers) -> Numbers:
    """Give the account of each exchange by the exchange's number."""
    rows = row.to_numpy()
    out = np.zeros(int(rows.max()) + 1 if len(rows) else 1, np.uint32)
    out[rows] = account
    return out


def count_templates(
    sent: SentPassages, *, place: str, least: pl.Series | None = None
) -> pl.DataFrame:
    """Count, per account, the exchanges that carry each template of a place.

    Grain:   one row per (account_id, value): `exchanges`. `least` is, of each account in their
             order, how many there must be.
    Order:   by account and value.
    Cost:    a look at the rows of (exchange, passage), and a sort of what is left of them, of eight
             bytes each.
    """
    listed = sent.passages.listed
    names = listed.filter(place=place)["template"].unique().sort()
    code = np.full(len(listed), -1, np.int32)
    here = (listed["place"] == place).to_numpy()
    code[here] = np.searchsorted(names.to_numpy(), listed["template"].to_numpy()[here])
    carried = sent.passages.carried
    held = np.empty(len(carried), np.int64)
    if (n := hold_once(_as_numbers(carried), code, sent.account, held)) == DISORDER:
        n = hold_once(_as_numbers(carried.sort("row")), code, sent.account, held)
    held = held[:n]
    held.sort()
    begins = start_runs(held)
    exchanges = np.diff(begins, append=len(held))
    account, template = unpair(held[begins])
    if least is not None:
        often = exchanges >= least.to_numpy()[account]
        account, template, exchanges = account[often], template[often], exchanges[often]
    return pl.DataFrame(
        {
            "account_id": sent.accounts.gather(account),
            "value": names.gather(template),
            "exchanges": exchanges,
        }
    )


def _as_numbers(carried: pl.DataFrame) -> tuple[Numbers, Numbers]:
    row, passage = (read_only(carried[name].to_numpy()) for name in ("row", "passage"))
    return row, passage


def count_systems(sent: SentPassages, *, texts: pl.DataFrame) -> pl.DataFrame:
    """Count, per account, the exchanges under each system template; a lone text counts as itself.

    Grain:   one row per (account_id, value): `exchanges`. `texts` is the same by whole text.
    """
    lone = texts.join(sent.texts, left_on="value", right_on="system_hash", how="anti")
    both = [count_templates(sent, place="system"), lone.select(_COUNTED)]
    types = pl.col("account_id").cast(sent.accounts.dtype), pl.col("exchanges").cast(pl.Int64)
    return pl.concat([part.with_columns(types) for part in both])
