"""Questions that the gateway, the deliverers and the service ask, each one statement.

All lists are bounded by LEDGER_PAGE_MAX and go on where `after` says. What is in force, and what
speaks against acting, stand in `in_force` and `restraints`.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa

from stillwatch.domain.results import TAKING
from stillwatch.domain.service_limits import (
    LEDGER_PAGE_MAX,
)
from stillwatch.store.ledger.audit.chain import ENTRIES, AuditEntry
from stillwatch.store.ledger.in_force import Place, require_page
from stillwatch.store.ledger.nouns.appeals import APPEALS, Appeal
from stillwatch.store.ledger.nouns.cases import COMMENTS, Comment
from stillwatch.store.ledger.nouns.decisions import (
    APPROVALS,
    DECIDED_ACCOUNTS,
    DECISIONS,
    Approval,
    DecidedAccount,
)
from stillwatch.store.ledger.nouns.effects import OUTBOX
from stillwatch.store.ledger.nouns.people import API_KEYS, USERS, ApiKey
from stillwatch.store.ledger.nouns.policies import PERMISSIONS, POLICIES, Permission, Policy
from stillwatch.store.ledger.restraints import Restraints, sparing_answers
from stillwatch.store.ledger.states import MACHINE


class Lookups(Restraints):
    """Questions to one instant of the ledger."""

    def list_answered(
        self, *, after: Place = ("", ""), limit: int = LEDGER_PAGE_MAX
    ) -> list[Place]:
        """List what machines have put in force and a person has since answered to be innocent.

        Grain:   one (decision_id, account_id) that is not released, where the answer is younger
                 than the proposal and on the account or on the decision's campaign.
        Order:   by decision_id, then account_id, after the one that is named.
        Cost:    one pass over dispositions, and a look at the accounts that they name.
        """
        answers, accounts, decisions = sparing_answers().c, DECIDED_ACCOUNTS.c, DECISIONS.c
        is_of_account = sa.and_(
            answers.subject_kind == "account", answers.subject_id == accounts.account_id
        )
        is_of_campaign = sa.and_(
            answers.subject_kind == "campaign", answers.subject_id == decisions.campaign_id
        )
        asked = (
            sa.select(accounts.decision_id, accounts.account_id)
            .join(DECISIONS, decisions.decision_id == accounts.decision_id)
            .join(answers.noted_at.table, sa.or_(is_of_account, is_of_campaign))
            .where(decisions.state == "in_force", accounts.released_at.is_(None))
            .where(decisions.approvals_needed == 0, decisions.proposed_by.startswith(MACHINE))
            .where(decisions.effect.in_(TAKING), answers.noted_at > decisions.proposed_at)
            .where(sa.tuple_(accounts.decision_id, accounts.account_id) > sa.tuple_(*after))
            .distinct()
            .order_by(accounts.decision_id, accounts.account_id)
            .limit(require_page(limit))
        )
        return [(row[0], row[1]) for row in self._connection.execute(asked)]

    def list_accounts(
        self, decision_id: str, *, after: str = "", limit: int = LEDGER_PAGE_MAX
    ) -> list[DecidedAccount]:
        """List the accounts of a decision.

        Order:   by account_id, after the one that is named.
        """
        account_id = DECIDED_ACCOUNTS.c.account_id
        asked = (
            sa.select(DECIDED_ACCOUNTS)
            .where(DECIDED_ACCOUNTS.c.decision_id == decision_id, account_id > after)
            .order_by(account_id)
            .limit(require_page(limit))
        )
        return [DecidedAccount(**row) for row in self._connection.execute(asked).mappings()]

    def list_approvals(self, decision_id: str) -> list[Approval]:
        """List who approved a decision, in the order of time."""
        asked = sa.select(APPROVALS).where(APPROVALS.c.decision_id == decision_id)
        asked = asked.order_by(APPROVALS.c.approved_at, APPROVALS.c.approver)
        return [Approval(**row) for row in self._connection.execute(asked).mappings()]

    def list_comments(
        self, case_id: str, *, after: int = 0, limit: int = LEDGER_PAGE_MAX
    ) -> list[Comment]:
        """List the comments on a case, in their order, after a number."""
        asked = (
            sa.select(COMMENTS)
            .where(COMMENTS.c.case_id == case_id, COMMENTS.c.number > after)
            .order_by(COMMENTS.c.number)
            .limit(require_page(limit))
        )
        return [Comment(**row) for row in self._connection.execute(asked).mappings()]

    def list_audit_entries(
        self, *, after: int = 0, limit: int = LEDGER_PAGE_MAX
    ) -> list[AuditEntry]:
        """List audit entries, in their order, after a number."""
        asked = sa.select(ENTRIES).where(ENTRIES.c.number > after).order_by(ENTRIES.c.number)
        rows = self._connection.execute(asked.limit(require_page(limit))).mappings()
        return [AuditEntry(**row) for row in rows]

    def list_permissions_in_force(
        self, *, now: datetime, after: str = "", limit: int = LEDGER_PAGE_MAX
    ) -> list[Permission]:
        """List what is permitted at an instant, by id."""
        columns = PERMISSIONS.c
        asked = (
            sa.select(PERMISSIONS)
            .where(columns.revoked_at.is_(None), columns.permission_id > after)
            .where(sa.or_(columns.valid_from.is_(None), columns.valid_from <= now))
            .where(sa.or_(columns.valid_to.is_(None), columns.valid_to > now))
            .order_by(columns.permission_id)
            .limit(require_page(limit))
        )
        return [Permission(**row) for row in self._connection.execute(asked).mappings()]

    def find_active_policy(self, name: str) -> Policy | None:
        """Find the version of a policy that rules.

        Nulls:   None where none does.
        """
        asked = sa.select(POLICIES).where(POLICIES.c.name == name, POLICIES.c.state == "active")
        found = self._connection.execute(asked).mappings().first()
        return Policy(**found) if found else None

    def find_key(self, token: str, *, now: datetime) -> ApiKey | None:
        """Find the key that a token is, if it may be used now.

        Nulls:   None where it is unknown, revoked or past its end, or its user is not active.
        """
        columns = API_KEYS.c
        asked = (
            sa.select(API_KEYS)
            .join(USERS, USERS.c.user_id == columns.user_id)
            .where(columns.key_hash == hash_secret(token), columns.revoked_at.is_(None))
            .where(
                USERS.c.is_active, sa.or_(columns.expires_at.is_(None), columns.expires_at > now)
            )
        )
        found = self._connection.execute(asked).mappings().first()
        return ApiKey(**found) if found else None

    def find_appeal(self, reference: str) -> Appeal | None:
        """Find the appeal that a customer's reference stands for.

        Nulls:   None where it stands for none.
        """
        asked = sa.select(APPEALS).where(APPEALS.c.reference_hash == hash_secret(reference))
        found = self._connection.execute(asked).mappings().first()
        return Appeal(**found) if found else None

    def count_effects(self) -> dict[tuple[str, str], int]:
        """Count the outbox by channel and state.

        Cost:    one pass over the outbox.
        """
        by = (OUTBOX.c.channel, OUTBOX.c.state)
        asked = sa.select(*by, sa.func.count()).group_by(*by).order_by(*by)
        return {(channel, state): n for channel, state, n in self._connection.execute(asked)}


def hash_secret(secret: str) -> str:
    """Hash a token or a reference, as the ledger keeps it: both are long and drawn at random."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
