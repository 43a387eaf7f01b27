"""The page of the language and the shipped policy: true to the code, and to what was before it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from policies import NOW, problems_of, text_of

from stillwatch.decide.customer import customer_sentence
from stillwatch.decide.policy.conditions import FIELDS
from stillwatch.decide.policy.guards import Guard
from stillwatch.decide.policy.language.guarding import GUARD_KEYS
from stillwatch.decide.policy.language.reading import POLICY_KEYS, parse_policy
from stillwatch.decide.policy.language.rules import BUDGET_KEYS, RULE_KEYS
from stillwatch.decide.policy.model import CHOICES, Policy
from stillwatch.decide.policy.shipped import shipped_policy, shipped_text

_PAGE = Path(__file__).resolve().parents[4] / "docs/operate/policy.md"
_EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", _PAGE.read_text(), re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `(\w+)` \|.*\| `([^`]+)` \|$", re.MULTILINE)


@pytest.mark.parametrize("number", range(len(_EXAMPLES)))
def test_every_example_of_the_page_is_a_policy(number: int) -> None:
    """What is copied from it works."""
    assert isinstance(parse_policy(_EXAMPLES[number]), Policy)


def test_the_page_shows_the_shipped_policy_as_it_is() -> None:
    """Comments and all."""
    assert shipped_text() in _EXAMPLES
    assert shipped_policy().name == "shipped"


def test_the_page_has_every_word_of_the_language() -> None:
    """Keys, conditions, effects and guards, each in backticks; four examples at least."""
    page = _PAGE.read_text()
    guards = {re.sub("_revenue$", "", one) for one in get_args(Guard)}
    persons = {"protected", "terminate_needs_a_person", "suspension_bars"}
    words = {*POLICY_KEYS, *RULE_KEYS, *BUDGET_KEYS, *GUARD_KEYS, *CHOICES, *(guards - persons)}
    words |= {field.name for field in FIELDS}
    assert len(_EXAMPLES) >= 4
    assert sorted(one for one in words if f"`{one}" not in page and f"{one}:" not in page) == []


def test_every_condition_has_an_example_that_reads() -> None:
    """The table's last column, put into a rule."""
    rows = dict(_ROW.findall(_PAGE.read_text()))
    names = [field.name for field in FIELDS]
    assert sorted(set(names) - set(rows)) == []
    for name in names:
        rule = f"  - {{name: a, when: {{{rows[name]}}}, then: watch, for: 1d}}\n"
        assert isinstance(parse_policy(text_of(rule)), Policy), rows[name]


def test_a_wrong_example_would_be_noticed() -> None:
    """The check above can fail."""
    assert problems_of(_EXAMPLES[0].replace("suspend\n", "suspned\n"))


@pytest.mark.parametrize("effect", CHOICES)
def test_every_effect_has_a_sentence_for_the_customer_that_tells_nothing_of_the_case(
    effect: str,
) -> None:
    """How to appeal, and no word of how it was found."""
    said = customer_sentence(effect, expires_at=NOW, appeal="at appeals.example").lower()
    assert "appeal at appeals.example" in said
    leaks = (
        "campaign",
        "distil",
        "group",
        "probab",
        "guard",
        "rule",
        "budget",
        "limit",
        "per hour",
    )
    assert [leak for leak in leaks if leak in said] == []
    assert re.findall(r"\d+", said.replace("23 november 2026", "")) == []
