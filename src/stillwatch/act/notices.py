"""What people are told, as rows of the ledger: one sentence each, made of figures and our words.

Deliberately absent: prompts, addresses, e-mails, account ids, names of people, summaries. What is
not ours (an id) passes `plain`, so that no sentence can carry a mention, a link or an escape.
"""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from typing import Final

from stillwatch.domain.service_limits import LEDGER_ID_CHARS_MAX
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import Campaign
from stillwatch.store.ledger.nouns.notices import NewNotice
from stillwatch.store.ledger.questions.under_way import FailedEffects

_MAIL_ALIKE: Final = re.compile(r"\S*@\S*")
_LINK_ALIKE: Final = re.compile(r"//+|\.(?=[A-Za-z])")
"""What makes a chat see a link: a scheme's slashes, or a dot before letters."""
_STRANGE: Final = re.compile(r"[^A-Za-z0-9 ._:,/+()-]")
_CHARS_MAX: Final = 80
"""Characters of an id in a sentence; ours have a quarter."""
_HOUR_S: Final = 3600
_MOMENT: Final = "%Y-%m-%d %H:%M UTC"
_STILL: Final = {
    "apply": "those accounts are not under the effect there",
    "revert": "those accounts are still under the effect there",
}


def plain(text: str) -> str:
    """Show an id so that it is nothing but an id: no mention, no link, no address, no escape.

    Cost:    linear in characters; at most 80 stay.
    """
    bare = _LINK_ALIKE.sub("?", _MAIL_ALIKE.sub("?", text[:_CHARS_MAX]))
    return _STRANGE.sub("?", bare)


def tell_of_campaign(
    campaign: Campaign, *, told_before: int | None, was_acted_on: bool, entry: int
) -> NewNotice:
    """Tell that a campaign is new, has grown or has grown again.

    Nulls:   `told_before` is None for one that nobody was told of.
    Grain:   one notice for each version of a campaign that is told of.
    """
    kind = "campaign_new"
    if told_before is not None:
        kind = "campaign_regrown" if was_acted_on else "campaign_grown"
    what = {
        "campaign_new": f"New campaign {plain(campaign.campaign_id)}",
        "campaign_grown": f"Campaign {plain(campaign.campaign_id)} has grown much",
        "campaign_regrown": f"Campaign {plain(campaign.campaign_id)} was acted on and grows again",
    }[kind]
    before = "" if told_before is None else f" ({told_before:,} when it was told last)"
    accounts = count_of(campaign.accounts, "account")
    says = (
        f"{what}: {campaign.kind}, q = {campaign.q_value:.2g}, {accounts}{before}, "
        f"{campaign.exchanges:,} exchanges since {campaign.first_seen_at:{_MOMENT}}."
    )
    version = "" if told_before is None else f"/{campaign.version}"
    return NewNotice(
        notice_id=name_notice(kind, campaign.campaign_id + version),
        kind=kind,
        subject_id=campaign.campaign_id,
        accounts=campaign.accounts,
        q_value=campaign.q_value,
        says=says,
        entry=entry,
    )


def tell_of_decision(decision: Decision, *, entry: int) -> NewNotice:
    """Tell that a decision waits for people.

    Grain:   one notice per decision.
    """
    of = "" if decision.campaign_id is None else f" of campaign {plain(decision.campaign_id)}"
    needed = decision.approvals_needed
    people = "1 person" if needed == 1 else f"{needed:,} people"
    says = (
        f"Decision {plain(decision.decision_id)} waits for {people} other than its proposer to "
        f"approve it: {decision.effect}, {count_of(decision.accounts_count, 'account')}{of}, "
        f"until {decision.expires_at:{_MOMENT}}."
    )
    return NewNotice(
        notice_id=name_notice("decision_waits", decision.decision_id),
        kind="decision_waits",
        subject_id=decision.decision_id,
        accounts=decision.accounts_count,
        says=says,
        entry=entry,
    )


def tell_of_appeal(appeal: Appeal, *, entry: int) -> NewNotice:
    """Tell that an appeal waits for a reviewer.

    Grain:   one notice per appeal.
    """
    says = (
        f"Appeal {plain(appeal.appeal_id)} against decision {plain(appeal.decision_id)} waits for "
        f"a reviewer who had no hand in it; its deadline is {appeal.deadline_at:{_MOMENT}}."
    )
    return NewNotice(
        notice_id=name_notice("appeal_waits", appeal.appeal_id),
        kind="appeal_waits",
        subject_id=appeal.appeal_id,
        accounts=1,
        says=says,
        entry=entry,
    )


def tell_of_deadline(appeal: Appeal) -> NewNotice:
    """Tell that the deadline of an appeal without an answer is near.

    Grain:   one notice per appeal.
    """
    waits_for = "its reviewer" if appeal.state == "in_review" else "a reviewer"
    says = (
        f"Appeal {plain(appeal.appeal_id)} still waits for {waits_for}, and its deadline is "
        f"{appeal.deadline_at:{_MOMENT}}."
    )
    return NewNotice(
        notice_id=name_notice("appeal_deadline", appeal.appeal_id),
        kind="appeal_deadline",
        subject_id=appeal.appeal_id,
        accounts=1,
        says=says,
    )


def tell_of_failure(failed: FailedEffects, *, at: datetime, entry: int) -> NewNotice:
    """Tell that deliveries of a decision are not tried any more.

    Grain:   one notice per decision, channel, operation and hour in which some failed.
    """
    decision_id, channel = plain(failed.decision_id), plain(failed.channel)
    says = (
        f"Of decision {decision_id} {count_of(failed.rows, 'delivery')} ({failed.operation}, "
        f"{channel}) failed for good: {plain(failed.last_error or 'no reason was noted')}; "
        f"{_STILL[failed.operation]}. Mend the receiver, then try them again."
    )
    hour = int(at.timestamp()) // _HOUR_S
    subject = f"{failed.decision_id}/{failed.channel}/{failed.operation}/{hour}"
    return NewNotice(
        notice_id=name_notice("delivery_failed", subject),
        kind="delivery_failed",
        subject_id=failed.decision_id,
        accounts=failed.rows,
        says=says,
        entry=entry,
    )


def tell_of_broken_log() -> NewNotice:
    """Tell that the audit log is not as it was written; the ledger can't hold this one.

    Grain:   one notice, whatever is broken.
    """
    return NewNotice(
        notice_id="audit_broken",
        kind="audit_broken",
        subject_id="audit",
        says="The audit log of the ledger is broken, or its deliverer has another audit key: "
        "nothing more is written, and no effect is brought out. Run `stillwatch audit verify`.",
    )


def count_of(number: int, word: str) -> str:
    """Count things in words.

    Cost:    one string.
    """
    many = f"{word.removesuffix('y')}ies" if word.endswith("y") else f"{word}s"
    return f"{number:,} {word if number == 1 else many}"


def name_notice(kind: str, subject: str) -> str:
    """Name a notice after what it tells.

    Cost:    one string; a subject that leaves no room for an id is hashed.
    """
    name = f"{kind}/{subject}"
    if len(name) <= LEDGER_ID_CHARS_MAX:
        return name
    return f"{kind}/{sha256(subject.encode('utf-8', 'surrogatepass')).hexdigest()}"
