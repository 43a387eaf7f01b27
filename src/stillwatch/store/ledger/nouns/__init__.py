"""The rows of the ledger, a file a noun: dataclasses, and the tables that are made of them.

`New…` is what a caller gives, the name without it what the ledger holds. Adding a field here asks
for a migration; a test compares the two on both databases.
"""

from typing import Final

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.appeals import APPEALS, Appeal
from stillwatch.store.ledger.nouns.cases import (
    CASES,
    COMMENTS,
    FOLLOWERS,
    Case,
    Comment,
    Follower,
)
from stillwatch.store.ledger.nouns.columns import Row
from stillwatch.store.ledger.nouns.decisions import APPROVALS, DECISIONS, Approval, Decision
from stillwatch.store.ledger.nouns.findings import (
    CAMPAIGNS,
    DISPOSITIONS,
    FINDINGS,
    Campaign,
    Disposition,
    Finding,
)
from stillwatch.store.ledger.nouns.likenesses import (
    KEPT_LIKENESSES,
    LIKENESSES,
    KeptLikeness,
    Likeness,
)
from stillwatch.store.ledger.nouns.people import (
    API_KEYS,
    INVITATIONS,
    SESSIONS,
    USERS,
    ApiKey,
    Invitation,
    Session,
    User,
)
from stillwatch.store.ledger.nouns.policies import PERMISSIONS, POLICIES, Permission, Policy
from stillwatch.store.ledger.nouns.terms import TERMS, Terms

TABLES: Final[dict[type[Row], sa.Table]] = {
    Campaign: CAMPAIGNS,
    Finding: FINDINGS,
    Disposition: DISPOSITIONS,
    Likeness: LIKENESSES,
    KeptLikeness: KEPT_LIKENESSES,
    User: USERS,
    ApiKey: API_KEYS,
    Invitation: INVITATIONS,
    Session: SESSIONS,
    Policy: POLICIES,
    Permission: PERMISSIONS,
    Case: CASES,
    Comment: COMMENTS,
    Follower: FOLLOWERS,
    Decision: DECISIONS,
    Terms: TERMS,
    Approval: APPROVALS,
    Appeal: APPEALS,
}
"""The table of every kind of row that has one key; audit entries hold an image of each row."""
KINDS: Final[dict[type[Row], str]] = {
    row: {ApiKey: "api_key", KeptLikeness: "kept_likeness"}.get(row, row.__name__.lower())
    for row in TABLES
}
"""The word that audit entries, errors and pages have for each."""

__all__ = ["KINDS", "TABLES", "Row"]
