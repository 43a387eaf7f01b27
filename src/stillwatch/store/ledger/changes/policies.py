"""What is allowed beforehand: publishing and activating policies, granting permissions."""

from __future__ import annotations

from hashlib import sha256

import sqlalchemy as sa

from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.errors import BadValue
from stillwatch.store.ledger.nouns.policies import POLICIES, NewPermission, Permission, Policy
from stillwatch.store.ledger.states import require_move


class PolicyVerbs(Writing):
    """Verbs on policies and permissions."""

    def publish_policy(self, name: str, *, text: str) -> Policy:
        """Keep a policy as its next version; the same text again is the version that there is.

        Raises:
            BadValue: the text is over LEDGER_POLICY_CHARS_MAX.
        """
        newest = self._policy_of(name, POLICIES.c.number.desc())
        text_hash = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if newest and newest.text_hash == text_hash:
            return newest
        number = newest.number + 1 if newest else 1
        policy = Policy(
            policy_id=f"{name}@{number}",
            name=name,
            number=number,
            text=text,
            text_hash=text_hash,
            state="published",
            published_by=self.actor,
            published_at=self.now,
            activated_by=None,
            activated_at=None,
            version=1,
        )
        self._insert(Policy, policy, {}, verb="policy.publish", text_hash=text_hash)
        return policy

    def activate_policy(self, policy_id: str) -> Policy:
        """Let a version rule; the one of the same name that ruled is retired.

        Raises:
            MoveRefused: it rules already.
            UnknownRow: there is no such version.
        """
        policy = self._find(Policy, policy_id)
        require_move("policy", policy_id, state=policy.state, to="active")
        ruling = self._policy_of(policy.name, POLICIES.c.number, state="active")
        if ruling:
            self._alter(ruling, {"state": "retired"}, verb="policy.retire")
        changes = {"state": "active", "activated_by": self.actor, "activated_at": self.now}
        return self._alter(policy, changes, verb="policy.activate", before=policy.state)

    def grant_permission(self, permission: NewPermission) -> bool:
        """Write down a permission, once; say whether it was news.

        Raises:
            BadValue: it names no holder, or it ends before it begins.
            RowExists: the id has another permission.
        """
        if permission.account_id is None and permission.org_id is None:
            raise BadValue(
                field="a permission", says="names neither an account nor an organisation"
            )
        begins, ends = permission.valid_from, permission.valid_to
        if begins and ends and ends <= begins:
            raise BadValue(field="a permission", says="ends before it begins")
        own = {"recorded_at": self.now, "revoked_at": None, "version": 1}
        return self._insert(
            Permission, permission, own, verb="permission.grant", scope=permission.scope
        )

    def revoke_permission(self, permission_id: str) -> Permission:
        """Revoke a permission; one that is revoked stays so, with its first instant.

        Raises:
            UnknownRow: there is no such permission.
        """
        permission = self._find(Permission, permission_id)
        if permission.revoked_at is not None:
            return permission
        return self._alter(permission, {"revoked_at": self.now}, verb="permission.revoke")

    def _policy_of(
        self, name: str, order: sa.ColumnElement[int], *, state: str | None = None
    ) -> Policy | None:
        asked = sa.select(POLICIES).where(POLICIES.c.name == name)
        asked = asked if state is None else asked.where(POLICIES.c.state == state)
        found = self._connection.execute(asked.order_by(order).limit(1)).mappings().first()
        return Policy(**found) if found else None
