"""The `when` and `unless` of a rule: a mapping of conditions, read against the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stillwatch.decide.policy.conditions import (
    FIELDS,
    FLAGS,
    Conditions,
    Field,
    Holds,
    OneOf,
    Test,
    Within,
)
from stillwatch.decide.policy.language.compose import Node
from stillwatch.decide.policy.language.problems import Problems, list_words
from stillwatch.decide.policy.language.values import (
    read_duration,
    read_flag,
    read_mapping,
    read_number,
    read_share,
    read_words,
)
from stillwatch.domain.channels.families import FAMILIES

_AGE_DAYS_MAX: Final = 36_600
"""Days: a century; no account is older."""
_LOW, _HIGH = "at_least", "at_most"


def read_conditions(
    node: Node, problems: Problems, *, of: str, fields: Sequence[Field] = FIELDS
) -> Conditions:
    """Read conditions; what is no condition is a problem and left out.

    Cost:    linear in the conditions.
    """
    names = [field.name for field in fields]
    given = read_mapping(node, problems, keys=names, of=of)
    found: Conditions = {}
    for field in fields:
        if field.name in given:
            test = _read_test(field, given[field.name], problems)
            if test is not None:
                found[field.name] = test
    return found


def _read_test(field: Field, node: Node, problems: Problems) -> Test | None:
    if field.unit is not None:
        return _read_bounds(field, node, problems)
    if field.words == FLAGS:
        flag = read_flag(node, problems)
        return None if flag is None else OneOf(frozenset({str(flag).lower()}))
    if field.words == FAMILIES:
        return _read_families(node, problems)
    words = read_words(node, problems, known=field.words)
    return OneOf(frozenset(words)) if words else None


def _read_families(node: Node, problems: Problems) -> Test | None:
    parts = read_mapping(node, problems, keys=("all", "any"), of="families")
    words = {
        name: frozenset(read_words(part, problems, known=FAMILIES)) for name, part in parts.items()
    }
    if node.kind == "mapping" and not node.items:
        problems.add(node.place, "families asks nothing", hint="write `{all: [...]}` or `{any: …}`")
    return Holds(words.get("all", frozenset()), words.get("any", frozenset())) if words else None


def _read_bounds(field: Field, node: Node, problems: Problems) -> Test | None:
    parts = read_mapping(node, problems, keys=(_LOW, _HIGH), of=field.name)
    if node.kind == "mapping" and not node.items:
        problems.add(node.place, f"{field.name} has no bound", hint=list_words((_LOW, _HIGH)))
    bounds = {name: _read_bound(field, part, problems) for name, part in parts.items()}
    if not bounds or None in bounds.values():
        return None
    low, high = bounds.get(_LOW), bounds.get(_HIGH)
    test = Within(low if low is not None else 0.0, high if high is not None else field.most)
    if test.low > test.high:
        what = f"nothing is at least {parts[_LOW].scalar} and at most {parts[_HIGH].scalar}"
        problems.add(parts[_HIGH].place, what, hint="swap the bounds, or remove one")
        return None
    return test


def _read_bound(field: Field, node: Node, problems: Problems) -> float | None:
    if field.unit == "duration":
        length = read_duration(node, problems, days_max=_AGE_DAYS_MAX, may_be_zero=True)
        return None if length is None else length.total_seconds()
    if field.unit == "share":
        return read_share(node, problems)
    return read_number(node, problems, most=field.most)
