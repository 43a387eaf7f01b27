"""What an effect on some accounts would do, before anybody says so: the figures of a dry run.

Reads what is known and the guards of the policy that rules; the guards look at the accounts as if
a machine proposed them, so that a person sees what a machine would be stopped by. A person may go
on, with as many approvals as the guards ask for, but for two: protected accounts, and a dry run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite
from typing import Any, Final

import polars as pl
from pydantic import BaseModel

from stillwatch.app.service.control.interventions.known import Standing
from stillwatch.decide.policy.guards import Refusal, apply_guards
from stillwatch.decide.policy.model import Guards
from stillwatch.decide.policy.subjects import Known, describe_subjects
from stillwatch.domain.results import ACCOUNTS_OUT, TAKING

_FORBIDDING: Final = ("protected", "dry_run")
"""Guards that no approval overcomes."""


class Stopped(BaseModel):
    """One guard, and by which figures it would stop a machine."""

    guard: str
    stopped: int
    measured: float | None
    bound: float | None
    says: str


class DryRun(BaseModel):
    """What an intervention would do; what is unknown is null, and `remarks` say why."""

    effect: str
    accounts: int
    unknown_accounts: int
    """Accounts that sent nothing in the newest result."""
    share_of_register: float | None
    share_of_traffic: float | None
    exchanges: int
    verdicts: dict[str, int]
    programmes: dict[str, int]
    protected_accounts: list[str]
    revenue_30d: float | None
    share_of_revenue: float | None
    guards: list[Stopped]
    approvals_needed: int
    is_refused: bool
    """No approval would let it through."""
    reason: str
    """The sentence for the customer."""
    policy: str
    """Whose guards these are."""
    result: str | None
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An effect on some accounts, as somebody thinks of it."""

    effect: str
    account_ids: Sequence[str]
    reason: str


def try_out(
    proposal: Proposal, *, standing: Standing, guards: Guards, policy: str, now: datetime
) -> DryRun:
    """Say what a proposal would do.

    Nulls:   shares of what nobody knows. Cost: linear in what is known.
    """
    known, unknown = _with_unknown(standing.known, proposal.account_ids)
    subjects = describe_subjects(replace(known, accounts=_chosen(known, proposal)), now=now)
    proposed = _propose(subjects, proposal)
    judged, refusals = apply_guards(proposed, guards=guards, known=known, now=now)
    people = int(judged["people"].max() or 0)  # type: ignore[arg-type]  # a column of whole numbers
    least = 1 if proposal.effect in TAKING else 0
    return DryRun(
        effect=proposal.effect,
        accounts=subjects.height,
        unknown_accounts=unknown,
        **_shares(standing.known, subjects, _chosen(known, proposal)),
        guards=[_tell(one) for one in refusals],
        approvals_needed=max(people, least),
        is_refused=any(one.guard in _FORBIDDING for one in refusals),
        reason=proposal.reason,
        policy=policy,
        result=standing.result,
        remarks=list(standing.remarks),
    )


def _with_unknown(known: Known, account_ids: Sequence[str]) -> tuple[Known, int]:
    """Add the accounts that sent nothing, so that the register's word on them counts too."""
    wanted = pl.Series("account_id", sorted(set(account_ids)), dtype=pl.String).to_frame()
    silent = wanted.join(known.accounts, on="account_id", how="anti").with_columns(
        verdict=pl.lit("clear"),
        probability=pl.lit(0.0),
        q_value=pl.lit(1.0),
        exchanges=pl.lit(0, pl.Int64),
        reasons=pl.lit([], pl.List(pl.String)),
        explanation=pl.lit(""),
    )
    columns = list(ACCOUNTS_OUT.columns)
    both = pl.concat([known.accounts.select(columns), ACCOUNTS_OUT.conform(silent).select(columns)])
    return replace(known, accounts=both), silent.height


def _chosen(known: Known, proposal: Proposal) -> pl.DataFrame:
    return known.accounts.filter(pl.col("account_id").is_in(list(proposal.account_ids)))


def _propose(subjects: pl.DataFrame, proposal: Proposal) -> pl.DataFrame:
    """Propose it as a machine would, all accounts as one: four eyes count them together."""
    return subjects.with_columns(
        effect=pl.lit(proposal.effect),
        people=pl.lit(0, pl.Int64),
        campaign_id=pl.lit("this intervention"),
    )


def _shares(known: Known, subjects: pl.DataFrame, chosen: pl.DataFrame) -> dict[str, Any]:
    register = known.register
    listed = register["account_id"].n_unique() if register.height else 0
    in_register = register.join(subjects, on="account_id", how="semi")["account_id"].n_unique()
    sent, exchanges = int(known.accounts["exchanges"].sum()), int(chosen["exchanges"].sum())
    whole = float(register["revenue_30d"].fill_null(0).clip(0).sum())
    revenue = float(subjects["revenue_30d"].fill_null(0).clip(0).sum()) if whole else None
    programmes = subjects["programme"].drop_nulls()
    return {
        "share_of_register": in_register / listed if listed else None,
        "share_of_traffic": exchanges / sent if sent else None,
        "exchanges": exchanges,
        "verdicts": _count(subjects["verdict"]),
        "programmes": _count(programmes),
        "protected_accounts": subjects.filter(protected="true")["account_id"].sort().to_list(),
        "revenue_30d": revenue,
        "share_of_revenue": revenue / whole if revenue is not None else None,
    }


def _count(words: pl.Series) -> dict[str, int]:
    counted = words.value_counts(name="count").sort("count", words.name, descending=[True, False])
    return dict(counted.iter_rows())


def _tell(one: Refusal) -> Stopped:
    """Tell of a guard; a bound that nobody has set is none."""
    measured, bound = (x if isfinite(x) else None for x in (one.measured, one.bound))
    return Stopped(
        guard=one.guard, stopped=one.stopped, measured=measured, bound=bound, says=one.says
    )
