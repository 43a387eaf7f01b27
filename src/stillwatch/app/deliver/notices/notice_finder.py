"""What people have to be told, read off the audit log and the clock, and queued once for each sink.

The log is the order of all that has happened; reading goes on where the newest notice came from,
and an id made of what happened keeps anything from being told twice. What is older than
NOTICE_AGE_S_MAX is nobody's news any more. The log itself is verified from time to time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from stillwatch.act.notices import (
    tell_of_appeal,
    tell_of_campaign,
    tell_of_deadline,
    tell_of_decision,
    tell_of_failure,
)
from stillwatch.app.deliver.means import ACTOR, Means
from stillwatch.app.deliver.notices.case_news import find_case_news
from stillwatch.app.deliver.notices.left_out import find_left_out
from stillwatch.app.deliver.settings import PERSONAL
from stillwatch.domain.service_limits import (
    LEDGER_PAGE_MAX,
    NOTICE_AGE_S_MAX,
    NOTICE_GROWTH,
    NOTICE_REGROWTH_ACCOUNTS,
    NOTICES_CLAIMED_MAX,
)
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.audit.chain import AuditEntry
from stillwatch.store.ledger.errors import AuditBroken
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import Campaign, Finding
from stillwatch.store.ledger.nouns.notices import NewNotice
from stillwatch.store.ledger.views import View

_REGROWN = ("regrown", "campaign_regrown", "regrown_campaign")
"""Kinds of findings that say it."""
_HOUR_S: Final = 3600.0


class NoticeFinder:
    """What looks for news in a ledger."""

    def __init__(
        self, ledger: Ledger, *, sinks: Sequence[str], appeal_hours: float, means: Means
    ) -> None:
        self._ledger, self._means = ledger, means
        self._ahead = timedelta(hours=appeal_hours)
        team = [one for one in sinks if not one.startswith(PERSONAL)]
        self._team = tuple(team)
        self._addressed = frozenset(
            one.removeprefix(PERSONAL) for one in sinks if one.startswith(PERSONAL)
        )
        self._read_to: int | None = None

    def round(self) -> bool:
        """Read on, and queue what is news; say whether more waits to be read.

        Raises:
            LedgerError: the ledger can't be read or written; the same is read again.
        """
        now = self._means.now()
        with self._ledger.read() as view:
            start = view.last_noticed_entry() if self._read_to is None else self._read_to
            entries = view.list_audit_entries(after=start)
            found = self._find(view, entries, now=now)
            known = view.known_notices({one.notice_id for some in found.values() for one in some})
        news = {
            sinks: fresh
            for sinks, some in found.items()
            if (fresh := [one for one in some if one.notice_id not in known])
        }
        if news:
            with self._ledger.write(actor=ACTOR, now=now) as change:
                for sinks, some in news.items():
                    for at in range(0, len(some), NOTICES_CLAIMED_MAX):
                        change.queue_notices(some[at : at + NOTICES_CLAIMED_MAX], sinks=sinks)
        self._read_to = entries[-1].number if entries else start
        return len(entries) == LEDGER_PAGE_MAX

    def _find(
        self, view: View, entries: Sequence[AuditEntry], *, now: datetime
    ) -> dict[tuple[str, ...], list[NewNotice]]:
        """Find what is to be told, by the sinks at which it is."""
        found: dict[tuple[str, ...], list[NewNotice]] = {}
        if self._team:
            found[self._team] = list(find_notices(view, entries, now=now, ahead=self._ahead))
        oldest = now - timedelta(seconds=NOTICE_AGE_S_MAX)
        for one in find_case_news(view, [one for one in entries if one.at >= oldest]):
            if sinks := one.sinks(self._team, self._addressed):
                found.setdefault(sinks, []).append(one.notice)
        return found


class AuditWatch:
    """What verifies the audit log from time to time."""

    def __init__(self, ledger: Ledger, *, every_hours: float, means: Means) -> None:
        self._ledger, self._every_s, self._means = ledger, every_hours * _HOUR_S, means
        self._next_s = float("-inf")

    def round(self) -> bool:
        """Verify, if it is time.

        Cost:    linear in the log's entries and the ledger's rows.

        Raises:
            AuditBroken: it is not whole; it is looked at again in the next round.
        """
        now_s = self._means.steady_s()
        if now_s < self._next_s:
            return False
        report = self._ledger.verify()
        if not report.is_whole:
            says = f"{len(report.faults):,} faults, the first: {report.faults[0].says}"
            raise AuditBroken(self._ledger.name, says=says)
        self._next_s = now_s + self._every_s
        return False


def find_notices(
    view: View, entries: Sequence[AuditEntry], *, now: datetime, ahead: timedelta
) -> Iterator[NewNotice]:
    """Find what people have to be told of some entries of the audit log, and of the time."""
    oldest = now - timedelta(seconds=NOTICE_AGE_S_MAX)
    fresh = [one for one in entries if one.at >= oldest]
    yield from _campaigns(view, fresh)
    for subject_id, entry in _subjects(fresh, "decision.propose").items():
        decision = view.find(Decision, subject_id)
        if decision.state == "proposed" and decision.approvals_needed:
            yield tell_of_decision(decision, entry=entry)
    yield from find_left_out(view, fresh)
    for subject_id, entry in _subjects(fresh, "appeal.file").items():
        appeal = view.find(Appeal, subject_id)
        if appeal.state == "open":
            yield tell_of_appeal(appeal, entry=entry)
    failures = [one for one in fresh if one.verb == "effects.fail"]
    if failures:
        for failed in view.list_failed_effects(since=failures[0].at):
            yield tell_of_failure(failed, at=failures[-1].at, entry=failures[-1].number)
    for appeal in view.list_appeals_due(until=now + ahead):
        yield tell_of_deadline(appeal)


def _campaigns(view: View, fresh: Sequence[AuditEntry]) -> Iterator[NewNotice]:
    recorded = _subjects(fresh, "campaign.record")
    regrown = {}
    for finding_id, entry in _subjects(fresh, "finding.record").items():
        finding = view.find(Finding, finding_id)
        if finding.kind in _REGROWN and finding.campaign_id is not None:
            regrown[finding.campaign_id] = entry
    told = view.accounts_told({*recorded, *regrown})
    for campaign_id, entry in {**recorded, **regrown}.items():
        campaign, before = view.find(Campaign, campaign_id), told.get(campaign_id)
        acted_on = view.accounts_acted_on(campaign_id)
        is_said = campaign_id in regrown
        if before is None or is_said or _has_grown(campaign, before=before, acted_on=acted_on):
            yield tell_of_campaign(
                campaign,
                told_before=before,
                was_acted_on=is_said or acted_on is not None,
                entry=entry,
            )


def _has_grown(campaign: Campaign, *, before: int, acted_on: int | None) -> bool:
    if acted_on is None:
        return campaign.accounts >= NOTICE_GROWTH * before
    return campaign.accounts >= max(before, acted_on) + NOTICE_REGROWTH_ACCOUNTS


def _subjects(entries: Collection[AuditEntry], verb: str) -> dict[str, int]:
    """Give by subject the newest entry of a verb."""
    return {one.subject_id: one.number for one in entries if one.verb == verb}
