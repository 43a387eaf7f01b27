"""A clock that is moved by hand, decisions by the dozen, and receivers that keep what they hear."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from ledgers_by_hand import campaign, decision, later

from stillwatch.app.deliver.means import Means
from stillwatch.store.ledger import Ledger

SECRET = "whsec_" + "c2VjcmV0LW9mLWEtdGVzdC0wMDAwMDAwMDAwMDAwMDA="
OLD_SECRET = "whsec_" + "YW4tb2xkZXItc2VjcmV0LW9mLWEtdGVzdC0wMDAwMDA="
State = set[tuple[str, str]]
"""Accounts and the decisions that they are under."""


class Clock:
    """Time as it is set: the calendar's and the steady one together."""

    def __init__(self, now: datetime) -> None:
        self.began = self.now = now
        self._ids = count(1)

    def move(self, **span: float) -> None:
        """Let time go by."""
        self.now += timedelta(**span)

    def steady_s(self) -> float:
        """Give the seconds since the beginning."""
        return (self.now - self.began).total_seconds()

    def means(self, name: str = "one") -> Means:
        """Give a deliverer this clock, no chance, and names of its own."""
        return Means(
            now=lambda: self.now,
            steady_s=self.steady_s,
            chance=lambda: 0.0,
            new_id=lambda: f"claim-{name}-{next(self._ids)}",
        )


def enforce(
    ledger: Ledger,
    decision_id: str = "d-1",
    accounts: tuple[str, ...] = ("acct-1", "acct-2"),
    *,
    channels: tuple[str, ...] = ("webhook",),
    **others: object,
) -> None:
    """Put a decision in force: proposed by ann, approved by ben."""
    now = others.pop("now", later())
    assert isinstance(now, datetime)
    with ledger.write(actor="ann", now=now) as change:
        change.propose_decision(decision(decision_id, **others), account_ids=accounts)
    with ledger.write(actor="ben", now=now) as change:
        change.approve(decision_id)
        change.enqueue_effects(decision_id, channels=channels)


def find_campaign(ledger: Ledger, now: datetime, **others: object) -> None:
    """Record a campaign as a look does."""
    with ledger.write(actor="service:look", now=now) as change:
        change.record_campaign(campaign(**others))


def in_force(ledger: Ledger, now: datetime) -> State:
    """Give what the ledger has in force."""
    with ledger.read() as view:
        return {(one.account_id, one.decision_id) for one in view.list_effects_in_force(now=now)}


def effect_states(ledger: Ledger) -> dict[tuple[str, str], int]:
    """Count the outbox by channel and state."""
    with ledger.read() as view:
        return view.count_effects()


@dataclass
class Follower:
    """Keeps an account's state in both ways that the documentation offers."""

    by_operation: State = field(default_factory=set)
    taken_back: State = field(default_factory=set)
    by_state: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)

    def take(self, message: dict[str, Any]) -> None:
        """Follow a message of effects."""
        for one in message["effects"]:
            self.follow(one)
            version, account = message["version"], one["account_id"]
            if version > self.by_state.get(account, (-1, frozenset()))[0]:
                ids = frozenset(row["decision_id"] for row in one["in_force"])
                self.by_state[account] = (version, ids)

    def follow(self, one: dict[str, Any]) -> None:
        """Do what one item says: a decision that was taken back never comes again."""
        place = (one["account_id"], one["decision_id"])
        self.keys.append(one["idempotency_key"])
        if one["operation"] == "revert":
            self.taken_back.add(place)
            self.by_operation.discard(place)
        elif place not in self.taken_back:
            self.by_operation.add(place)

    @property
    def states(self) -> tuple[State, State]:
        """Give both."""
        told = {(a, d) for a, (_, ids) in self.by_state.items() for d in ids}
        return self.by_operation, told


def read_message(body: bytes) -> dict[str, Any]:
    """Read a body."""
    message = json.loads(body)
    assert isinstance(message, dict)
    return message
