"""Trying an intervention out, and proposing it: the ledger's decisions, as `/v1/interventions`.

A dry run and a proposal are one computation, of which a dry run writes nothing down. What guards
ask for is what the ledger will ask for: so many approvals, by people other than the proposer.
"""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_hex
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.control.cases import answer_row
from stillwatch.app.service.control.interventions.choosing import (
    InterventionAsked,
    choose_accounts,
    find_guards,
    new_decision,
    require_end,
    terms_of,
    word_reason,
)
from stillwatch.app.service.control.interventions.dry_run import DryRun, Proposal, try_out
from stillwatch.app.service.control.interventions.known import Knowledge, Standing
from stillwatch.app.service.control.interventions.named import list_named, list_spared
from stillwatch.app.service.control.ledger_work import (
    change_ledger,
    ledger_of,
    now_of,
    read_asked,
    run_refusable,
)
from stillwatch.app.service.control.reading import INTERVENTIONS
from stillwatch.app.service.control.shapes import PathId, answer, body_as, good, model_of
from stillwatch.app.service.problems import RefusedError
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.views import View

router: Final = APIRouter(tags=["interventions"])
_ID_BYTES: Final = 10
_ONE: Final = INTERVENTIONS + "/{row_id}"


@router.post(
    INTERVENTIONS + "/dry-run",
    responses=good(DryRun),
    openapi_extra=body_as(InterventionAsked),
    summary="Say what an intervention would do; nothing is written",
)
async def try_intervention(request: Request) -> Response:
    """Answer with the figures, and with what guards would stop."""
    await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(InterventionAsked))
    terms_of(asked, "", None)
    _, found = await _prepare(request, asked)
    return answer(found.model_dump())


@router.post(
    INTERVENTIONS,
    status_code=201,
    responses=good(model_of(Decision), status=201),
    openapi_extra=body_as(InterventionAsked),
    summary="Propose an intervention",
)
async def propose_intervention(request: Request) -> Response:
    """Propose it, with as many approvals as its guards ask for."""
    principal = await authorise(request, "work")
    asked = await read_asked(request, TypeAdapter(InterventionAsked))
    account_ids, found = await _prepare(request, asked)
    if found.is_refused:
        refusal = RefusedError(409, "Guards refuse this, and no approval overcomes them.")
        refusal.said["guards"] = [one.model_dump() for one in found.guards]
        raise refusal
    decision_id = asked.decision_id or f"d-{token_hex(_ID_BYTES)}"
    decision = new_decision(asked, account_ids, decision_id=decision_id, dry_run=found)
    await change_ledger(
        request,
        principal,
        lambda change: change.propose_decision(
            decision, account_ids=account_ids, terms=terms_of(asked, decision_id, found.result)
        ),
    )
    return await answer_row(request, Decision, decision.decision_id, status=201)


@router.post(
    _ONE + "/dry-run",
    responses=good(DryRun),
    summary="Say what a proposed intervention would do, as things are now",
)
async def try_proposed(request: Request, row_id: PathId) -> Response:
    """Answer for those of its accounts that are not released, for whoever is to approve."""
    await authorise(request, "read")

    def ask(view: View, _: Standing) -> Proposal:
        decision = view.find(Decision, row_id)
        return Proposal(decision.effect, list_named(view, row_id), decision.reason)

    return answer((await _try(request, ask)).model_dump())


async def _prepare(request: Request, asked: InterventionAsked) -> tuple[list[str], DryRun]:
    """Choose the accounts, and try it out on them."""
    require_end(asked.expires_at, now=now_of(request))
    control = request.app.state.control
    reason = word_reason(
        asked.effect,
        expires_at=asked.expires_at,
        settings=control.settings,
        places=control.places,
    )
    chosen: list[str] = []

    def ask(_: View, standing: Standing) -> Proposal:
        chosen.extend(choose_accounts(asked, standing))
        return Proposal(asked.effect, chosen, reason)

    return chosen, await _try(request, ask)


async def _try(request: Request, ask: Callable[[View, Standing], Proposal]) -> DryRun:
    """Try out, in a thread, what a question to the ledger and to what is known gives."""
    ledger, now = ledger_of(request), now_of(request)
    knowledge: Knowledge = request.app.state.control.knowledge

    def work() -> DryRun:
        standing = knowledge.read()
        with ledger.read() as view:
            proposal = ask(view, standing)
            policy, guards = find_guards(view, knowledge.places.policy_name)
            standing = standing.with_spared(list_spared(view, since=now - guards.cool_down))
        return try_out(proposal, standing=standing, guards=guards, policy=policy, now=now)

    return await run_refusable(work)
