"""JSON Schemas of what goes to receivers: `stillwatch schema effects`, `stillwatch schema notices`.

Members are added without a new number behind the name; one that is taken away or means something
else makes it `…/2`. Tests hold every message that is sent to these.
"""

from __future__ import annotations

from typing import Any, Final

from stillwatch.act.digests import NOTICES_SCHEMA
from stillwatch.act.effect_messages import EFFECTS_SCHEMA
from stillwatch.store.ledger.nouns.decisions import EFFECTS
from stillwatch.store.ledger.nouns.effects import OPERATIONS
from stillwatch.store.ledger.nouns.notices import NOTICE_KINDS

Schema = dict[str, Any]
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final[Schema] = {"type": "string"}
_INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_TERMS: Final[dict[str, Schema]] = {
    "decision_id": _TEXT,
    "effect": {"enum": list(EFFECTS)},
    "reason": {**_TEXT, "description": "The sentence for the customer."},
    "expires_at": _INSTANT,
}


def effects_schema() -> Schema:
    """Give the schema of a request of effects; a line of a file of effects is one of its items.

    Source:  `effect_messages`, which writes them.
    """
    item = {
        "idempotency_key": {**_TEXT, "description": "Of decision, account and operation."},
        "operation": {"enum": list(OPERATIONS)},
        "account_id": _TEXT,
        **_TERMS,
        "in_force": {
            "type": "array",
            "items": _object(_TERMS),
            "description": "All that is in force on the account after this, as of `version`.",
        },
    }
    frame = {
        "schema": {"const": EFFECTS_SCHEMA},
        "message_id": _TEXT,
        "sent_at": _INSTANT,
        "version": {**_COUNT, "description": "Grows with every change of the ledger."},
        "effects": {"type": "array", "items": _object(item)},
    }
    return {"$schema": _DIALECT, "title": EFFECTS_SCHEMA, **_object(frame)}


def notices_schema() -> Schema:
    """Give the schema of a message of notices.

    Source:  `digests`, which writes them.
    """
    item = {
        "notice_id": _TEXT,
        "kind": {"enum": list(NOTICE_KINDS)},
        "subject_id": _TEXT,
        "accounts": _COUNT,
        "q_value": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "says": _TEXT,
        "link": {"type": ["string", "null"]},
    }
    frame = {
        "schema": {"const": NOTICES_SCHEMA},
        "message_id": _TEXT,
        "sent_at": _INSTANT,
        "text": {**_TEXT, "description": "For people, as a chat takes it."},
        "notices": {"type": "array", "items": _object(item)},
    }
    return {"$schema": _DIALECT, "title": NOTICES_SCHEMA, **_object(frame)}


def _object(members: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": members, "required": list(members)}
