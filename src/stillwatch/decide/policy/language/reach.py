"""Which rules can never match, because rules before them cover whatever they ask for.

A rule is out of reach where one before it, without an `unless`, asks for no more; and where several
together do, each for some of the words of the closed lists (all verdicts, all kinds …), which are
gone through cell by cell. It may miss a rule that bounds together cover; what it says is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from stillwatch.decide.policy.conditions import (
    FIELDS,
    Conditions,
    Field,
    OneOf,
    Test,
    covers,
)
from stillwatch.decide.policy.model import Rule


def find_covering(rule: Rule, *, before: Sequence[Rule]) -> tuple[str, ...]:
    """Name the rules that leave nothing to this one; none = it can match.

    Order:   as the policy has them.
    Cost:    rules before times the cells of closed words, 90 at most.
    """
    wide = [one for one in before if not one.unless]
    for one in wide:
        if covers(one.when, rule.when):
            return (one.name,)
    asked = {name for one in wide for name in one.when}
    cells = [
        next((one.name for one in wide if covers(one.when, {**rule.when, **cell})), None)
        for cell in _cells(rule.when, asked)
    ]
    if None in cells:
        return ()
    return tuple(dict.fromkeys(name for name in cells if name))


def _cells(when: Conditions, asked: set[str]) -> list[Conditions]:
    """Split what a rule asks for by every closed list that rules before it ask about."""
    choices: list[list[tuple[str, OneOf]]] = []
    for field in FIELDS:
        test = when.get(field.name)
        if field.name not in asked or not (field.always_one or _is_kind(field, test)):
            continue
        words = test.words if isinstance(test, OneOf) else frozenset(field.words or ())
        choices.append([(field.name, OneOf(frozenset({word}))) for word in sorted(words)])
    return [dict(cell) for cell in product(*choices)]


def _is_kind(field: Field, test: Test | None) -> bool:
    """An account may have no kind at all, so only kinds that the rule asks for can be split."""
    return field.name == "kind" and test is not None
