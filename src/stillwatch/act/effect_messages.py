"""What a receiver of effects is told: one object for each account and operation.

An item says what to do (`apply` or `revert` of one decision on one account), and beside it what is
in force on that account after it, so that a receiver can follow either: do as it says, or set the
account to `in_force` if `version` is newer than what it has. A decision that was taken back never
comes again, so that `revert` is final for its `idempotency_key`'s decision and account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from stillwatch.domain.service_limits import WEBHOOK_BODY_BYTES_MAX, WEBHOOK_ITEMS_MAX
from stillwatch.store.ledger.nouns.effects import Delivery
from stillwatch.store.ledger.questions.under_way import OutEffect

EFFECTS_SCHEMA: Final = "stillwatch.effects/1"
IN_FORCE_SCHEMA: Final = "stillwatch.in_force/1"
_KEY_DIGITS: Final = 32
"""Hexadecimal digits of a key: 128 bits of SHA-256."""
_FRAME_BYTES: Final = 512
"""Bytes of a body beside its items."""

Item = tuple[Delivery, bytes]
"""A delivery, and how it is written."""


def idempotency_key(decision_id: str, account_id: str, *, operation: str) -> str:
    """Name one operation of one decision on one account, the same at every try.

    Cost:    one hash.
    """
    parts = orjson.dumps([decision_id, account_id, operation])
    return f"eff_{sha256(parts).hexdigest()[:_KEY_DIGITS]}"


def write_items(deliveries: Iterable[Delivery], *, out: Sequence[OutEffect]) -> list[Item]:
    """Write deliveries as JSON objects, each with what is out on its account.

    Grain:   one item per delivery. Order: as given.
    """
    by_account: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in out:
        by_account[one.account_id].append(_terms(one))
    return [(one, _write(_item(one, by_account[one.account_id]))) for one in deliveries]


def cut_batches(items: Sequence[Item]) -> list[list[Item]]:
    """Cut items into batches that a request may hold.

    Order:   as given; an item that is longer than a body may be goes alone.
    Cost:    linear in items.
    """
    batches: list[list[Item]] = []
    room = 0
    for item in items:
        size = len(item[1]) + 1
        if not batches or size > room or len(batches[-1]) >= WEBHOOK_ITEMS_MAX:
            batches.append([])
            room = WEBHOOK_BODY_BYTES_MAX - _FRAME_BYTES
        batches[-1].append(item)
        room -= size
    return batches


def write_body(batch: Sequence[Item], *, message_id: str, version: int, now: datetime) -> bytes:
    """Write the body of one request.

    Grain:   one object; `effects` has one item a delivery, in the batch's order.
    """
    frame = {
        "schema": EFFECTS_SCHEMA,
        "message_id": message_id,
        "sent_at": now,
        "version": version,
        "effects": [orjson.Fragment(written) for _, written in batch],
    }
    return _write(frame)


def write_in_force(out: Iterable[OutEffect]) -> list[bytes]:
    """Write what is out as lines of the cumulative file, without their line ends.

    Grain:   one line per (account_id, decision_id). Order: as given.
    """
    return [_write({"account_id": one.account_id, **_terms(one)}) for one in out]


def key_of(delivery: Delivery) -> str:
    """Give the idempotency key of a delivery.

    Cost:    one hash.
    """
    return idempotency_key(delivery.decision_id, delivery.account_id, operation=delivery.operation)


def _item(one: Delivery, in_force: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "idempotency_key": key_of(one),
        "operation": one.operation,
        "account_id": one.account_id,
        "decision_id": one.decision_id,
        "effect": one.effect,
        "reason": one.reason,
        "expires_at": one.expires_at,
        "in_force": in_force,
    }


def _terms(one: OutEffect) -> dict[str, Any]:
    return {
        "decision_id": one.decision_id,
        "effect": one.effect,
        "reason": one.reason,
        "expires_at": one.expires_at,
    }


def _write(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)
