"""What an effect would do, tried out with what is known now; the management's own functions do it.

A dry run writes nothing. The same computation stands before a proposal and before an approval, so
that both see the same figures: accounts, share of traffic, programmes, protected accounts, guards.
"""

from __future__ import annotations

from stillwatch.app.console.desk.changing import word_refusal
from stillwatch.app.console.desk.parts import control_of
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.service.control.interventions.choosing import (
    InterventionAsked,
    choose_accounts,
    find_guards,
    require_end,
    word_reason,
)
from stillwatch.app.service.control.interventions.dry_run import DryRun, Proposal, try_out
from stillwatch.app.service.control.interventions.named import list_named, list_spared
from stillwatch.domain.errors import StillwatchError
from stillwatch.store.ledger.nouns.decisions import Decision


def try_wanted(asked: Asked, wanted: InterventionAsked) -> tuple[list[str], DryRun]:
    """Give the accounts that a wish is about, and what it would do.

    Raises:
        RefusedError: it names nobody, or its end is none.
        RefusedPageError: the ledger or the result can't be read.
    """
    require_end(wanted.expires_at, now=asked.now)
    control = control_of(asked)
    try:
        standing = control.knowledge.read()
    except StillwatchError as refused:
        raise word_refusal(refused) from refused
    account_ids = choose_accounts(wanted, standing)
    reason = word_reason(
        wanted.effect,
        expires_at=wanted.expires_at,
        settings=control.settings,
        places=control.places,
    )
    return account_ids, _try(asked, Proposal(wanted.effect, account_ids, reason))


def try_standing(asked: Asked, decision: Decision) -> DryRun:
    """Say what a proposed decision would do, as things are now.

    Raises:
        RefusedPageError: the ledger or the result can't be read.
    """
    with asked.ledger().read() as view:
        names = list_named(view, decision.decision_id)
    return _try(asked, Proposal(decision.effect, names, decision.reason))


def _try(asked: Asked, proposal: Proposal) -> DryRun:
    control = control_of(asked)
    try:
        standing = control.knowledge.read()
        with asked.ledger().read() as view:
            policy, guards = find_guards(view, control.places.policy_name)
            spared = list_spared(view, since=asked.now - guards.cool_down)
        standing = standing.with_spared(spared)
        return try_out(proposal, standing=standing, guards=guards, policy=policy, now=asked.now)
    except StillwatchError as refused:
        raise word_refusal(refused) from refused
