"""Which policy rules, and under which version of the ledger's decisions refer to it.

The ledger's active version of the house's policy rules if there is one; else the file that the
operator names, else the shipped one. Either is published into the ledger as it is, so that a
decision can be explained by the very text that made it. A policy that can't be read rules nothing:
it raises, and whoever asked proposes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from stillwatch.app.loops.beside_ledger import choose_text
from stillwatch.app.steps.policies import understand_policy
from stillwatch.decide.policy.model import Policy
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.policies import Policy as PublishedPolicy

POLICY: Final = "service:policy"
"""Whoever proposes what a policy says."""


@dataclass(frozen=True, slots=True)
class RulingPolicy:
    """A policy, and the version in the ledger that it is."""

    policy: Policy
    policy_id: str


def choose_policy(ledger: Ledger, *, name: str, file: Path | None, now: datetime) -> RulingPolicy:
    """Find the policy that rules, and have it in the ledger.

    name:    of the ledger's policy that comes first, once a version of it is active.

    Raises:
        BadPolicy: the one that should rule is none, or can't be read.
        LedgerError: the ledger can't be read or written.
    """
    with ledger.read() as view:
        chosen = choose_text(view, name=name, file=file)
    policy = understand_policy(chosen.text, where=chosen.where)
    if chosen.policy_id is not None:
        return RulingPolicy(policy, chosen.policy_id)
    return RulingPolicy(policy, _publish(ledger, policy.name, chosen.text, now=now).policy_id)


def _publish(ledger: Ledger, name: str, text: str, *, now: datetime) -> PublishedPolicy:
    """Keep a text as the newest version, and write only if it is not that already."""
    with ledger.read() as view:
        versions = view.list(PublishedPolicy, limit=1, name=name).rows
    if versions and versions[0].text == text:
        return versions[0]
    with ledger.write(actor=POLICY, now=now) as change:
        return change.publish_policy(name, text=text)
