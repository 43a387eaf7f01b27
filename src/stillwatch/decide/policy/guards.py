"""Guards: what holds effects back, each by itself, with the figures that it went by.

Every guard looks at the same thing, the effects that the rules propose, and never at what another
guard has left of them. Otherwise a tighter guard could make room under the next one, and let more
through. An effect is in force if no guard stops it and nobody has to approve it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import polars as pl

from stillwatch.decide.policy.model import FOUR_EYES, Guards
from stillwatch.decide.policy.subjects import Known
from stillwatch.domain.results import TAKING
from stillwatch.domain.schema import UTC_TIME

Guard = Literal[
    "dry_run",
    "protected",
    "blast_radius",
    "blast_radius_revenue",
    "four_eyes",
    "cool_down",
    "terminate_needs_a_person",
    "suspension_bars",
]
TAKES: Final = pl.col("effect").is_in(TAKING)
BY_MACHINE: Final = pl.col("people") == 0
_SURE: Final = pl.col("verdict") == "fraudulent"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One guard that stopped something, and by which figures."""

    guard: Guard
    stopped: int
    """Accounts whose effect it stopped."""
    measured: float
    bound: float
    says: str
    """A sentence for the operator."""


@dataclass(frozen=True, slots=True)
class _Check:
    """One guard at work: whom it stops, and by what."""

    guard: Guard
    stops: pl.Expr
    says: str
    measured: pl.Expr
    bound: float


def apply_guards(
    proposed: pl.DataFrame, *, guards: Guards, known: Known, now: datetime
) -> tuple[pl.DataFrame, tuple[Refusal, ...]]:
    """Say of every proposed effect which guards stop it, and how many people it needs.

    Grain:   one row per proposal, as given, with `stopped_by` (list of guards) and `people`.
    Nulls:   revenue that is unknown counts as none; where none is known that guard stands aside.
    Cost:    linear in proposals and in the register.
    """
    checks = [
        *_single(guards),
        *_cool_down(guards, known, now),
        *_blast_radius(guards, known),
        *_four_eyes(guards),
    ]
    marked = proposed.with_columns(
        one.stops.fill_null(value=False).alias(one.guard) for one in checks
    )
    refusals = tuple(r for one in checks if (r := _refuse(one, marked)) is not None)
    listed = [pl.when(one.guard).then(pl.lit(one.guard)) for one in checks]
    people = pl.when(pl.col("four_eyes") | pl.col("terminate_needs_a_person")).then(FOUR_EYES)
    held = pl.any_horizontal(one.guard for one in checks if one.guard != "dry_run")
    return marked.with_columns(
        stopped_by=pl.concat_list(listed).list.drop_nulls(),
        people=pl.max_horizontal("people", people.when(held).then(1).otherwise(0)).cast(pl.Int64),
    ).drop(one.guard for one in checks), refusals


def _refuse(check: _Check, marked: pl.DataFrame) -> Refusal | None:
    stopped = int(marked[check.guard].sum())
    if not stopped:
        return None
    measured = float(marked.select(check.measured.cast(pl.Float64)).item() or 0)
    return Refusal(check.guard, stopped, measured, check.bound, check.says)


def _single(guards: Guards) -> list[_Check]:
    """Guards that look at one account at a time."""
    dry = pl.lit(value=guards.dry_run)
    is_protected = TAKES & (pl.col("protected") == "true")
    alone = (pl.col("effect") == "terminate") & (pl.col("people") < 1)
    unsure = (pl.col("effect") == "suspend") & BY_MACHINE & ~_SURE
    return [
        _Check("dry_run", dry, "a dry run puts nothing into force", pl.len(), 0),
        _Check(
            "protected",
            is_protected,
            "protected accounts get a review, and no more",
            is_protected.sum(),
            0,
        ),
        _Check("terminate_needs_a_person", alone, "no machine terminates", alone.sum(), 0),
        _Check(
            "suspension_bars", unsure, "only `fraudulent` is suspended by machine", unsure.sum(), 0
        ),
    ]


def _cool_down(guards: Guards, known: Known, now: datetime) -> list[_Check]:
    since = pl.lit(now, dtype=UTC_TIME) - guards.cool_down
    spared = known.spared.filter((pl.col("at") > since) & (pl.col("at") <= now))["account_id"]
    stops = TAKES & BY_MACHINE & pl.col("account_id").is_in(spared.implode())
    days = guards.cool_down.total_seconds() / 86_400
    says = "what was taken back is not given again by machine within the cool-down (days)"
    return [_Check("cool_down", stops, says, stops.sum(), days)]


def _blast_radius(guards: Guards, known: Known) -> list[_Check]:
    hit = TAKES & BY_MACHINE
    accounts = pl.lit(known.accounts.height)
    total = float(known.register["revenue_30d"].fill_null(0).clip(0).sum())
    share = hit.sum() / accounts
    revenue = pl.col("revenue_30d").fill_null(0).clip(0).filter(hit).sum() / (total or 1.0)
    return [
        _Check(
            "blast_radius",
            hit & (share > guards.accounts_share_max),
            "this run would take something from too large a share of accounts",
            share,
            guards.accounts_share_max,
        ),
        _Check(
            "blast_radius_revenue",
            hit & (revenue > guards.revenue_share_max),
            "this run would take something from accounts with too large a share of revenue",
            revenue,
            guards.revenue_share_max,
        ),
    ]


def _four_eyes(guards: Guards) -> list[_Check]:
    severe = pl.col("effect").is_in(TAKING[TAKING.index(guards.four_eyes_from) :])
    apart = pl.coalesce("campaign_id", "account_id")
    size = severe.sum().over(apart)
    above = guards.four_eyes_above
    bound = float("inf") if above is None else float(above)
    stops = severe & (size > bound) & (pl.col("people") < FOUR_EYES)
    says = "so many accounts of one campaign at once need two people"
    return [_Check("four_eyes", stops, says, size.max(), bound)]
