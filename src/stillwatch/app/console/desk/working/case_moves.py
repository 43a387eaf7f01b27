"""What people do with a case: take it, give it away, comment, follow, close it with an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from stillwatch.app.console.desk.changing import (
    act_page,
    change_ledger,
    find_row,
    said_id,
    said_version,
)
from stillwatch.app.console.desk.working.answers import MEANINGS
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Moved
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.cases import Case
from stillwatch.store.ledger.nouns.findings import NewDisposition

_BACK: Final = address("/cases")
_TWICE: Final = timedelta(minutes=1)
"""Within which the same comment of the same person is one that was sent twice."""


def assign(asked: Asked) -> Moved:
    """Give it to somebody; a closed one is open again."""
    case = _find(asked)
    assignee = asked.said("assignee") or asked.principal.name
    if case.state == "assigned" and case.assignee == assignee:  # sent twice
        return _told(case, "assigned")

    def do(change: Change) -> None:
        change.expect(Case, case.case_id, version=said_version(asked))
        change.assign_case(case.case_id, assignee=assignee)

    change_ledger(asked, do)
    return _told(case, "assigned")


def comment(asked: Asked) -> Moved:
    """Add a comment; the same one again within a minute was sent twice."""
    case, text = _find(asked), asked.said("text").replace("\r\n", "\n")
    if not text:
        raise RefusedPageError(422, "The comment is empty", "Go back and write something.")
    with asked.ledger().read() as view:
        before = view.list_comments(case.case_id)[-1:]
    is_there = any(
        one.author == asked.principal.name
        and one.text == text
        and asked.now - one.written_at < _TWICE
        for one in before
    )
    if not is_there:
        change_ledger(asked, lambda change: change.comment_case(case.case_id, text=text))
    return _told(case, "commented")


def follow(asked: Asked) -> Moved:
    """Be told when it changes; sent twice it is once."""
    case = _find(asked)
    change_ledger(asked, lambda change: change.follow_case(case.case_id))
    return _told(case, "following")


def unfollow(asked: Asked) -> Moved:
    """Be told no more."""
    case = _find(asked)
    change_ledger(asked, lambda change: change.unfollow_case(case.case_id))
    return _told(case, "unfollowed")


def close(asked: Asked) -> Moved:
    """Close it, with an answer where it is about a campaign."""
    case, outcome, answer = _find(asked), _reason(asked), asked.said("answer")
    if case.state == "closed" and case.outcome == outcome:  # sent twice
        return _told(case, "closed")
    if case.campaign_id and answer not in MEANINGS:
        raise RefusedPageError(422, "An answer is missing", "Go back and say what it was.")
    noted = None
    if case.campaign_id:
        noted = NewDisposition(
            disposition_id=said_id(asked, "answer"),
            subject_kind="campaign",
            subject_id=case.campaign_id,
            answer=answer,
            source_kind="case",
            source_id=case.case_id,
            note=outcome,
        )

    def do(change: Change) -> None:
        change.expect(Case, case.case_id, version=said_version(asked))
        if noted is not None:
            change.note_disposition(noted)
        change.close_case(case.case_id, outcome=outcome)

    change_ledger(asked, do)
    return _told(case, "answered" if noted else "closed")


def _reason(asked: Asked) -> str:
    said = asked.said("outcome").replace("\r\n", "\n")
    if not said:
        advice = "Go back and say why: whoever opens the case next year reads it."
        raise RefusedPageError(422, "A reason is missing", advice)
    return said


def _find(asked: Asked) -> Case:
    return find_row(asked, Case, "id", of="case")


def _told(case: Case, word: str) -> Moved:
    return Moved(address("/case", id=case.case_id, told=word))


PAGES: Final = (
    act_page("/case/assign", "Assign", assign, scope="work", back=_BACK),
    act_page("/case/comment", "Comment", comment, scope="work", back=_BACK),
    act_page("/case/follow", "Follow", follow, scope="work", back=_BACK),
    act_page("/case/unfollow", "Follow no more", unfollow, scope="work", back=_BACK),
    act_page("/case/close", "Close", close, scope="work", back=_BACK),
)
