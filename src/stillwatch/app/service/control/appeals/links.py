"""The link with which one account appeals against one decision, and the sentence that carries it.

The ledger has one sentence a decision, for all of its accounts; whoever tells a customer (a
gateway's answer, a notice) asks here for the one that is theirs.
"""

from __future__ import annotations

from stillwatch.app.service.control.settings import ControlSettings
from stillwatch.decide.customer import appeal_words, with_appeal_link
from stillwatch.domain.settings import PolicySettings
from stillwatch.store.appeal_references import AppealReferences
from stillwatch.store.ledger import AuditKey


class AppealLinks:
    """Makes links, and reads the references in them."""

    def __init__(self, key: AuditKey, *, settings: ControlSettings, policy: PolicySettings) -> None:
        self._references = AppealReferences(key)
        self._base = settings.appeal_url_base.rstrip("/")
        self._shared = (
            appeal_words(policy.appeal, base=settings.appeal_url_base),
            policy.appeal,
        )

    @property
    def has_address(self) -> bool:
        """Whether it is known where customers reach the form."""
        return bool(self._base)

    def make(self, decision_id: str, account_id: str) -> str:
        """Give the link of an account's decision; without an address, its reference alone."""
        reference = self._references.make(decision_id, account_id)
        return f"{self._base}/{reference}" if self._base else reference

    def read(self, reference: str) -> tuple[str, str] | None:
        """Give the decision and the account that a reference stands for.

        Nulls:   None where it was not made here.
        """
        return self._references.read(reference)

    def personal(self, sentence: str, *, decision_id: str, account_id: str) -> str:
        """Put an account's own link into the sentence that all customers of a decision get.

        Nulls:   without an address the sentence stays as it is.
        Cost:    some microseconds.
        """
        if not self._base:
            return sentence
        link = self.make(decision_id, account_id)
        return with_appeal_link(sentence, appeals=self._shared, link=link)
