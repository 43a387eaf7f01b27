"""What a run's exchanges say of its accounts: passages, traits, and requests that came again.

Part of the rim: calls the last steps of *observe* on what has arrived, for *link* and *detect*, and
keeps with the result what a person asks for who looks into a group.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import narwhals as nw
import polars as pl

from stillwatch.app import late
from stillwatch.app.arrive import Arrived
from stillwatch.app.settings import read_replay_index
from stillwatch.app.steps.window import Snapshot
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.lake_tables import CONDUCT, TIE
from stillwatch.domain.observations import Echoes
from stillwatch.domain.results import PROFILE
from stillwatch.domain.settings import ObserveSettings
from stillwatch.domain.tables import LAUNCH, REGISTER
from stillwatch.ingest.register import RegisterReading
from stillwatch.observe import count_traits, list_passages
from stillwatch.observe.account_traits import Observed
from stillwatch.observe.day_counts import DayCounts
from stillwatch.observe.echoes import find_echoes
from stillwatch.observe.passages import SentPassages
from stillwatch.store.results import ResultDraft

_TIED_BY: Final = ("group_id", "account_id", "channel", "value")
"""Columns that tell every tie from all others: no order is left to chance."""


class Collected(NamedTuple):
    """What linking is given."""

    sent: SentPassages
    observed: Observed
    echoes: Echoes


def collect_traits(
    arrived: Arrived,
    register: RegisterReading | Snapshot,
    *,
    key: PseudonymKey,
    counts: DayCounts | None = None,
) -> Collected:
    """Collect what the exchanges that stay say of their accounts.

    Grain:   as each table has it. Cost: a few passes over the exchanges, on two threads: requests
             that came again are looked for beside all else.
    `counts` were made day by day, for a watch; without them they are counted here.
    """
    rows = nw.from_native(arrived.observed())
    with ThreadPoolExecutor(1, thread_name_prefix="echoes") as beside:
        echoes = beside.submit(find_echoes, rows)
        sent = list_passages(rows, systems=arrived.systems())
        observed = count_traits(
            rows,
            passages=sent,
            register=register.register,
            launches=register.launches,
            key=key,
            counts=counts,
        )
        return Collected(sent, observed, echoes.result())


def hold_beside(
    traits: pl.DataFrame, members: pl.DataFrame, settings: ObserveSettings, *, is_followed: bool
) -> tuple[pl.DataFrame, pl.DataFrame | None, dict[str, int]]:
    """Keep what judging is given beside groups: members' traits, what tells them, public sets.

    Grain:   traits as `hold_traits`; one row per telling value, where campaigns are followed
             through time; and of each public set that the index knows how many items it has.
    Cost:    reading the index: some hundredths of a second.
    """
    telling = late.find_telling(traits, members) if is_followed else None
    known = read_replay_index(settings.replay_index).sources
    return hold_traits(traits, members), telling, {one.name: len(one.sizes) for one in known}


def hold_traits(traits: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Keep the traits of accounts in groups, and how many accounts of the run hold each.

    Grain:   TRAIT of the members, with `holders`; accounts and channels stay numbers, if they are.
    Order:   `traits` come by channel, and stay so.
    Cost:    two looks at the traits of all accounts, a channel at a time: all at once they would be
             there twice, beside hashes of as many pairs.
    """
    inside = members.select(pl.col("account_id").cast(traits.schema["account_id"]))
    parts, begin = [traits.clear().with_columns(holders=pl.lit(0, pl.UInt32))], 0
    for length in traits["channel"].rle().struct.field("len"):
        rows = traits.slice(begin, length)
        held = rows.join(inside, on="account_id", how="semi", maintain_order="left")
        everywhere = rows.select("value").join(held.select("value"), on="value", how="semi")
        counted = everywhere.group_by("value").agg(pl.len().alias("holders"))
        parts.append(held.join(counted, on="value", maintain_order="left"))
        begin += length
    return pl.concat(parts)


def write_background(
    draft: ResultDraft, arrived: Arrived, tied: late.Tied, register: RegisterReading | Snapshot
) -> None:
    """Write what a person asks for who looks into a group; no stage reads it.

    Grain:   PROFILE of all accounts; TIE, CONDUCT and REGISTER of those in tied groups; LAUNCH.
    Cost:    one pass over the exchanges, as many rows as the groups have exchanges.
    """
    grouped = tied.members.select("account_id", "group_id")
    inside = pl.len().over("group_id", "channel", "value").alias("holders_inside")
    numbered = pl.col("account_id").cast(tied.traits.schema["account_id"])
    ties = tied.traits.join(grouped.with_columns(numbered), on="account_id").with_columns(inside)
    spelt = pl.col("value").map_elements(spell_value, return_dtype=pl.String)
    words = pl.col("account_id", "channel").cast(pl.String)
    shared = ties.filter(pl.col("holders_inside") > 1).with_columns(words).sort(_TIED_BY)
    values = shared.select(pl.col("value").unique()).with_columns(spelt.alias("spelt"))
    shared = shared.join(values, on="value", maintain_order="left")
    kept = shared.drop("value").rename({"spelt": "value"})
    conduct = arrived.observed().select(*CONDUCT.columns)
    conduct = conduct.join(grouped.lazy(), on="account_id", how="semi").sort(
        "account_id", "time", "exchange_id"
    )
    known = register.register.join(grouped, on="account_id", how="semi").sort("account_id")
    draft.write_table(PROFILE, tied.profiles)
    draft.write_table(TIE, TIE.conform(kept))
    draft.write_table(CONDUCT, conduct.collect())
    draft.write_table(REGISTER, REGISTER.leave_out_unused(known))
    draft.write_table(LAUNCH, register.launches)


def spell_value(value: int) -> str:
    """Write a pseudonym as people read it: 16 hexadecimal digits."""
    return f"{value & 0xFFFFFFFFFFFFFFFF:016x}"
