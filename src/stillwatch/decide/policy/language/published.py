"""The language as a JSON Schema, for editors and other people's checks.

Made from the catalogue and the lists that the reading goes by. A schema can't say everything: what
contradicts, and what can never match, only `parse_policy` tells.
"""

from __future__ import annotations

from typing import Any, Final

from stillwatch.decide.policy.conditions import FIELDS, FLAGS, Field
from stillwatch.decide.policy.language.guarding import BLAST_KEYS
from stillwatch.decide.policy.language.reading import LANGUAGE
from stillwatch.decide.policy.language.rules import BUDGET_KEYS, RULE_KEYS
from stillwatch.decide.policy.model import CHOICES, FOUR_EYES, NAMED_DURATIONS
from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.limits import (
    POLICY_BUDGETS_MAX,
    POLICY_RULES_MAX,
    POLICY_WORD_CHARS,
    POLICY_WORDS_MAX,
)
from stillwatch.domain.results import TAKING

Schema = dict[str, Any]
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_DURATION: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,6} ?[mhdw]$"}
_SHARE: Final[Schema] = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,6})? ?%$"},
    ]
}
_NAME: Final[Schema] = {
    "type": "string",
    "pattern": "^[a-z][a-z0-9_-]*$",
    "maxLength": POLICY_WORD_CHARS,
}
_UNITS: Final = {"share": _SHARE, "duration": _DURATION}


def policy_schema() -> Schema:
    """Publish the language as a JSON Schema (draft 2020-12).

    Cost:    constant.
    """
    properties = {
        "policy": _NAME,
        "language": {"const": LANGUAGE},
        "measures": _list(_NAME, most=POLICY_WORDS_MAX),
        "guards": _guards(),
        "budgets": _list(_budget(), most=POLICY_BUDGETS_MAX),
        "rules": _list(_rule(), most=POLICY_RULES_MAX),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policy",
        "description": "What is done with whom: rules in order, the first that matches wins.",
        **_object(properties, required=("policy", "language", "guards", "rules")),
    }


def _object(properties: Schema, *, required: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema, *, most: int) -> Schema:
    return {"type": "array", "items": items, "maxItems": most}


def _words(known: tuple[str, ...] | None) -> Schema:
    word: Schema = {"type": "string", "maxLength": POLICY_WORD_CHARS}
    if known:
        word = {"enum": list(known)}
    return {"anyOf": [word, {**_list(word, most=POLICY_WORDS_MAX), "minItems": 1}]}


def _condition(field: Field) -> Schema:
    if field.words == FLAGS:
        test: Schema = {"type": "boolean"}
    elif field.words == FAMILIES:
        test = {**_object({"all": _words(FAMILIES), "any": _words(FAMILIES)}), "minProperties": 1}
    elif field.unit is None:
        test = _words(field.words)
    else:
        bound = _UNITS.get(field.unit, {"type": "number", "minimum": 0})
        test = {**_object({"at_least": bound, "at_most": bound}), "minProperties": 1}
    return {"description": field.says, **test}


def _conditions(*, of_campaign: bool) -> Schema:
    fields = [field for field in FIELDS if field.of_campaign or not of_campaign]
    return _object({field.name: _condition(field) for field in fields})


def _rule() -> Schema:
    known = {
        "name": _NAME,
        "when": {**_conditions(of_campaign=False), "minProperties": 1},
        "unless": _conditions(of_campaign=False),
        "then": {"enum": list(CHOICES)},
        "for": {"anyOf": [_DURATION, {"enum": list(NAMED_DURATIONS)}]},
        "people": {"type": "integer", "minimum": 0, "maximum": FOUR_EYES},
        "exchanges_per_hour": _COUNT,
        "output_tokens_per_hour": _COUNT,
        "method": _NAME,
        "measures": _words(None),
    }
    return _object({key: known[key] for key in RULE_KEYS}, required=("name", "when", "then", "for"))


def _budget() -> Schema:
    known = {
        "name": _NAME,
        "when": _conditions(of_campaign=True),
        "exchanges_per_hour": _COUNT,
        "output_tokens_per_hour": _COUNT,
        "for": _DURATION,
    }
    return _object({key: known[key] for key in BUDGET_KEYS}, required=("name", "when", "for"))


def _guards() -> Schema:
    shares = _object(dict.fromkeys(BLAST_KEYS, _SHARE), required=("accounts",))
    eyes = {"above_accounts": _COUNT, "from": {"enum": list(TAKING)}}
    properties = {
        "dry_run": {"type": "boolean"},
        "blast_radius": shares,
        "four_eyes": _object(eyes, required=("above_accounts",)),
        "cool_down": _DURATION,
    }
    return _object(properties, required=("blast_radius", "cool_down"))
