"""What the holder of a reference may see, and nothing else: the sentence, the state, the answer.

Deliberately absent: other accounts, campaigns, thresholds, evidence, who decided and who reviews.
A reference that stands for nothing is looked up as any other is, so that time doesn't tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import BaseModel

from stillwatch.app.service.control.shapes import among
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.lookups import hash_secret
from stillwatch.store.ledger.nouns.appeals import Appeal, NewAppeal
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.states import APPEAL_STATES
from stillwatch.store.ledger.views import View

NOBODY: Final = ("no decision", "no account")
"""What is looked up for a reference that stands for nothing."""
_SHOWN: Final = {"in_force": "in_force", "reverted": "taken_back", "expired": "ended"}
"""A decision that was never in force concerns no customer."""
_ID_CHARS: Final = 20
"""Of the reference's hash, in the appeal's id: 80 bits, which two appeals never share."""


class AppealState(BaseModel):
    """How far an appeal is."""

    state: Annotated[str, among(APPEAL_STATES)]
    filed_at: datetime
    answer_by: datetime
    answer: str | None
    resolved_at: datetime | None


class AppealSeen(BaseModel):
    """What a customer may see of a decision, and of the appeal against it."""

    sentence: str
    state: Annotated[str, among(("in_force", "taken_back", "ended"))]
    may_appeal: bool
    appeal: AppealState | None


@dataclass(frozen=True, slots=True)
class Held:
    """A reference, and the two ids that it stands for."""

    reference: str
    decision_id: str
    account_id: str

    def as_appeal(self, statement: str, *, now: datetime, days: int) -> NewAppeal:
        """Make the appeal of whoever holds it; it has one, so its id hangs on the reference."""
        reference_hash = hash_secret(self.reference)
        return NewAppeal(
            appeal_id=f"a-{reference_hash[:_ID_CHARS]}",
            decision_id=self.decision_id,
            account_id=self.account_id,
            reference_hash=reference_hash,
            statement=statement,
            deadline_at=now + timedelta(days=days),
        )


def see(view: View, held: Held) -> AppealSeen | None:
    """Say what the holder of a reference may see.

    Nulls:   None where it stands for nothing, or for a decision that was never in force.
    Cost:    three statements, whatever it stands for.
    """
    decision = _seek(view, held.decision_id)
    decided = view.find_decided(held.decision_id, held.account_id)
    appeal = view.find_appeal(held.reference)
    if decision is None or decided is None or decision.state not in _SHOWN:
        return None
    state = "taken_back" if decided.released_at is not None else _SHOWN[decision.state]
    return AppealSeen(
        sentence=decision.reason,
        state=state,
        may_appeal=state == "in_force" and appeal is None,
        appeal=None if appeal is None else _state_of(appeal),
    )


def _seek(view: View, decision_id: str) -> Decision | None:
    try:
        return view.find(Decision, decision_id)
    except UnknownRow:
        return None


def _state_of(appeal: Appeal) -> AppealState:
    return AppealState(
        state=appeal.state,
        filed_at=appeal.filed_at,
        answer_by=appeal.deadline_at,
        answer=appeal.answer,
        resolved_at=appeal.resolved_at,
    )
