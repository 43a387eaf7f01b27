"""One rule or one budget of a policy, read key by key; what is missing or contradicts is a problem.

What a rule may say is bounded here by what the house allows: a termination needs two people, a
suspension without a person is for `fraudulent` alone, every effect has an end.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from stillwatch.decide.policy.conditions import FIELDS, Conditions, OneOf
from stillwatch.decide.policy.language.asking import read_conditions
from stillwatch.decide.policy.language.compose import Node
from stillwatch.decide.policy.language.problems import Place, Problems, list_words
from stillwatch.decide.policy.language.values import (
    read_count,
    read_duration,
    read_mapping,
    read_name,
    read_word,
    read_words,
)
from stillwatch.decide.policy.model import (
    CHOICES,
    FOUR_EYES,
    NAMED_DURATIONS,
    Budget,
    Rate,
    Rule,
)
from stillwatch.domain.results import TAKING

_RATES: Final = ("exchanges_per_hour", "output_tokens_per_hour")
_OF_EFFECT: Final = {
    "exchanges_per_hour": "throttle",
    "output_tokens_per_hour": "throttle",
    "method": "challenge",
    "measures": "degrade",
}
"""Key → the one effect that it belongs to."""
RULE_KEYS: Final = ("name", "when", "unless", "then", "for", "people", *_OF_EFFECT)
BUDGET_KEYS: Final = ("name", "when", *_RATES, "for")
_OF_CAMPAIGN: Final = tuple(field for field in FIELDS if field.of_campaign)
_LASTS: Final = "for"


def read_rule(node: Node, problems: Problems, *, measures: tuple[str, ...]) -> Rule | None:
    """Read a rule.

    Nulls:   None = it is none; then there is a problem.
    Cost:    linear in its keys.
    """
    before = len(problems.found)
    keys = read_mapping(node, problems, keys=RULE_KEYS, of="a rule")
    name = _required("name", keys, node, problems)
    named = read_name(name, problems) if name else None
    then = _required("then", keys, node, problems)
    effect = read_word(then, problems, known=CHOICES) if then else None
    when = _read_when(keys, node, problems)
    unless = keys.get("unless")
    rule = Rule(
        name=named or "",
        when=when,
        unless=read_conditions(unless, problems, of="`unless`") if unless else {},
        then=effect or "",
        lasts=_read_lasts(keys, node, problems, may_name=True) or timedelta(0),
        people=(read_count(keys["people"], problems) or 0) if "people" in keys else 0,
        rate=_read_rate(keys, problems),
        method=read_name(keys["method"], problems) if "method" in keys else None,
        measures=_read_measures(keys, problems, known=measures),
    )
    if effect and then:
        _check_parameters(rule, keys, then.place, problems)
        _check_people(rule, keys.get("people", then).place, problems)
    return rule if len(problems.found) == before else None


def read_budget(node: Node, problems: Problems) -> Budget | None:
    """Read a campaign budget.

    Nulls:   None = it is none; then there is a problem.
    Cost:    linear in its keys.
    """
    before = len(problems.found)
    keys = read_mapping(node, problems, keys=BUDGET_KEYS, of="a budget")
    name = _required("name", keys, node, problems)
    named = read_name(name, problems) if name else None
    asked = _required("when", keys, node, problems)
    of = "the `when` of a budget (which asks about campaigns alone)"
    when = read_conditions(asked, problems, of=of, fields=_OF_CAMPAIGN) if asked else {}
    lasts = _read_lasts(keys, node, problems, may_name=False)
    rate = _read_rate(keys, problems)
    if rate is None:
        problems.add(node.place, "a budget without a ceiling", hint=f"add {list_words(_RATES)}")
    if named and rate and isinstance(lasts, timedelta) and len(problems.found) == before:
        return Budget(named, when, rate, lasts)
    return None


def _required(key: str, keys: dict[str, Node], node: Node, problems: Problems) -> Node | None:
    if key not in keys and node.kind == "mapping":
        problems.add(node.place, f"`{key}` is missing", hint=f"add `{key}:`")
    return keys.get(key)


def _read_when(keys: dict[str, Node], node: Node, problems: Problems) -> Conditions:
    asked = _required("when", keys, node, problems)
    if asked is None:
        return {}
    if asked.kind == "mapping" and not asked.items:
        hint = "name at least one condition: a rule for everybody is an accident"
        problems.add(asked.place, "`when` asks nothing", hint=hint)
    return read_conditions(asked, problems, of="`when`")


def _read_lasts(
    keys: dict[str, Node], node: Node, problems: Problems, *, may_name: bool
) -> timedelta | str | None:
    lasts = keys.get(_LASTS)
    if lasts is None:
        if node.kind == "mapping":
            what, hint = "no expiry: every effect ends by itself", "add `for: 30d`"
            problems.add(node.place, what, hint=hint)
        return None
    if may_name and lasts.scalar in NAMED_DURATIONS:
        return str(lasts.scalar)
    return read_duration(lasts, problems)


def _read_rate(keys: dict[str, Node], problems: Problems) -> Rate | None:
    given = {key: read_count(keys[key], problems) for key in _RATES if key in keys}
    return Rate(**given) if given else None


def _read_measures(
    keys: dict[str, Node], problems: Problems, *, known: tuple[str, ...]
) -> tuple[str, ...]:
    node = keys.get("measures")
    if node is None:
        return ()
    if not known:
        hint = "list them at the top: `measures: [no_reasoning_text]`"
        problems.add(node.place, "the policy declares no measures", hint=hint)
        return ()
    return read_words(node, problems, known=known)


def _check_parameters(rule: Rule, keys: dict[str, Node], at: Place, problems: Problems) -> None:
    for key, effect in _OF_EFFECT.items():
        if key in keys and rule.then != effect:
            what = f"`{key}` says nothing for `{rule.then}`"
            problems.add(keys[key].place, what, hint=f"it belongs to `{effect}`: remove it")
    needed = [key for key, effect in _OF_EFFECT.items() if effect == rule.then]
    if needed and not any(key in keys for key in needed):
        what = f"`{rule.then}` does not say how"
        problems.add(at, what, hint=f"add {list_words(needed)}")


def _check_people(rule: Rule, at: Place, problems: Problems) -> None:
    if rule.people > FOUR_EYES:
        problems.add(at, f"{rule.people} people", hint="0, 1 or 2: nobody, one, or four eyes")
    if rule.people and rule.then not in TAKING:
        hint = "remove `people`: nothing is taken from anybody"
        problems.add(at, f"nobody has to approve `{rule.then}`", hint=hint)
    if rule.then == "terminate" and rule.people < FOUR_EYES:
        problems.add(at, "`terminate` without four eyes", hint="add `people: 2`, or suspend")
    if rule.then == "suspend" and not rule.people and not _is_sure(rule.when):
        hint = "ask for `verdict: fraudulent`, or add `people: 1`"
        problems.add(at, "a suspension without a person is for `fraudulent` alone", hint=hint)


def _is_sure(when: Conditions) -> bool:
    return when.get("verdict") == OneOf(frozenset({"fraudulent"}))
