"""What becomes of an appeal: filed, reviewed by somebody else, upheld or overturned.

`upheld` means that the decision stands. An appeal that is overturned releases the account in the
same transaction, and both ends leave a disposition, which enforcement and backtests read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from stillwatch.store.ledger.bounds import mask_contacts
from stillwatch.store.ledger.changes.enforcing.enforcement import EnforcementVerbs
from stillwatch.store.ledger.changes.found import FoundVerbs
from stillwatch.store.ledger.errors import BadValue, FourEyesNeeded, MoveRefused, RowExists
from stillwatch.store.ledger.nouns.appeals import APPEALS, Appeal, NewAppeal
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import NewDisposition
from stillwatch.store.ledger.states import require_move, require_other_person

_OUTCOMES: Final = ("upheld", "overturned")
_UNRESOLVED: Final = ("open", "in_review")


class AppealVerbs(EnforcementVerbs, FoundVerbs):
    """Verbs on appeals."""

    def file_appeal(self, appeal: NewAppeal) -> bool:
        """Write down an appeal against a decision in force; say whether it was news.

        E-mail and network addresses in the statement are masked.

        Raises:
            MoveRefused: the decision is not in force.
            RowExists: this account's appeal against it waits already, or the id has another.
            UnknownRow: there is no such decision, or it doesn't name the account.
        """
        masked = replace(appeal, statement=mask_contacts(appeal.statement))
        if self._seek(Appeal, appeal.appeal_id) is None:
            self._require_appealable(appeal)
        own = {
            "state": "open",
            "filed_at": self.now,
            "reviewer": None,
            "answer": None,
            "resolved_at": None,
            "version": 1,
        }
        return self._insert(Appeal, masked, own, verb="appeal.file", decision=appeal.decision_id)

    def review_appeal(self, appeal_id: str) -> Appeal:
        """Take an appeal to review it; another reviewer may take it over.

        Raises:
            FourEyesNeeded: a program, or whoever proposed or approved the decision.
            MoveRefused: it is resolved.
        """
        appeal = self._find(Appeal, appeal_id)
        require_move("appeal", appeal_id, state=appeal.state, to="in_review")
        self._require_other_reviewer(appeal)
        changes = {"state": "in_review", "reviewer": self.actor}
        return self._alter(appeal, changes, verb="appeal.review", before=appeal.state)

    def resolve_appeal(
        self, appeal_id: str, *, outcome: str, answer: str, disposition: str
    ) -> Appeal:
        """End an appeal, `upheld` or `overturned`, with a sentence for the customer.

        disposition: what the account was, in the reviewer's eyes (`nouns/findings.py`, ANSWERS).

        Raises:
            FourEyesNeeded: somebody else reviews it.
            MoveRefused: nobody reviews it, or it is resolved.
        """
        if outcome not in _OUTCOMES:
            raise BadValue(
                field="outcome", says=f"is {outcome!r}; it may be {' or '.join(_OUTCOMES)}"
            )
        appeal = self._find(Appeal, appeal_id)
        require_move("appeal", appeal_id, state=appeal.state, to=outcome)
        if appeal.reviewer != self.actor:
            because = f"{appeal.reviewer} reviews it"
            raise FourEyesNeeded(what=f"resolve {appeal_id}", actor=self.actor, because=because)
        changes = {"state": outcome, "answer": answer, "resolved_at": self.now}
        resolved = self._alter(appeal, changes, verb="appeal.resolve", before=appeal.state)
        if outcome == "overturned":
            why = f"appeal {appeal_id} was overturned"
            self.release_account(appeal.decision_id, appeal.account_id, why=why)
        self.note_disposition(
            NewDisposition(
                disposition_id=f"{appeal_id}/disposition",
                subject_kind="account",
                subject_id=appeal.account_id,
                answer=disposition,
                source_kind="appeal",
                source_id=appeal_id,
            )
        )
        return resolved

    def _require_appealable(self, appeal: NewAppeal) -> None:
        decision = self._find(Decision, appeal.decision_id)
        released = self._is_released(appeal.decision_id, appeal.account_id)
        if decision.state != "in_force" or released:
            state = "released" if released else decision.state
            raise MoveRefused(
                subject=f"decision {decision.decision_id}", state=state, to="appealed"
            )
        waiting = sa.select(APPEALS.c.appeal_id).where(
            APPEALS.c.decision_id == appeal.decision_id,
            APPEALS.c.account_id == appeal.account_id,
            APPEALS.c.state.in_(_UNRESOLVED),
        )
        if found := self._connection.execute(waiting).scalar():
            raise RowExists(kind="appeal", subject_id=found)

    def _require_other_reviewer(self, appeal: Appeal) -> None:
        proposer = self._find(Decision, appeal.decision_id).proposed_by
        others = {proposer, *self._approvers(appeal.decision_id)}
        require_other_person(f"review {appeal.appeal_id}", actor=self.actor, others=others)
