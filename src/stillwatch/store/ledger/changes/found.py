"""Recording what detection found, and what analysts answered."""

from __future__ import annotations

from dataclasses import asdict, fields

import sqlalchemy as sa

from stillwatch.store.ledger.bounds import fit
from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.nouns.findings import (
    Campaign,
    Disposition,
    Finding,
    NewCampaign,
    NewDisposition,
    NewFinding,
)
from stillwatch.store.ledger.nouns.likenesses import (
    LIKENESSES,
    KeptLikeness,
    Likeness,
    NewLikeness,
)


class FoundVerbs(Writing):
    """Verbs on campaigns, findings and dispositions."""

    def record_campaign(self, campaign: NewCampaign) -> bool:
        """Write a campaign as a look has found it, over what an earlier look has; say if new.

        Raises:
            BadValue: a figure or word is outside its bounds.
        """
        own = {"recorded_at": self.now, "version": 1}
        there = self._seek(Campaign, campaign.campaign_id)
        if there is None:
            return self._insert(Campaign, campaign, own, verb="campaign.record")
        changes = {**asdict(campaign), "recorded_at": self.now}
        self._alter(there, changes, verb="campaign.record")
        return False

    def record_finding(self, finding: NewFinding) -> bool:
        """Write a finding once; say whether it was news.

        Raises:
            RowExists: the id has another finding.
            UnknownRow: its campaign is not recorded.
        """
        self._require(Campaign, finding.campaign_id)
        own = {"recorded_by": self.actor, "recorded_at": self.now}
        return self._insert(Finding, finding, own, verb="finding.record")

    def record_likeness(self, likeness: NewLikeness) -> bool:
        """Write how a campaign looks at a look, over how it looked before; say if that changed.

        Raises:
            UnknownRow: the campaign is not recorded.
        """
        self._require(Campaign, likeness.campaign_id)
        there = self._seek(Likeness, likeness.campaign_id)
        if there is None:
            return self._insert(Likeness, likeness, {"version": 1}, verb="likeness.record")
        given = fit(Likeness, asdict(likeness))
        if all(getattr(there, name) == value for name, value in given.items()):
            return False
        self._alter(there, given, verb="likeness.record")
        return True

    def note_disposition(self, disposition: NewDisposition) -> bool:
        """Write an analyst's answer once; a later answer on the same subject is a new row.

        With it is kept how the campaign, or the group, looked when it was last judged.

        Raises:
            RowExists: the id has another answer.
        """
        own = {"noted_by": self.actor, "noted_at": self.now}
        is_news = self._insert(Disposition, disposition, own, verb="disposition.note")
        if is_news and (seen := self._seek_likeness(disposition)):
            figures = {f.name: getattr(seen, f.name) for f in fields(NewLikeness)}
            kept = KeptLikeness(disposition_id=disposition.disposition_id, **figures)
            self._insert(KeptLikeness, kept, {}, verb="disposition.keep")
        return is_news

    def _seek_likeness(self, disposition: NewDisposition) -> Likeness | None:
        if disposition.subject_kind == "campaign":
            return self._seek(Likeness, disposition.subject_id)
        if disposition.subject_kind != "group":
            return None  # what one account is says nothing of how its group looks
        asked = (
            sa.select(LIKENESSES)
            .where(LIKENESSES.c.group_id == disposition.subject_id)
            .order_by(LIKENESSES.c.judged_at.desc(), LIKENESSES.c.campaign_id)
        )
        found = self._connection.execute(asked).mappings().first()
        return Likeness(**found) if found else None
