"""One look from finding to effect: recorded, ruled under what the ledger knows, proposed.

The order matters: what was found is in the ledger before anything can fail that only acting needs.
A policy that is none, a register that can't be read or a ledger that somebody has just changed
leave the look recorded and nobody under a new effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from stillwatch.app.enforce.doubting import let_go_across_merges, tell_doubts
from stillwatch.app.enforce.from_looks.drafts import Drafted, KeptOff
from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.from_looks.naming import stable_id
from stillwatch.app.enforce.from_looks.proposals import draft_decisions
from stillwatch.app.enforce.from_looks.recording import Recorded, record_look, write_findings
from stillwatch.app.enforce.from_looks.restraints import (
    Restraints,
    permit,
    read_restraints,
    read_spared_subjects,
)
from stillwatch.app.enforce.from_looks.rules import RulingPolicy, choose_policy
from stillwatch.app.enforce.proposing import Manner, Proposed, propose
from stillwatch.app.enforce.settings import EnforceSettings
from stillwatch.decide.decide import decide_under
from stillwatch.decide.policy.guards import Refusal
from stillwatch.decide.policy.subjects import Known
from stillwatch.domain.settings import Settings
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import StaleVersion
from stillwatch.store.ledger.nouns.findings import NewFinding

_TRIES: Final = 5
"""Times that a look is ruled anew because a person decided something meanwhile: they are slower."""


@dataclass(frozen=True, slots=True)
class Enforced:
    """What came of one look."""

    look: str
    policy_id: str
    recorded: Recorded
    proposed: Proposed
    kept_off: tuple[KeptOff, ...]
    refusals: tuple[Refusal, ...]
    """What the guards stopped, with their figures."""
    doubts: int
    """Accounts under an effect of which this look, and none before, thinks better."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Where the policy comes from, and the settings that it is applied under."""

    settings: Settings
    enforce: EnforceSettings
    policy_file: Path | None = None


def enforce_look(
    ledger: Ledger, look: LookTables, *, rules: Rules, clock: Callable[[], datetime]
) -> Enforced:
    """Bring one look from finding to effect.

    Raises:
        BadPolicy: the policy that should rule is none; the look is recorded, nothing proposed.
        LedgerError: the ledger can't be read or written.
        StaleVersion: people kept deciding while this was being ruled; nothing more was proposed.
    """
    recorded = record_look(ledger, look, now=clock())
    chosen = choose_policy(
        ledger, name=rules.enforce.policy_name, file=rules.policy_file, now=clock()
    )
    for last in range(_TRIES):
        try:
            proposed, drafted, refusals = _rule_once(ledger, look, chosen, rules, clock)
            break
        except StaleVersion:
            if last == _TRIES - 1:
                raise
    findings = [one for kept in drafted.kept_off if (one := _tell_kept_off(look, kept))]
    write_findings(ledger, findings, now=clock())
    doubts = tell_doubts(ledger, look, now=clock())
    if look.merged_into:
        with ledger.read() as view:
            answered = read_spared_subjects(view)
        let_go_across_merges(ledger, look, answered, now=clock())
    return Enforced(
        look.name, chosen.policy_id, recorded, proposed, drafted.kept_off, refusals, doubts
    )


def _rule_once(
    ledger: Ledger,
    look: LookTables,
    chosen: RulingPolicy,
    rules: Rules,
    clock: Callable[[], datetime],
) -> tuple[Proposed, Drafted, tuple[Refusal, ...]]:
    now, policy = clock(), chosen.policy
    restraints = read_restraints(ledger, cool_down=policy.guards.cool_down, at=look.at, now=now)
    permitted = replace(look, accounts=permit(look, restraints.grants, now=now))
    drafted, refusals = _draft(permitted, restraints, chosen, rules)
    manner = Manner(chosen.policy_id, rules.settings.policy.appeal, rules.enforce.channel_names())
    proposed = propose(
        ledger, drafted.drafts, permitted, manner=manner, as_of=restraints.as_of, now=clock()
    )
    return proposed, drafted, refusals


def _draft(
    look: LookTables, restraints: Restraints, chosen: RulingPolicy, rules: Rules
) -> tuple[Drafted, tuple[Refusal, ...]]:
    known = Known(look.accounts, look.campaigns, look.register, restraints.spared)
    decided = decide_under(chosen.policy, known, settings=rules.settings, now=look.at)
    drafted = draft_decisions(
        look, decided, restraints, policy=chosen.policy, settings=rules.settings.policy
    )
    return drafted, decided.ruled.refusals


def _tell_kept_off(look: LookTables, kept: KeptOff) -> NewFinding | None:
    """Word for people that machines kept off accounts; once for the same accounts and reason."""
    if kept.campaign_id is None:
        return None
    return NewFinding(
        finding_id=stable_id("f", "kept_off", kept.campaign_id, kept.why, kept.account_ids),
        kind="kept_off",
        subject_kind="campaign",
        subject_id=kept.campaign_id,
        campaign_id=kept.campaign_id,
        reasons=(kept.why,),
        accounts=len(kept.account_ids),
        result=look.name,
        summary=f"Nothing is done by machine with {len(kept.account_ids):,} of its accounts: "
        f"{kept.why}.",
        found_at=look.at,
    )
