"""Policies as people write them: validated with line and column, published, made to rule.

A policy's name is the one that its text gives. Nothing that has a problem is published.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.ledger_work import (
    IfMatch,
    change_ledger,
    expect_version,
    read_asked,
    run_refusable,
)
from stillwatch.app.service.control.shapes import (
    Asked,
    PathId,
    answer,
    body_as,
    good,
    model_of,
)
from stillwatch.app.service.problems import RefusedError
from stillwatch.decide.policy.language.reading import parse_policy
from stillwatch.decide.policy.model import Policy
from stillwatch.domain.service_limits import LEDGER_POLICY_CHARS_MAX
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.policies import Policy as PublishedPolicy

router: Final = APIRouter(tags=["policies"])
PolicyText = Annotated[str, Field(min_length=1, max_length=LEDGER_POLICY_CHARS_MAX)]


class PolicyAsked(Asked):
    """A policy as it is written: YAML."""

    text: PolicyText


class PolicyProblem(BaseModel):
    """One thing that keeps a text from being a policy; places are counted from 1."""

    line: int
    column: int
    what: str
    hint: str


class RuleRead(BaseModel):
    """One rule as it was understood."""

    name: str
    then: str
    lasts: str
    people: int


class PolicyRead(BaseModel):
    """A text as it was understood: its problems, or else its name, rules, guards and budgets."""

    is_valid: bool
    problems: list[PolicyProblem]
    name: str | None
    rules: list[RuleRead]
    budgets: list[str]
    measures: list[str]
    guards: dict[str, Any] | None


@router.post(
    "/v1/policies/validate",
    responses=good(PolicyRead),
    openapi_extra=body_as(PolicyAsked),
    summary="Say what is wrong with a policy, or how it was understood",
)
async def validate_policy(request: Request) -> Response:
    """Read it; nothing is written. Who may read may also try."""
    await authorise(request, "read")
    asked = await read_asked(request, TypeAdapter(PolicyAsked))
    return answer((await run_refusable(lambda: read_policy(asked.text))).model_dump())


@router.post(
    "/v1/policies",
    status_code=201,
    responses=good(model_of(PublishedPolicy), status=201),
    openapi_extra=body_as(PolicyAsked),
    summary="Publish a version of a policy; it does not rule yet",
)
async def publish_policy(request: Request) -> Response:
    """Keep it as the next version of its name; the same text again is the version there is."""
    principal = await authorise(request, "administer")
    asked = await read_asked(request, TypeAdapter(PolicyAsked))
    name = await require_policy(asked.text)
    published = await change_ledger(
        request, principal, lambda change: change.publish_policy(name, text=asked.text)
    )
    return answer(published, status=201)


@router.post(
    "/v1/policies/{row_id}/activate",
    responses=good(model_of(PublishedPolicy)),
    summary="Let a version rule; the one that ruled is retired",
)
async def activate_policy(request: Request, row_id: PathId, if_match: IfMatch = None) -> Response:
    """Make it rule from now on."""
    principal = await authorise(request, "administer")

    def do(change: Change) -> PublishedPolicy:
        expect_version(change, PublishedPolicy, row_id, if_match)
        return change.activate_policy(row_id)

    return answer(await change_ledger(request, principal, do))


async def require_policy(text: str) -> str:
    """Give the name of a policy.

    Raises:
        RefusedError: it has problems (422), all of which are told.
    """
    found = await run_refusable(lambda: read_policy(text))
    if not found.is_valid:
        refusal = RefusedError(422, "The policy has problems.")
        refusal.said["problems"] = [one.model_dump() for one in found.problems]
        raise refusal
    return str(found.name)


def read_policy(text: str) -> PolicyRead:
    """Read a text as a policy.

    Cost:    as `parse_policy`; bounded.
    """
    policy = parse_policy(text)
    if not isinstance(policy, Policy):
        problems = [
            PolicyProblem(line=p.place.line, column=p.place.column, what=p.what, hint=p.hint)
            for p in policy
        ]
        return _read(None, problems)
    return _read(policy, [])


def _read(policy: Policy | None, problems: list[PolicyProblem]) -> PolicyRead:
    guards = asdict(policy.guards) if policy else None
    if guards is not None:
        guards["cool_down_s"] = guards.pop("cool_down").total_seconds()
    return PolicyRead(
        is_valid=policy is not None,
        problems=problems,
        name=policy.name if policy else None,
        rules=[
            RuleRead(name=one.name, then=one.then, lasts=str(one.lasts), people=one.people)
            for one in (policy.rules if policy else ())
        ],
        budgets=[one.name for one in (policy.budgets if policy else ())],
        measures=list(policy.measures) if policy else [],
        guards=guards,
    )
