"""What a look takes from the ledger beside it: the policy in force, permissions, answers.

Reads one instant of the ledger as the look begins, and writes nothing. The policy is chosen as
enforcement chooses it: the ledger's active version of the house's, else the operator's file, else
the shipped one. Permissions come with those that have ended, since a revocation speaks too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.app.loops.answered import read_answered
from stillwatch.app.requests import Beforehand
from stillwatch.app.steps.policies import read_policy, read_policy_text, understand_policy
from stillwatch.decide.policy.model import Policy
from stillwatch.decide.policy.shipped import shipped_text
from stillwatch.domain.errors import BadPolicy
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
from stillwatch.domain.tables import GRANT
from stillwatch.ingest.snapshots import SAID
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.policies import Permission
from stillwatch.store.ledger.nouns.policies import Policy as PublishedPolicy
from stillwatch.store.ledger.views import View

_SHIPPED: Final = "the shipped policy"


@dataclass(frozen=True, slots=True)
class PolicyText:
    """The text of the policy that rules, and whose it is."""

    text: str
    where: str
    """How people are told of it."""
    origin: str
    """`ledger`, `file` or `shipped`."""
    policy_id: str | None = None
    """The version in the ledger, where it comes from there."""


@dataclass(frozen=True, slots=True)
class LookRules:
    """Under which rules looks are taken: a ledger's, a file's, or the shipped ones."""

    policy_file: Path | None = None
    ledger: Ledger | None = None
    policy_name: str = "house"

    def read(self, *, now: datetime) -> tuple[Policy | None, Beforehand | None]:
        """Read the policy, and what the ledger says beforehand; None = shipped, and no ledger.

        Beside a ledger a policy that is none leaves the look under the shipped one, and says so:
        the ledger rules by then, and what was found must not wait for it.

        Raises:
            BadPolicy: the file can't be read, or is none, and there is no ledger.
            LedgerError: the ledger can't be read; nobody knows who is permitted what.
        """
        if self.ledger is None:
            return read_policy(self.policy_file), None
        with self.ledger.read() as view:
            as_of, said = view.find_head().entries, _read_said(view, now)
            answered = read_answered(view, at=now)
            try:
                chosen = choose_text(view, name=self.policy_name, file=self.policy_file)
                policy = understand_policy(chosen.text, where=chosen.where)
            except BadPolicy as refused:
                problem = str(refused)
                return None, Beforehand(as_of, said, "shipped", None, problem, answered)
            policy_id = chosen.policy_id or _find_published(view, policy.name, chosen.text)
        return policy, Beforehand(as_of, said, chosen.origin, policy_id, answered=answered)


def choose_text(view: View, *, name: str, file: Path | None) -> PolicyText:
    """Find the text that rules: the ledger's active version of a name, else a file, else ours.

    Raises:
        BadPolicy: the file that should rule can't be read.
    """
    active = view.find_active_policy(name)
    if active is not None:
        return PolicyText(active.text, active.policy_id, "ledger", active.policy_id)
    if file is not None:
        return PolicyText(read_policy_text(file), str(file), "file")
    return PolicyText(shipped_text(), _SHIPPED, "shipped")


def _find_published(view: View, name: str, text: str) -> str | None:
    """Name the newest version of a policy, if it has this text."""
    versions = view.list(PublishedPolicy, limit=1, name=name).rows
    return versions[0].policy_id if versions and versions[0].text == text else None


def _read_said(view: View, now: datetime) -> pl.DataFrame:
    rows = list(_all_permissions(view))
    told = [
        {
            "permission_id": one.permission_id,
            "is_in_force": one.is_in_force(now),
            "is_revoked": one.revoked_at is not None,
            "number": len(rows) - place,
            **{name: getattr(one, name) for name in GRANT.columns},
        }
        for place, one in enumerate(rows)
    ]
    return pl.DataFrame(told, schema=SAID)


def _all_permissions(view: View) -> Iterator[Permission]:
    """Read every permission that was ever recorded, the newest first."""
    after = None
    while True:
        page = view.list(Permission, after=after, limit=LEDGER_PAGE_MAX)
        yield from page.rows
        if page.next is None:
            return
        after = page.next
