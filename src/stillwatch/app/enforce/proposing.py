"""Drafts into the ledger: proposed once, and put in force at once where nobody has to approve.

An account that stands under an equal or severer decision of the same campaign is not proposed
again, nor one whose proposal people have rejected, nor one that this very look has decided on
before. What was decided on a campaign holds for its accounts when it has gone into another; but a
budget is made anew, since one ceiling is for all accounts of the whole. If a person decides or
answers anything between reading and writing, all is read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from stillwatch.app.enforce.from_looks.drafts import Draft
from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.from_looks.naming import fit_sentence, stable_id
from stillwatch.app.enforce.from_looks.recording import in_batches
from stillwatch.app.enforce.from_looks.rules import POLICY
from stillwatch.decide.customer import customer_sentence
from stillwatch.domain.service_limits import LEDGER_DECISION_ACCOUNTS_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.decisions import EFFECTS, NewDecision
from stillwatch.store.ledger.nouns.effects import channels_of
from stillwatch.store.ledger.nouns.terms import Terms
from stillwatch.store.ledger.questions.pages import all_pages
from stillwatch.store.ledger.questions.restraints import StandingAccount
from stillwatch.store.ledger.views import View

HUMAN_KINDS: Final = ("decision", "disposition", "appeal", "permission", "policy")
"""What the audit log must not have gone on with between reading and proposing."""
_BATCH: Final = 1_500
"""Decisions of one transaction: five audit entries each, of the 10,000 that it may have."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How decisions are worded and brought out."""

    policy_id: str
    appeal: str
    """How a customer appeals: the end of a sentence."""
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposed:
    """What came of the drafts of a look, in accounts."""

    in_force: int
    waiting: int
    decisions: int


def propose(  # noqa: PLR0913  what is wanted, on what it rests, and when
    ledger: Ledger,
    drafts: Sequence[Draft],
    look: LookTables,
    *,
    manner: Manner,
    as_of: int,
    now: datetime,
) -> Proposed:
    """Write the drafts of a look, as far as they are news.

    as_of:   the last audit entry that the drafts know of.
    Cost:    one transaction for every 1,500 decisions; linear in accounts.

    Raises:
        StaleVersion: somebody decided or answered something since `as_of`; draft again.
        LedgerError: the ledger can't be written; what was written until then stays.
    """
    with ledger.read() as view:
        left = _without_standing(view, drafts, look, now=now)
    counts: Counter[str] = Counter()
    timely = [one for one in left if one.expires_at > now]
    for number, batch in enumerate(in_batches(timely, _BATCH)):
        with ledger.write(actor=POLICY, now=now) as change:
            own = POLICY if number else None
            change.expect_no_news(after=as_of, kinds=HUMAN_KINDS, but_by=own)
            for draft in batch:
                _write(change, draft, look, manner)
                counts["waiting" if draft.people else "in_force"] += len(draft.account_ids)
        counts["decisions"] += len(batch)
    return Proposed(counts["in_force"], counts["waiting"], counts["decisions"])


def _write(change: Change, draft: Draft, look: LookTables, manner: Manner) -> None:
    decision_id = stable_id(
        "d",
        look.name,
        manner.policy_id,
        draft.subject,
        (draft.rule, draft.effect, draft.parameters, draft.people, draft.is_shared),
        draft.account_ids,
    )
    decision = NewDecision(
        decision_id=decision_id,
        effect=draft.effect,
        reason=customer_sentence(draft.effect, expires_at=draft.expires_at, appeal=manner.appeal),
        subject_kind=draft.subject[0],
        subject_id=draft.subject[1],
        campaign_id=draft.campaign_id,
        case_id=draft.case_id,
        policy_id=manner.policy_id,
        basis=fit_sentence(draft.basis),
        approvals_needed=draft.people,
        expires_at=draft.expires_at,
    )
    terms = Terms(
        decision_id=decision_id,
        parameters=draft.parameters,
        is_shared=draft.is_shared,
        rule=draft.rule,
        result=look.name,
    )
    change.propose_decision(decision, account_ids=draft.account_ids, terms=terms)
    if not draft.people:
        change.approve(decision_id, note="the policy needs nobody")
        change.enqueue_effects(decision_id, channels=channels_of(draft.effect, manner.channels))


def _without_standing(
    view: View, drafts: Iterable[Draft], look: LookTables, *, now: datetime
) -> list[Draft]:
    """Leave out of each draft the accounts that need no other decision."""
    decided = list(
        all_pages(
            lambda after: view.list_decided_at(look.name, after=after),
            first=("", ""),
            place=_place,
        )
    )
    standing: dict[str | None, list[StandingAccount]] = {}
    left = []
    for draft in drafts:
        campaign = draft.campaign_id
        if campaign not in standing:
            standing[campaign] = list(_standing(view, campaign, now))
            for part in sorted(look.parts_of(campaign)):
                standing[campaign] += (
                    one for one in _standing(view, part, now) if not one.is_shared
                )
        settled = {one.account_id for one in decided if one.is_shared == draft.is_shared}
        settled |= {one.account_id for one in standing[campaign] if _covers(one, draft)}
        kept = tuple(one for one in draft.account_ids if one not in settled)
        left += [replace(draft, account_ids=part) for part in _parts(kept)]
    return left


def _standing(view: View, campaign_id: str | None, now: datetime) -> Iterator[StandingAccount]:
    return all_pages(
        lambda after: view.list_standing(campaign_id, now=now, after=after),
        first=("", ""),
        place=_place,
    )


def _covers(one: StandingAccount, draft: Draft) -> bool:
    """Say whether a decision that stands makes another one needless, or a rejection forbids it."""
    if one.is_shared != draft.is_shared:
        return False
    if one.is_shared:
        return one.rule == draft.rule
    standing, wanted = EFFECTS.index(one.effect), EFFECTS.index(draft.effect)
    return wanted >= standing if one.state == "rejected" else standing >= wanted


def _parts(account_ids: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for at in range(0, len(account_ids), LEDGER_DECISION_ACCOUNTS_MAX):
        yield account_ids[at : at + LEDGER_DECISION_ACCOUNTS_MAX]


def _place(one: StandingAccount) -> tuple[str, str]:
    return one.account_id, one.decision_id
