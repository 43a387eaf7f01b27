"""All traits of all accounts, from exchanges and register: what linking reads.

Last step of *observe*: reads `OBSERVED`, passages and the register; writes `TRAIT`. Channels
without data are named, so that the run can say which checks stood aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import polars as pl

from stillwatch.domain.channels.families import CHANNELS
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import TRAIT
from stillwatch.observe.day_counts import DayCounts, count_exchanges
from stillwatch.observe.engines import collect_here
from stillwatch.observe.held_values import Senders
from stillwatch.observe.passages import (
    SentPassages,
    count_systems,
    count_templates,
)
from stillwatch.observe.template_book.repertoires import find_repertoires
from stillwatch.observe.traits import (
    CHANNEL_NUMBERS,
    adopt_models,
    read_register_traits,
    sample_hours,
    share_traits,
)

_TEMPLATE_SHARE_MIN = 0.01
"""Share of an account's exchanges below which what others send too is a turn of speech: it would
weigh a tenth of a bit, and busy accounts have thousands."""


@dataclass(frozen=True)
class Observed:
    """What observing gives on: traits, the channels that have none, and account-day profiles."""

    traits: pl.DataFrame
    silent: tuple[str, ...]
    profiles: pl.DataFrame


def count_traits(  # noqa: PLR0913  what is known of the accounts, and what was counted before
    exchanges: nw.LazyFrame[Any],
    *,
    passages: SentPassages,
    register: pl.DataFrame,
    launches: pl.DataFrame,
    key: PseudonymKey,
    counts: DayCounts | None = None,
) -> Observed:
    """Collect the traits of every account that sent anything.

    Grain:   one TRAIT row per (account_id, channel, value); accounts and channels are Enum.
    Nulls:   a channel without data has no rows, and is named in `silent`.
    `counts` is what was counted of these exchanges before, day by day; without it they are counted.
    Order:   by channel, in the house's order; that of exchanges is irrelevant.
    Cost:    what `count_exchanges` costs, and 21 bytes a row.
    """
    accounts = passages.accounts.dtype
    counts = counts or _count(exchanges, passages)
    profiles, first_use = counts.profiles, counts.first_use
    counted = {
        channel: rows.with_columns(pl.col("account_id").cast(accounts))
        for channel, rows in counts.values.items()
    }
    totals = profiles.group_by("account_id").agg(pl.col("exchanges").sum().alias("total"))
    totals = totals.with_columns(pl.col("account_id").cast(accounts))
    everybody = passages.accounts.alias("account_id").to_frame()
    sent = everybody.join(totals, on="account_id", how="left", maintain_order="left")["total"]
    least = _TEMPLATE_SHARE_MIN * sent.fill_null(0)
    counted["template"] = count_templates(passages, place="prompt", least=least)
    counted["system_text"] = count_systems(passages, texts=counted["system_text"])
    active = (
        counted["active_hour"].group_by("account_id").agg(pl.col("value").min().alias("first_hour"))
    )
    end = counted["active_hour"]["value"].max()
    hours = counted["active_hour"] = sample_hours(counted["active_hour"], key=key)
    of_channel = {
        "active_hour": hours.group_by("account_id").agg(pl.col("exchanges").sum().alias("total"))
    }
    del counts  # each channel's counts are gone when it has its traits
    parts = {}
    for name in [name for name, rows in counted.items() if len(rows)]:
        rows, total = counted.pop(name), of_channel.get(name, totals)
        parts[name] = share_traits(rows, channel=name, totals=total, key=key)
    parts["repertoire"] = find_repertoires(parts.get("template"), accounts=passages.accounts)
    active = active.with_columns(pl.col("account_id").cast(pl.String))
    told = read_register_traits(register, active=active, key=key)
    by_channel = told.partition_by("channel", as_dict=True)
    last = end if isinstance(end, int) else 0
    parts["model_hour"] = adopt_models(first_use, launches=launches, end_hour=last)
    parts |= {str(name[0]): rows for name, rows in by_channel.items()}
    numbers = pl.col("account_id").cast(accounts), pl.col("channel").cast(CHANNEL_NUMBERS)
    laid = [parts[c.name] for c in CHANNELS if c.name in parts]
    traits = pl.concat([part.with_columns(numbers) for part in (TRAIT.empty(), *laid)])
    heard = set(traits["channel"].unique())
    silent = tuple(c.name for c in CHANNELS if c.name not in heard)
    return Observed(traits, silent, profiles)


def _count(exchanges: nw.LazyFrame[Any], passages: SentPassages) -> DayCounts:
    """Count the exchanges; on Polars their accounts are known from the passages."""
    if not exchanges.implementation.is_polars():
        return count_exchanges(exchanges)
    rows = collect_here(exchanges.select("row"))["row"].to_numpy()
    return count_exchanges(exchanges, senders=Senders(passages.accounts, passages.account[rows]))
