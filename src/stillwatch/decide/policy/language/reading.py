"""A policy from its text: the top of the file, its lists, and what only the whole can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from stillwatch.decide.policy.language.compose import Node, compose
from stillwatch.decide.policy.language.guarding import read_guards
from stillwatch.decide.policy.language.problems import Place, Problem, Problems
from stillwatch.decide.policy.language.reach import find_covering
from stillwatch.decide.policy.language.rules import read_budget, read_rule
from stillwatch.decide.policy.language.values import (
    read_count,
    read_mapping,
    read_name,
)
from stillwatch.decide.policy.model import Budget, Guards, Policy, Rule
from stillwatch.domain.limits import POLICY_BUDGETS_MAX, POLICY_RULES_MAX, POLICY_WORDS_MAX

LANGUAGE: Final = 1
"""Version of the language; raised when a policy would mean something else."""
POLICY_KEYS: Final = ("policy", "language", "measures", "guards", "budgets", "rules")
_REQUIRED: Final = ("policy", "language", "guards", "rules")
_T = TypeVar("_T", Rule, Budget)


def parse_policy(text: str) -> Policy | tuple[Problem, ...]:
    """Read a policy, or say everything that is wrong with it.

    Order:   problems as they stand in the text; never an exception, whatever the text.
    Cost:    linear in the text, quadratic in its rules; both bounded in limits.
    """
    problems = Problems()
    root = compose(text, problems)
    policy = _read_policy(root, problems) if root else None
    return problems.in_order() if problems.found or policy is None else policy


def _read_policy(root: Node, problems: Problems) -> Policy:
    keys = read_mapping(root, problems, keys=POLICY_KEYS, of="a policy")
    if root.kind == "mapping":
        for key in _REQUIRED:
            if key not in keys:
                problems.add(root.place, f"`{key}` is missing", hint=f"add `{key}:`")
    name = read_name(keys["policy"], problems) if "policy" in keys else None
    if "language" in keys and read_count(keys["language"], problems) not in {LANGUAGE, None}:
        hint = f"this version reads `language: {LANGUAGE}`"
        problems.add(keys["language"].place, "another language", hint=hint)
    measures = _read_measures(keys.get("measures"), problems)
    guards = read_guards(keys["guards"], problems) if "guards" in keys else Guards()
    rules = _read_list(
        keys.get("rules"),
        problems,
        read=lambda node: read_rule(node, problems, measures=measures),
        most=POLICY_RULES_MAX,
    )
    budgets = _read_list(
        keys.get("budgets"),
        problems,
        read=lambda node: read_budget(node, problems),
        most=POLICY_BUDGETS_MAX,
    )
    _check_reach(rules, problems)
    listed = tuple(rule for _, rule in rules), tuple(budget for _, budget in budgets)
    return Policy(name or "", listed[0], guards, listed[1], measures)


def _read_measures(node: Node | None, problems: Problems) -> tuple[str, ...]:
    if node is None or not _is_list(node, problems, most=POLICY_WORDS_MAX):
        return ()
    names = [read_name(item, problems) for item in node.items]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _is_list(node: Node, problems: Problems, *, most: int) -> bool:
    if node.kind != "list":
        hint = "begin its lines with `- `"
        problems.add(node.place, f"here stands a list, not {node.word()}", hint=hint)
    elif len(node.items) > most:
        problems.add(node.place, f"a list of {len(node.items):,}", hint=f"{most} at most")
    else:
        return True
    return False


def _read_list(
    node: Node | None, problems: Problems, *, read: Callable[[Node], _T | None], most: int
) -> list[tuple[Place, _T]]:
    if node is None or not _is_list(node, problems, most=most):
        return []
    found = [(item.place, one) for item in node.items if (one := read(item)) is not None]
    names: set[str] = set()
    for place, one in found:
        if one.name in names:
            hint = "names are what decisions refer to: give it another"
            problems.add(place, f"the name `{one.name}` stands twice", hint=hint)
        names.add(one.name)
    return found


def _check_reach(rules: list[tuple[Place, Rule]], problems: Problems) -> None:
    for index, (place, rule) in enumerate(rules):
        covering = find_covering(rule, before=[one for _, one in rules[:index]])
        if covering:
            by = ", ".join(f"`{name}`" for name in covering)
            hint = "move it up, narrow what stands before it, or remove it"
            problems.add(place, f"`{rule.name}` can never match: {by} before it", hint=hint)
