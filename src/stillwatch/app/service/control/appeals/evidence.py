"""What a reviewer goes by: the decision, what it rests on, and the account in the result."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from stillwatch.app.service.control.interventions import Knowledge
from stillwatch.app.service.control.shapes import model_of, plain
from stillwatch.decide import Explanation, Findings, explain
from stillwatch.domain.errors import UnknownSubject
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT, DECISION, EVIDENCE, GROUPS_OUT
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.decisions import Approval, Decision
from stillwatch.store.ledger.nouns.findings import Campaign, Finding
from stillwatch.store.ledger.views import View
from stillwatch.store.results import Result


class Channel(BaseModel):
    """One channel of evidence."""

    channel: str
    phrase: str
    observed: float
    expected: float
    weight_bits: float


class Family(BaseModel):
    """One family of evidence."""

    family: str
    weight_bits: float
    channels: list[Channel]


class Account(BaseModel):
    """Why the account has its verdict, as `stillwatch explain` says it."""

    headline: str
    facts: list[tuple[str, str]]
    evidence: list[Family]
    not_used: list[str]


class AppealEvidence(BaseModel):
    """All that an appeal is about; what isn't known is null."""

    appeal: model_of(Appeal)  # type: ignore[valid-type]  # a model that is made of a row
    decision: model_of(Decision)  # type: ignore[valid-type]
    approvals: list[model_of(Approval)]  # type: ignore[valid-type]
    finding: model_of(Finding) | None  # type: ignore[valid-type]
    campaign: model_of(Campaign) | None  # type: ignore[valid-type]
    account: Account | None
    result: str | None
    """The result that speaks of the account."""


def gather(view: View, appeal_id: str, *, knowledge: Knowledge) -> dict[str, Any]:
    """Gather what a reviewer needs.

    Raises:
        UnknownRow: there is no such appeal.
        NotAResult: the result that would speak of the account can't be read.
    """
    appeal = view.find(Appeal, appeal_id)
    decision = view.find(Decision, appeal.decision_id)
    finding = view.find(Finding, decision.finding_id) if decision.finding_id else None
    campaign_id = decision.campaign_id or (finding.campaign_id if finding else None)
    campaign = view.find(Campaign, campaign_id) if campaign_id else None
    terms = view.seek_terms(decision.decision_id)
    named = (terms.result if terms else None) or (finding.result if finding else "")
    result = knowledge.find_result(named)
    explained = explain_account(result, appeal.account_id)
    return {
        "appeal": plain(appeal),
        "decision": plain(decision),
        "approvals": [plain(one) for one in view.list_approvals(decision.decision_id)],
        "finding": plain(finding),
        "campaign": plain(campaign),
        "account": _tell(explained) if explained else None,
        "result": result.place.name if result is not None and explained is not None else None,
    }


def explain_account(result: Result | None, account_id: str) -> Explanation | None:
    """Say why an account has its verdict in a result.

    Nulls:   None where there is no result, or it doesn't speak of the account.
    Cost:    the result's tables are read.

    Raises:
        NotAResult: it can't be read.
    """
    if result is None:
        return None
    findings = Findings(
        where=result.place.name,
        accounts=result.table(ACCOUNTS_OUT),
        groups=result.table(GROUPS_OUT),
        campaigns=result.table(CAMPAIGNS_OUT),
        evidence=result.table(EVIDENCE),
        decisions=result.table(DECISION).clear(),
        run=result.run(),
    )
    try:
        explained = explain(account_id, findings=findings)
    except UnknownSubject:
        return None
    return explained if explained.kind == "account" else None


def _tell(explained: Explanation) -> dict[str, Any]:
    said = asdict(explained)
    return {name: said[name] for name in ("headline", "facts", "evidence", "not_used")}
