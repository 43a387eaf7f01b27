"""Which account took a banned one's place: the heads that grow back.

Used by the verdicts: reads the register, the members of campaigns, when they sent and what they
hold; gives pairs. Within one campaign a stopped account may be succeeded by one that had sent
nothing before the stop, and was created, or first used, within three days of it. Which of several
it was is told by what was handed on (`inheritance`): best first, each account once on either side.
Where nothing tells, accounts that were in stock for a day at most are paired in the order of stops
and first requests, and the probability says how little that is: bans within one hour leave the
pairing to chance, one in as many as were stopped, while *that* an account replaces somebody stays
as sure as before.

Blind spot: who replaces from a stock of aged accounts, of which nothing was handed on.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from stillwatch.detect.verdicts.answers_to_stops import pair_by_delay
from stillwatch.detect.verdicts.inheritance import choose_one, weigh_inheritance

_WITHIN: Final = dt.timedelta(days=3)
"""Time within which a replacement is created (disclosed campaigns replaced at once)."""
_STOCKED: Final = dt.timedelta(days=1)
"""Time before a stop in which what answers it may have been signed up: in stock for a day."""
_STOPPED: Final = ("suspended", "terminated")
_BITS_MIN: Final = 2.0
"""Bits from which an inheritance decides instead of the order of time."""
_TOLD_MIN: Final = 0.5
"""Probability from which it does: of a hundred who were stopped some share something by chance."""
_AGED_BITS_MIN: Final = 6.0
"""The same for an account that was created before the stop: most such accounts replace nobody."""
_SCHEMA: Final = {
    "account_id": pl.String,
    "predecessor_account_id": pl.String,
    "predecessor_probability": pl.Float64,
}

Pair = tuple[str, str, float]
"""Successor, predecessor, and the probability that it is this one of the campaign's stopped."""


def list_stopped(register: pl.DataFrame, *, at: dt.datetime) -> frozenset[str]:
    """List the accounts that had been stopped by an instant.

    Grain:   one entry per account.
    Nulls:   a stop without its instant counts: the register says that it has happened.
    """
    stopped = register.filter(
        pl.col("status").is_in(_STOPPED), (pl.col("status_changed_at") <= at).fill_null(value=True)
    )
    return frozenset(stopped["account_id"])


def find_successors(
    members: pl.DataFrame,
    *,
    register: pl.DataFrame,
    first_use: pl.DataFrame,
    traits: pl.DataFrame,
    at: dt.datetime,
) -> pl.DataFrame:
    """Pair stopped accounts with their successors.

    Grain:   one row per successor: (account_id, predecessor_account_id, predecessor_probability).
    `members` is (account_id, campaign_id); `first_use` (account_id, first_at), the first exchange
    that is known; `traits` is TRAIT of the members. Nothing later than `at` is used.
    Units:   the probability is that it is this one, given that it is one of those stopped before.
    Nulls:   no status, no instant of it, or no creation time: no pair.
    Order:   by account id; input order is irrelevant. Each account is used once on either side.
    Cost:    one join of rare values inside each campaign; sorting stops and creations.
    """
    known = (
        members.drop_nulls("campaign_id")
        .join(register, on="account_id")
        .join(first_use, on="account_id", how="left")
        .filter(pl.col("created_at") <= at)
    )
    pairs: list[Pair] = []
    for _, campaign in sorted(known.group_by("campaign_id"), key=lambda item: str(item[0])):
        own = campaign.select(pl.col("account_id").cast(traits.schema["account_id"]))
        held = traits.join(own, on="account_id", how="semi")
        words = pl.col("account_id", "channel").cast(pl.String)
        pairs.extend(_pair_campaign(campaign, held.with_columns(words), at))
    return pl.DataFrame(sorted(pairs), schema=_SCHEMA, orient="row")


