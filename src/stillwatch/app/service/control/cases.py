"""Working on cases, and answering what something was: `/v1/cases` and `/v1/dispositions`."""

from __future__ import annotations

from secrets import token_hex
from typing import Annotated, Final, Literal, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.ledger_work import (
    IfMatch,
    change_ledger,
    expect_version,
    ledger_of,
    read_asked,
    read_ledger,
)
from stillwatch.app.service.control.shapes import (
    Asked,
    Id,
    PathId,
    Prose,
    among,
    answer,
    body_as,
    good,
    model_of,
)
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns import Row
from stillwatch.store.ledger.nouns.cases import Case, Comment, NewCase
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import ANSWERS, SUBJECTS, Disposition, Finding
from stillwatch.store.ledger.nouns.findings import NewDisposition as NewAnswer

router: Final = APIRouter(tags=["working"])
_ID_BYTES: Final = 10
_SOURCES: Final[dict[str, type[Row]]] = {"case": Case, "decision": Decision, "finding": Finding}
RowT = TypeVar("RowT", bound=Row)


class CaseAsked(Asked):
    """A case to be opened. With an id of your own, sending it twice opens it once."""

    title: Prose
    case_id: Id | None = None
    campaign_id: Id | None = None
    finding_id: Id | None = None


class AssignAsked(Asked):
    """Who shall work on a case."""

    assignee: Id


class CommentAsked(Asked):
    """A comment."""

    text: Prose


class CloseAsked(Asked):
    """How a case ended."""

    outcome: Prose


class AnswerAsked(Asked):
    """What something was, in an analyst's eyes, why, and what that was seen in."""

    subject_kind: Annotated[str, among(SUBJECTS)]
    subject_id: Id
    answer: Annotated[str, among(ANSWERS)]
    note: Prose
    source_kind: Literal["case", "decision", "finding"]
    source_id: Id
    disposition_id: Id | None = None


@router.post(
    "/v1/cases",
    status_code=201,
    responses=good(model_of(Case), status=201),
    openapi_extra=body_as(CaseAsked),
    summary="Open a case",
)
async def open_case(request: Request) -> Response:
    """Open it; nobody has it yet."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(CaseAsked))
    given = asked.model_dump()
    case = NewCase(**{**given, "case_id": asked.case_id or f"case-{token_hex(_ID_BYTES)}"})
    await change_ledger(request, principal, lambda change: change.open_case(case))
    return await answer_row(request, Case, case.case_id, status=201)


@router.post(
    "/v1/cases/{row_id}/assign",
    responses=good(model_of(Case)),
    openapi_extra=body_as(AssignAsked),
    summary="Give a case to somebody; a closed one is open again",
)
async def assign_case(request: Request, row_id: PathId, if_match: IfMatch = None) -> Response:
    """Assign it to a user of the ledger who is active."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(AssignAsked))

    def do(change: Change) -> Case:
        expect_version(change, Case, row_id, if_match)
        return change.assign_case(row_id, assignee=asked.assignee)

    return answer(await change_ledger(request, principal, do))


@router.post(
    "/v1/cases/{row_id}/comments",
    status_code=201,
    responses=good(model_of(Comment), status=201),
    openapi_extra=body_as(CommentAsked),
    summary="Comment on a case",
)
async def comment_case(request: Request, row_id: PathId) -> Response:
    """Add a comment; a closed case takes them too."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(CommentAsked))
    comment_id = await change_ledger(
        request, principal, lambda change: change.comment_case(row_id, text=asked.text)
    )
    return await answer_row(request, Comment, comment_id, status=201)


@router.post(
    "/v1/cases/{row_id}/close",
    responses=good(model_of(Case)),
    openapi_extra=body_as(CloseAsked),
    summary="Close a case",
)
async def close_case(request: Request, row_id: PathId, if_match: IfMatch = None) -> Response:
    """Close it, and say how it ended."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(CloseAsked))

    def do(change: Change) -> Case:
        expect_version(change, Case, row_id, if_match)
        return change.close_case(row_id, outcome=asked.outcome)

    return answer(await change_ledger(request, principal, do))


@router.post(
    "/v1/dispositions",
    status_code=201,
    responses=good(model_of(Disposition), status=201),
    openapi_extra=body_as(AnswerAsked),
    summary="Say what something was: enforcement, backtests and the next look read it",
)
async def note_disposition(request: Request) -> Response:
    """Write an answer down; a later one about the same subject is a row of its own."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(AnswerAsked))
    own = asked.disposition_id or f"answer-{token_hex(_ID_BYTES)}"
    noted = NewAnswer(**{**asked.model_dump(), "disposition_id": own})
    source = _SOURCES[asked.source_kind]
    await read_ledger(request, lambda view: view.find(source, asked.source_id))
    await change_ledger(request, principal, lambda change: change.note_disposition(noted))
    return await answer_row(request, Disposition, own, status=201)


async def answer_row(
    request: Request, row: type[RowT], row_id: str, *, status: int = 200
) -> Response:
    """Answer with a row as it is now in the ledger."""
    ledger_of(request)
    found = await read_ledger(request, lambda view: view.find(row, row_id))
    return answer(found, status=status)
