"""A decision until it is approved or rejected.

The four eyes are held here: whoever proposed doesn't approve, nobody approves twice, and a program
approves nothing that needs a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    LEDGER_DECISION_ACCOUNTS_MAX,
    LEDGER_ID_CHARS_MAX,
)
from stillwatch.store.ledger.audit.chain import hash_ids
from stillwatch.store.ledger.bounds import fit_text
from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.errors import BadValue, MoveRefused, RowExists
from stillwatch.store.ledger.nouns.cases import Case
from stillwatch.store.ledger.nouns.decisions import (
    APPROVALS,
    DECIDED_ACCOUNTS,
    Approval,
    Decision,
    NewDecision,
)
from stillwatch.store.ledger.nouns.findings import Campaign, Finding
from stillwatch.store.ledger.nouns.policies import Policy
from stillwatch.store.ledger.nouns.terms import Terms
from stillwatch.store.ledger.states import require_approvals, require_move, require_other_person


class ProposalVerbs(Writing):
    """Verbs on decisions that are not in force yet."""

    def propose_decision(
        self, decision: NewDecision, *, account_ids: Sequence[str], terms: Terms | None = None
    ) -> bool:
        """Write down an effect on some accounts, for others to approve; say whether it was news.

        Nulls:   without terms the effect needs nothing and is about all keys.

        Cost:    one row an account, in batches.

        Raises:
            BadValue: no account or too many are named, or it would end before it begins.
            FourEyesNeeded: it would terminate accounts without anybody's approval.
            RowExists: the id has another decision.
            UnknownRow: what it refers to is not there.
        """
        accounts = _fit_accounts(account_ids)
        require_approvals(decision.effect, needed=decision.approvals_needed)
        for row, subject_id in (
            (Campaign, decision.campaign_id),
            (Finding, decision.finding_id),
            (Case, decision.case_id),
            (Policy, decision.policy_id),
        ):
            self._require(row, subject_id)
        there = self._seek(Decision, decision.decision_id)
        if there and there.accounts_hash != hash_ids(accounts):
            raise RowExists(kind="decision", subject_id=decision.decision_id)
        own = {
            "accounts_count": len(accounts),
            "accounts_hash": hash_ids(accounts),
            "state": "proposed",
            "proposed_by": self.actor,
            "proposed_at": self.now,
            "changed_by": self.actor,
            "changed_at": self.now,
            "why": None,
            "version": 1,
        }
        is_news = self._insert(
            Decision,
            decision,
            own,
            verb="decision.propose",
            accounts=len(accounts),
            effect=decision.effect,
        )
        if is_news:
            self._refuse_past(decision.decision_id, decision)
            rows = [
                {"decision_id": decision.decision_id, "account_id": one, "released_at": None}
                for one in accounts
            ]
            self._connection.execute(sa.insert(DECIDED_ACCOUNTS), rows)
            if terms is not None:
                own_terms = replace(terms, decision_id=decision.decision_id)
                self._insert(Terms, own_terms, {}, verb="decision.terms")
        return is_news

    def approve(self, decision_id: str, *, note: str = "") -> Decision:
        """Approve a proposal; with the last approval that it needs it is approved.

        Raises:
            FourEyesNeeded: a program, the proposer, or somebody who approved it before.
            MoveRefused: it is no proposal any more, or past its end.
        """
        decision = self._find(Decision, decision_id)
        require_move("decision", decision_id, state=decision.state, to="approved")
        self._refuse_past(decision_id, decision)
        before = self._approvers(decision_id)
        if decision.approvals_needed:
            others = {decision.proposed_by, *before}
            require_other_person(f"approve {decision_id}", actor=self.actor, others=others)
        approval = Approval(
            approval_id=f"{decision_id}/{self.actor}",
            decision_id=decision_id,
            approver=self.actor,
            note=note,
            approved_at=self.now,
        )
        self._insert(Approval, approval, {}, verb="decision.approve", decision=decision_id)
        if len(before) + 1 < decision.approvals_needed:
            return decision
        return self._move(decision, to="approved", verb="decision.approved")

    def reject(self, decision_id: str, *, why: str) -> Decision:
        """Reject a proposal; the proposer may too.

        Raises:
            MoveRefused: it is no proposal any more.
        """
        return self._move(
            self._find(Decision, decision_id), to="rejected", why=why, verb="decision.reject"
        )

    def _move(
        self, decision: Decision, *, to: str, verb: str, why: str | None = None, **facts: int
    ) -> Decision:
        require_move("decision", decision.decision_id, state=decision.state, to=to)
        changes = {"state": to, "changed_by": self.actor, "changed_at": self.now, "why": why}
        return self._alter(decision, changes, verb=verb, before=decision.state, **facts)

    def _refuse_past(self, decision_id: str, decision: NewDecision) -> None:
        if decision.expires_at <= self.now:
            raise MoveRefused(
                subject=f"decision {decision_id}", state="past its end", to="in force"
            )

    def _approvers(self, decision_id: str) -> list[str]:
        asked = sa.select(APPROVALS.c.approver).where(APPROVALS.c.decision_id == decision_id)
        return list(self._connection.execute(asked).scalars())


def _fit_accounts(account_ids: Sequence[str]) -> list[str]:
    if not 1 <= len(account_ids) <= LEDGER_DECISION_ACCOUNTS_MAX:
        says = f"names {len(account_ids):,} accounts; 1 to {LEDGER_DECISION_ACCOUNTS_MAX:,} fit"
        raise BadValue(field="a decision", says=says)
    return sorted(
        {fit_text("account_id", one, chars_max=LEDGER_ID_CHARS_MAX) for one in account_ids}
    )
