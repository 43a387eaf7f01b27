"""From what a person asks for to a proposal: which accounts, which effect, which sentence.

Accounts are named, or are those of a campaign in the newest result. The sentence for the customer
is made of the effect and the day on which it ends: there is no field for another, so that none can
tell of other accounts, thresholds, or how somebody was found.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import orjson
import polars as pl
from pydantic import Field

from stillwatch.app.service.control.interventions.dry_run import DryRun
from stillwatch.app.service.control.interventions.known import Standing
from stillwatch.app.service.control.settings import ControlSettings, Places
from stillwatch.app.service.control.shapes import Asked, Id, Instant, among
from stillwatch.app.service.problems import RefusedError
from stillwatch.decide.customer import appeal_words, customer_sentence
from stillwatch.decide.policy.language.reading import parse_policy
from stillwatch.decide.policy.model import Guards, Policy
from stillwatch.decide.policy.shipped import shipped_policy
from stillwatch.domain.service_limits import (
    EFFECT_DAYS_MAX,
    LEDGER_DECISION_ACCOUNTS_MAX,
    LEDGER_TEXT_CHARS_MAX,
)
from stillwatch.store.ledger.nouns.decisions import EFFECTS, NewDecision
from stillwatch.store.ledger.nouns.terms import Terms
from stillwatch.store.ledger.views import View

_SELECTION: Final = "selection"
"""Subject of a decision on accounts that somebody has put together."""
_RATES: Final = ("exchanges_per_hour", "output_tokens_per_hour")
_NEEDED: Final = {"throttle": _RATES, "challenge": ("method",), "degrade": ("measures",)}
"""What an effect can't do without: one of these at least."""
_COUNT_MAX: Final = 2**53
"""Whole numbers up to here are the same in every JSON reader."""
_MEASURES_MAX: Final = 20
Word = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,63}$")]
Rate = Annotated[int, Field(ge=1, le=_COUNT_MAX)]
Verdict = Literal["fraudulent", "suspect", "watch"]


class ParametersAsked(Asked):
    """What an effect needs: a throttle's rates, a challenge's method, a degrade's measures."""

    exchanges_per_hour: Rate | None = None
    output_tokens_per_hour: Rate | None = None
    method: Word | None = None
    measures: Annotated[tuple[Word, ...], Field(min_length=1, max_length=_MEASURES_MAX)] | None = (
        None
    )


class InterventionAsked(Asked):
    """An effect that somebody wants, and on whom: named accounts, or those of a campaign."""

    effect: Annotated[str, among(EFFECTS)]
    expires_at: Instant
    account_ids: Annotated[tuple[Id, ...], Field(max_length=LEDGER_DECISION_ACCOUNTS_MAX)] = ()
    campaign_id: Id | None = None
    verdicts: Annotated[tuple[Verdict, ...], Field(min_length=1, max_length=3)] = ("fraudulent",)
    """Of a campaign's accounts, those with one of these; none that a permission covers."""
    parameters: ParametersAsked = ParametersAsked()
    without_protected: bool = False
    """Leave out the accounts that the register protects."""
    finding_id: Id | None = None
    case_id: Id | None = None
    basis: Annotated[str, Field(max_length=LEDGER_TEXT_CHARS_MAX)] = ""
    """For other operators: what it rests on. No customer is told of it."""
    decision_id: Id | None = None
    """An id of your own: sending the same twice proposes it once."""


def choose_accounts(asked: InterventionAsked, standing: Standing) -> list[str]:
    """Give the accounts that an intervention is about.

    Order:   by id.

    Raises:
        RefusedError: it names nobody, too many, or a campaign of which nobody is in the result.
    """
    chosen = set(asked.account_ids)
    if not chosen and asked.campaign_id is not None:
        members = standing.known.accounts.filter(
            pl.col("campaign_id") == asked.campaign_id, pl.col("verdict").is_in(asked.verdicts)
        )
        chosen = set(members["account_id"])
    if asked.without_protected:
        register = standing.known.register
        chosen -= set(register.filter(pl.col("protected"))["account_id"])
    if not 1 <= len(chosen) <= LEDGER_DECISION_ACCOUNTS_MAX:
        detail = f"It is about {len(chosen):,} accounts; 1 to {LEDGER_DECISION_ACCOUNTS_MAX:,} fit."
        raise RefusedError(422, detail)
    return sorted(chosen)


def require_end(expires_at: datetime, *, now: datetime) -> None:
    """Hold the end of an effect to its bounds: no effect is for ever.

    Raises:
        RefusedError: it is over already, too far off, or has no zone (422).
    """
    if expires_at.tzinfo is None:
        raise RefusedError(422, "`expires_at` needs a zone: 2026-12-24T00:00:00Z.")
    if not now < expires_at <= now + timedelta(days=EFFECT_DAYS_MAX):
        raise RefusedError(422, f"`expires_at` is within the next {EFFECT_DAYS_MAX} days.")


def word_reason(
    effect: str, *, expires_at: datetime, settings: ControlSettings, places: Places
) -> str:
    """Word the sentence for the customers of an intervention."""
    appeal = appeal_words(places.policy.appeal, base=settings.appeal_url_base)
    return customer_sentence(effect, expires_at=expires_at, appeal=appeal)


def _subject_of(asked: InterventionAsked, account_ids: list[str]) -> tuple[str, str]:
    """Give kind and id of what a decision is about."""
    if asked.campaign_id is not None:
        return "campaign", asked.campaign_id
    if len(account_ids) == 1:
        return "account", account_ids[0]
    return "group", _SELECTION


def new_decision(
    asked: InterventionAsked, account_ids: list[str], *, decision_id: str, dry_run: DryRun
) -> NewDecision:
    """Make the row that the ledger is given."""
    subject_kind, subject_id = _subject_of(asked, account_ids)
    return NewDecision(
        decision_id=decision_id,
        effect=asked.effect,
        reason=dry_run.reason,
        subject_kind=subject_kind,
        subject_id=subject_id,
        campaign_id=asked.campaign_id,
        finding_id=asked.finding_id,
        case_id=asked.case_id,
        basis=asked.basis,
        approvals_needed=dry_run.approvals_needed,
        expires_at=asked.expires_at,
    )


def find_guards(view: View, name: str) -> tuple[str, Guards]:
    """Give the guards of the policy that rules, and its id: the shipped one's where none does."""
    ruling = view.find_active_policy(name)
    policy = parse_policy(ruling.text) if ruling else None
    if ruling is None or not isinstance(policy, Policy):
        return shipped_policy().name, shipped_policy().guards
    return ruling.policy_id, policy.guards


def terms_of(asked: InterventionAsked, decision_id: str, result: str | None) -> Terms:
    """Make the terms of a decision: what its effect needs, and the result that it was chosen from.

    Raises:
        RefusedError: the effect needs something that isn't given, or has no use for it (422).
    """
    given = asked.parameters.model_dump(exclude_none=True)
    needed = _NEEDED.get(asked.effect, ())
    if needed and not set(given) & set(needed):
        raise RefusedError(422, f"`{asked.effect}` needs {' or '.join(needed)} in `parameters`.")
    if useless := sorted(set(given) - set(needed)):
        raise RefusedError(422, f"`{asked.effect}` has no use for {', '.join(useless)}.")
    parameters = orjson.dumps(given, option=orjson.OPT_SORT_KEYS).decode()
    return Terms(decision_id=decision_id, parameters=parameters, result=result)
