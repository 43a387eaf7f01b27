"""One appeal: what the customer says beside what the decision rests on, and the answer to it.

The one text here that a person writes to a customer is read by the management's own check for ids
that no customer may be told; what was typed comes back with what is wrong.
"""

from __future__ import annotations

from typing import Any, Final

from stillwatch.app.console.desk.changing import (
    act_page,
    change_ledger,
    find_row,
    read_ledger,
    said_version,
    tell,
)
from stillwatch.app.console.desk.parts import control_of, may
from stillwatch.app.console.desk.trail import trail_sheet
from stillwatch.app.console.desk.working.answers import MEANINGS
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Answer, Moved, Page, Shown
from stillwatch.app.service.control.appeals.evidence import gather
from stillwatch.app.service.control.appeals.reviewing import require_discreet
from stillwatch.app.service.problems import RefusedError
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.states import is_machine

OUTCOMES: Final = {
    "upheld": "The decision stands.",
    "overturned": "The account is released at once; the customer was right.",
}
_WORDS: Final = {
    "upheld": "We have looked at your appeal again. The decision stands until its end.",
    "overturned": "We have looked at your appeal again and have taken the decision back. "
    "Your account works as before. We are sorry.",
}
_BACK: Final = address("/appeals")
_SAID: Final = {
    "taken": "You review this appeal now.",
    "upheld": "Answered: the decision stands. The customer sees your answer at their link.",
    "overturned": "Answered: the account is released. The customer sees your answer at their link.",
}


def view(asked: Asked) -> Shown:
    """Show it."""
    return _show(asked, find_row(asked, Appeal, "id", of="appeal"))


def take(asked: Asked) -> Moved:
    """Take it to review; somebody else's may be taken over."""
    appeal = find_row(asked, Appeal, "id", of="appeal")
    if appeal.state == "in_review" and appeal.reviewer == asked.principal.name:  # sent twice
        return _told(appeal, "taken")

    def do(change: Change) -> None:
        change.expect(Appeal, appeal.appeal_id, version=said_version(asked))
        change.review_appeal(appeal.appeal_id)

    change_ledger(asked, do)
    return _told(appeal, "taken")


def resolve(asked: Asked) -> Answer:
    """Answer it; where it is overturned the account is released in the same transaction."""
    appeal = find_row(asked, Appeal, "id", of="appeal")
    said = {name: asked.said(name) for name in ("outcome", "answer", "disposition")}
    said["answer"] = said["answer"].replace("\r\n", "\n")
    if appeal.state == said["outcome"] and appeal.reviewer == asked.principal.name:  # sent twice
        return _told(appeal, appeal.state)
    if problem := _check(asked, appeal, said):
        return _show(asked, appeal, said=said, problem=problem)

    def do(change: Change) -> None:
        change.expect(Appeal, appeal.appeal_id, version=said_version(asked))
        change.resolve_appeal(appeal.appeal_id, **said)

    change_ledger(asked, do)
    return _told(appeal, said["outcome"])


def why_not_review(asked: Asked, appeal: Appeal, others: dict[str, str]) -> str:
    """Say why whoever asks may not review an appeal; empty where they may."""
    name = asked.principal.name
    if appeal.resolved_at is not None:
        return "It is answered."
    if not may(asked, "work"):
        return "Reviewing is for people with the role analyst or approver."
    if is_machine(name):
        return "A program reviews nothing."
    if name in others:
        return f"You {others[name]} this decision, so somebody else has to review the appeal."
    return ""


def _show(
    asked: Asked, appeal: Appeal, *, said: dict[str, str] | None = None, problem: str = ""
) -> Shown:
    knowledge = control_of(asked).knowledge
    found = read_ledger(asked, lambda view: gather(view, appeal.appeal_id, knowledge=knowledge))
    others = {one["approver"]: "approved" for one in found["approvals"]}
    others[found["decision"]["proposed_by"]] = "proposed"
    told: dict[str, Any] = {
        "appeal": appeal,
        "found": found,
        "others": sorted(name for name in others if not is_machine(name)),
        "why_not": why_not_review(asked, appeal, others),
        "is_mine": appeal.state == "in_review" and appeal.reviewer == asked.principal.name,
        "is_late": appeal.resolved_at is None and appeal.deadline_at <= asked.now,
        "outcomes": OUTCOMES,
        "words": _WORDS,
        "meanings": MEANINGS,
        "said": said or {"outcome": "", "answer": "", "disposition": ""},
        "problem": problem,
        "told": tell(asked, _SAID),
    }
    sheets = (trail_sheet(asked, "appeal", appeal.appeal_id),)
    return Shown("desk/appeal.html", told, sheets=sheets, status=422 if problem else 200)


def _check(asked: Asked, appeal: Appeal, said: dict[str, str]) -> str:
    """Say what is missing in an answer, or should not be in it; empty = nothing."""
    if said["outcome"] not in OUTCOMES:
        return "Say whether the decision stands."
    if not said["answer"]:
        return "Write a sentence for the customer."
    if said["disposition"] not in MEANINGS:
        return "Say what the account was, in your eyes."
    try:
        read_ledger(asked, lambda view: require_discreet(view, appeal.appeal_id, said["answer"]))
    except RefusedError as refused:
        return refused.detail
    return ""


def _told(appeal: Appeal, word: str) -> Moved:
    return Moved(address("/appeal", id=appeal.appeal_id, told=word))


PAGES: Final = (
    Page("/appeal", "Appeal", view, needs=("ledger",), example={"id": "{appeal}"}),
    act_page("/appeal/take", "Review", take, scope="work", back=_BACK),
    act_page("/appeal/resolve", "Answer", resolve, scope="work", back=_BACK),
)
