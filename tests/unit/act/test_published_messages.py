"""What is published about messages is true of every message."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from stillwatch.act.digests import Digest, write_notices
from stillwatch.act.effect_messages import write_body, write_in_force, write_items
from stillwatch.act.notices import tell_of_broken_log
from stillwatch.act.published import effects_schema, notices_schema
from stillwatch.store.ledger.nouns.effects import Delivery
from stillwatch.store.ledger.questions.under_way import OutEffect

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def a_body() -> dict[str, object]:
    """Give a request with one effect."""
    terms = {"effect": "suspend", "reason": "é", "expires_at": NOW + timedelta(days=1)}
    one = Delivery(
        decision_id="d-1",
        account_id="a",
        channel="webhook",
        operation="apply",
        attempts=3,
        **terms,  # type: ignore[arg-type]
    )
    out = [OutEffect(account_id="a", decision_id="d-1", **terms)]  # type: ignore[arg-type]
    items = write_items([one], out=out)
    assert json.loads(write_in_force(out)[0])["account_id"] == "a"
    body: dict[str, object] = json.loads(write_body(items, message_id="m", version=7, now=NOW))
    return body


def test_a_request_of_effects_is_as_published() -> None:
    """Every member is there and nothing contradicts its schema."""
    jsonschema.validate(a_body(), effects_schema())


def test_a_message_of_notices_is_as_published() -> None:
    """With a figure that is none, and no link."""
    digest = Digest("m", (tell_of_broken_log(),), NOW)
    jsonschema.validate(json.loads(write_notices(digest, text_alone=False)), notices_schema())


def test_the_schema_can_refuse() -> None:
    """An operation that there isn't, and a member that is missing."""
    body = a_body()
    body["effects"][0]["operation"] = "forget"  # type: ignore[index]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, effects_schema())
    del body["version"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, effects_schema())
