"""A change of the ledger: its verbs, a file a noun, put together as one unit of work."""

from stillwatch.store.ledger.changes.appeals import AppealVerbs
from stillwatch.store.ledger.changes.cases import CaseVerbs
from stillwatch.store.ledger.changes.enforcing.deliveries import DeliveryVerbs
from stillwatch.store.ledger.changes.erasure import ErasureVerbs
from stillwatch.store.ledger.changes.notices import NoticeVerbs
from stillwatch.store.ledger.changes.people import PeopleVerbs
from stillwatch.store.ledger.changes.policies import PolicyVerbs


class Change(
    AppealVerbs,
    DeliveryVerbs,
    NoticeVerbs,
    CaseVerbs,
    PeopleVerbs,
    PolicyVerbs,
    ErasureVerbs,
):
    """Everything that can be done to a ledger, in one transaction with its audit entries."""


__all__ = ["Change"]
