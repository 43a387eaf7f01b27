"""Recording what detection found, and what analysts answered."""

from __future__ import annotations

from dataclasses import asdict

from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.nouns.findings import (
    Campaign,
    Disposition,
    Finding,
    NewCampaign,
    NewDisposition,
    NewFinding,
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

    def note_disposition(self, disposition: NewDisposition) -> bool:
        """Write an analyst's answer once; a later answer on the same subject is a new row.

        Raises:
            RowExists: the id has another answer.
        """
        own = {"noted_by": self.actor, "noted_at": self.now}
        return self._insert(Disposition, disposition, own, verb="disposition.note")