def _pair_campaign(campaign: pl.DataFrame, traits: pl.DataFrame, at: dt.datetime) -> Iterator[Pair]:
    """Pair first what was handed on, best first, then the rest in the order of time."""
    stops = campaign.filter(
        pl.col("status").is_in(_STOPPED), pl.col("status_changed_at") <= at
    ).sort("status_changed_at", "account_id")
    if stops.is_empty():
        return
    weighed = _weigh_possible(campaign, stops, traits)
    heirs: set[str] = set()
    gone: set[str] = set()
    bar = pl.when("is_fresh").then(_BITS_MIN).otherwise(_AGED_BITS_MIN)
    told = weighed.filter(pl.col("bits") >= bar).sort(
        "bits", "stopped_at", "old", "new", descending=[True, False, False, False]
    )
    chances = _Chances(campaign, stops, weighed)
    for old, new in told.select("old", "new").iter_rows():
        chance = chances.of(new, old, besides=set())
        if new not in heirs and old not in gone and chance >= _TOLD_MIN:
            yield new, old, chance
            heirs.add(new)
            gone.add(old)
    for old, new in _pair_by_time(campaign, stops, heirs=heirs, gone=gone):
        yield new, old, chances.of(new, old, besides=gone)


def _weigh_possible(
    campaign: pl.DataFrame, stops: pl.DataFrame, traits: pl.DataFrame
) -> pl.DataFrame:
    """Weigh the pairs that share anything and that time allows.

    The successor had sent nothing before the stop, and was created, or first sent, soon after it.
    """
    first_stop = stops["status_changed_at"][0]
    new = campaign.filter(_begins() > first_stop)
    bits = weigh_inheritance(traits, old=set(stops["account_id"]), new=set(new["account_id"]))
    stopped = stops.select(
        pl.col("account_id").alias("old"), pl.col("status_changed_at").alias("stopped_at")
    )
    times = new.select(pl.col("account_id").alias("new"), "created_at", begins_at=_begins())
    is_fresh = pl.col("created_at") > pl.col("stopped_at")
    soon = pl.col("stopped_at") + _WITHIN
    return (
        bits.join(stopped, on="old")
        .join(times, on="new")
        .with_columns(is_fresh.alias("is_fresh"))
        .filter(
            pl.col("begins_at") > pl.col("stopped_at"),
            pl.when("is_fresh").then("created_at").otherwise("begins_at") <= soon,
        )
    )


def _begins() -> pl.Expr:
    """When an account began: its first exchange, where one is known, else its creation."""
    return pl.max_horizontal("created_at", pl.col("first_at").fill_null(pl.col("created_at")))


class _Chances:
    """How likely it is each of those who were stopped in time before an account."""

    def __init__(self, campaign: pl.DataFrame, stops: pl.DataFrame, weighed: pl.DataFrame) -> None:
        self._stops = list(stops.select("status_changed_at", "account_id").iter_rows())
        self._times = [stopped_at for stopped_at, _ in self._stops]
        rows = campaign.select("account_id", "created_at", begins_at=_begins()).iter_rows()
        self._began = {name: (created, begins) for name, created, begins in rows}
        rows = weighed.select("new", "old", "bits").iter_rows()
        self._bits = {(new, old): bits for new, old, bits in rows}

    def of(self, new: str, old: str, *, besides: set[str]) -> float:
        """The probability of one pair; those who have an heir already are no rivals."""
        created, begins = self._began[new]
        rivals = {*self._stopped_before(created), *self._stopped_before(begins)}
        bits = [self._bits.get((new, one), 0.0) for one in rivals if one not in besides]
        chosen = self._bits.get((new, old), 0.0)
        return choose_one(chosen, rivals=np.array(bits or [chosen]))

    def _stopped_before(self, instant: dt.datetime) -> list[str]:
        low = bisect_left(self._times, instant - _WITHIN)
        high = bisect_left(self._times, instant)
        return [name for _, name in self._stops[low:high]]


def _pair_by_time(
    campaign: pl.DataFrame, stops: pl.DataFrame, *, heirs: set[str], gone: set[str]
) -> Iterator[tuple[str, str]]:
    """Pair beginnings with stops by the campaign's usual delay: (old, new).

    Who is kept in stock was signed up before the stop; what answers it is the first request.
    """
    left = stops.filter(~pl.col("account_id").is_in(list(gone)))
    times = campaign.select("account_id", "created_at", begins_at=_begins())
    new = times.filter(~pl.col("account_id").is_in(list(heirs))).sort("begins_at", "account_id")
    stopped, began, created = (
        column.dt.epoch("us").to_numpy() / 1e6
        for column in (left["status_changed_at"], new["begins_at"], new["created_at"])
    )
    old_names, new_names = left["account_id"].to_list(), new["account_id"].to_list()
    spans = {"within_s": _WITHIN.total_seconds(), "stocked_s": _STOCKED.total_seconds()}
    for old, name in pair_by_delay(stopped, began, created_s=created, **spans):
        yield old_names[old], new_names[name]
