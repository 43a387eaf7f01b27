"""Rules meet accounts: conditions as expressions, and the first rule that matches.

A condition on what is unknown does not hold. An `unless` keeps a rule away where it holds *or may
hold*: in doubt, no rule applies.
"""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Final

import polars as pl

from stillwatch.decide.policy.conditions import Conditions, Holds, OneOf, Test, Within
from stillwatch.decide.policy.model import Budget, Policy, Rule

RULE: Final = "rule_index"


def match_rules(subjects: pl.DataFrame, *, policy: Policy) -> pl.DataFrame:
    """Add the index of the first rule that matches each account.

    Grain:   one row per account, as given.
    Nulls:   no rule matches.
    Cost:    rules times accounts.
    """
    index = pl.lit(None, dtype=pl.Int32)
    for number, rule in reversed(list(enumerate(policy.rules))):
        index = pl.when(_applies(rule)).then(pl.lit(number, dtype=pl.Int32)).otherwise(index)
    return subjects.with_columns(index.alias(RULE))


def match_budget(campaigns: pl.DataFrame, *, budget: Budget) -> pl.DataFrame:
    """Give the campaigns that a budget is for.

    Grain:   one row per campaign of `campaigns` that meets its conditions.
    Cost:    linear in campaigns.
    """
    return campaigns.filter(_all_hold(budget.when))


def _applies(rule: Rule) -> pl.Expr:
    holds = _all_hold(rule.when).fill_null(value=False)
    if not rule.unless:
        return holds
    return holds & (~_all_hold(rule.unless)).fill_null(value=False)


def _all_hold(conditions: Conditions) -> pl.Expr:
    tests = [_holds(name, test) for name, test in conditions.items()]
    return reduce(and_, tests, pl.lit(value=True))


def _holds(name: str, test: Test) -> pl.Expr:
    column = pl.col(name)
    if isinstance(test, OneOf):
        return column.is_in(sorted(test.words))
    if isinstance(test, Within):
        return column.is_finite() & column.is_between(test.low, test.high)
    return _holds_families(column, test)


def _holds_families(column: pl.Expr, test: Holds) -> pl.Expr:
    held = [column.list.contains(word) for word in sorted(test.all_of)]
    if test.any_of:
        held.append(pl.any_horizontal(column.list.contains(w) for w in sorted(test.any_of)))
    return reduce(and_, held, pl.lit(value=True))
