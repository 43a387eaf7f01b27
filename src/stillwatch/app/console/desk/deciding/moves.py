"""What people do with a decision: approve, reject, take back, release one account, try again.

With its last approval a decision is in force, in the same transaction, as the management API does
it; where any of it was called innocent, or became protected or permitted, meanwhile, it is left to
enforcement, as there. A form that is sent twice finds its work done and says the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stillwatch.app.console.desk.changing import (
    act_page,
    change_ledger,
    find_row,
    read_ledger,
    said_version,
)
from stillwatch.app.console.desk.parts import control_of
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Moved
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.service.control.interventions.named import must_wait
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.effects import channels_of

_BACK: Final = address("/decisions")


def approve(asked: Asked) -> Moved:
    """Approve it; with the last approval it is in force."""
    decision, channels = _find(asked), control_of(asked).places.channels
    with asked.ledger().read() as view:
        approvers = [one.approver for one in view.list_approvals(decision.decision_id)]
    if asked.principal.name in approvers and decision.state != "rejected":  # sent twice
        return _told(decision, "in_force" if decision.state == "in_force" else "approved")
    _require_seen(asked, approvers)

    knowledge = control_of(asked).knowledge
    is_doubtful = read_ledger(
        asked, lambda view: must_wait(view, decision, knowledge, now=asked.now)
    )

    def do(change: Change) -> str:
        change.expect(Decision, decision.decision_id, version=said_version(asked))
        approved = change.approve(decision.decision_id, note=asked.said("note"))
        if approved.state != "approved":
            return "approved"
        if is_doubtful:
            return "left"
        wanted = channels_of(decision.effect, channels)
        change.enqueue_effects(decision.decision_id, channels=wanted)
        return "in_force"

    return _told(decision, change_ledger(asked, do))


def reject(asked: Asked) -> Moved:
    """Reject it."""
    return _end(asked, "rejected", lambda change, one, why: change.reject(one, why=why))


def revert(asked: Asked) -> Moved:
    """Take it back for all of its accounts."""
    return _end(asked, "reverted", lambda change, one, why: change.revert_decision(one, why=why))


def release(asked: Asked) -> Moved:
    """Take it back for one account; doing it twice is doing it once."""
    decision, why, account_id = _find(asked), _why(asked), asked.said("account")
    change_ledger(
        asked,
        lambda change: change.release_account(decision.decision_id, account_id, why=why),
    )
    return _told(decision, "released")


def retry(asked: Asked) -> Moved:
    """Queue its failed deliveries again."""
    decision = _find(asked)
    change_ledger(asked, lambda change: change.retry_effects(decision.decision_id))
    return _told(decision, "queued")


def _end(asked: Asked, state: str, do: Callable[[Change, str, str], object]) -> Moved:
    decision, why = _find(asked), _why(asked)
    if decision.state == state and decision.changed_by == asked.principal.name:  # sent twice
        return _told(decision, state)

    def work(change: Change) -> None:
        change.expect(Decision, decision.decision_id, version=said_version(asked))
        do(change, decision.decision_id, why)

    change_ledger(asked, work)
    return _told(decision, state)


def _find(asked: Asked) -> Decision:
    return find_row(asked, Decision, "id", of="decision")


def _why(asked: Asked) -> str:
    why = asked.said("why")
    if not why:
        advice = "Go back and say why: it stands in the audit trail."
        raise RefusedPageError(422, "A reason is missing", advice)
    return why


def _require_seen(asked: Asked, approvers: list[str]) -> None:
    """Refuse an approval of what another person has approved since it was looked at.

    Raises:
        RefusedPageError: somebody has; this approval might be the last one, and bring it in force.
    """
    if asked.said("seen") != str(len(approvers)):
        raise RefusedPageError(
            409,
            "Somebody else has approved meanwhile",
            f"{', '.join(approvers)} approved since you opened the page; yours might be the last, "
            "and put it in force at once. Go back, reload, and approve if you still want to.",
        )


def _told(decision: Decision, word: str) -> Moved:
    return Moved(address("/decision", id=decision.decision_id, told=word))


PAGES: Final = (
    act_page("/decision/approve", "Approve", approve, scope="approve", back=_BACK),
    act_page("/decision/reject", "Reject", reject, scope="work", back=_BACK),
    act_page("/decision/revert", "Take back", revert, scope="work", back=_BACK),
    act_page("/decision/release", "Release", release, scope="work", back=_BACK),
    act_page("/decision/retry", "Try again", retry, scope="work", back=_BACK),
)
