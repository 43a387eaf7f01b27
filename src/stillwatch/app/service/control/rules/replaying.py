"""`POST /v1/policies/backtest`: whom a policy would have hit, and what would have come of it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.ledger_work import (
    read_asked,
    read_ledger,
    run_refusable,
)
from stillwatch.app.service.control.rules.backtests import Answers, Backtests
from stillwatch.app.service.control.rules.policies import PolicyText, require_policy
from stillwatch.app.service.control.shapes import Asked, Id, answer, body_as, good
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import BACKTEST_RESULTS_MAX, LEDGER_PAGE_MAX
from stillwatch.store.ledger.nouns.findings import Disposition
from stillwatch.store.ledger.nouns.policies import Policy as PublishedPolicy
from stillwatch.store.ledger.views import View

router: Final = APIRouter(tags=["policies"])
_MEANS: Final = {"distillation": "fraudulent", "innocent": "innocent", "permitted": "innocent"}
"""What an analyst's answer means to a backtest; the others are no answer."""
_PAGES_MAX: Final = 10
"""Pages of answers that are read: 100,000, the newest."""


class BacktestAsked(Asked):
    """A policy, as text or as a version that is published, and the history to replay."""

    text: PolicyText | None = None
    policy_id: Id | None = None
    against: Literal["results", "lake"] = "results"
    newest: Annotated[int, Field(ge=1, le=BACKTEST_RESULTS_MAX)] = 30
    """How many results, the newest; of a lake, all looks at it."""
    daily: bool = False
    """Of a lake: one look at each evening instead."""
    approved: bool = False
    """As if people approved at once what waits for them."""


class BacktestSeen(BaseModel):
    """What `stillwatch backtest --json` says; docs/operate/policy.md explains each figure."""

    policy: str
    notes: list[str]
    totals: dict[str, Any]
    rules: list[dict[str, Any]]
    days: list[dict[str, Any]]
    guards: list[dict[str, Any]]
    hits: list[dict[str, Any]]
    """Accounts that would have been hit, the first 10,000."""
    hits_count: int


@router.post(
    "/v1/policies/backtest",
    responses=good(BacktestSeen),
    openapi_extra=body_as(BacktestAsked),
    summary="Replay history under a policy; nothing is put into force",
)
async def replay_history(request: Request) -> Response:
    """Replay it in a process of its own, and wait for what it says."""
    await authorise(request, "administer")
    asked = await read_asked(request, TypeAdapter(BacktestAsked))
    backtests: Backtests = request.app.state.control.backtests
    text = await _text_of(request, asked)
    await require_policy(text)
    answers = await read_ledger(request, list_answers)

    def work() -> dict[str, Any]:
        options = backtests.history(against=asked.against, newest=asked.newest)
        options += ["--daily"] if asked.daily and asked.against == "lake" else []
        options += ["--approved"] if asked.approved else []
        return backtests.run(text, options=options, answers=answers)

    return answer(await run_refusable(work))


def list_answers(view: View) -> Answers:
    """List what analysts have answered about accounts, the newest answer of each."""
    found: dict[str, str] = {}
    after: str | None = None
    for _ in range(_PAGES_MAX):
        page = view.list(Disposition, after=after, limit=LEDGER_PAGE_MAX)
        for row in page.rows:
            if row.subject_kind == "account":
                found.setdefault(row.subject_id, row.answer)
        after = page.next
        if after is None:
            break
    return [(name, _MEANS[said]) for name, said in found.items() if said in _MEANS]


async def _text_of(request: Request, asked: BacktestAsked) -> str:
    if (asked.text is None) == (asked.policy_id is None):
        raise RefusedError(422, "Give either `text` or `policy_id`.")
    if asked.text is not None:
        return asked.text
    policy_id = str(asked.policy_id)
    return (await read_ledger(request, lambda view: view.find(PublishedPolicy, policy_id))).text
