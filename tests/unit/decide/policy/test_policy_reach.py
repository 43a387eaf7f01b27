"""Rules that can never match are found, and no rule that can."""

from __future__ import annotations

import pytest
from policies import policy_of, problems_of, text_of


def _rules(*whens: str) -> str:
    return "".join(
        f"  - {{name: r{n}, {when}, then: review, for: 1d}}\n" for n, when in enumerate(whens)
    )


@pytest.mark.parametrize(
    ("whens", "by"),
    [
        (["when: {verdict: suspect}", "when: {verdict: suspect}"], "`r0`"),
        (["when: {verdict: [suspect, watch]}", "when: {verdict: watch, kind: distillation}"], "r0"),
        (["when: {q_value: {at_most: 5%}}", "when: {q_value: {at_least: 1%, at_most: 2%}}"], "r0"),
        (["when: {families: {any: [client, timing]}}", "when: {families: {all: [client]}}"], "r0"),
        (["when: {families: {all: [client]}}", "when: {families: {all: [client, timing]}}"], "r0"),
        (
            [
                "when: {verdict: fraudulent}",
                "when: {verdict: suspect}",
                "when: {verdict: [fraudulent, suspect], protected: true}",
            ],
            "`r0`, `r1`",
        ),
        (["when: {protected: true}", "when: {protected: false}", "when: {verdict: watch}"], "r1"),
        (["when: {verdict: watch}", "when: {verdict: watch}, unless: {protected: true}"], "r0"),
    ],
)
def test_a_covered_rule_is_told(whens: list[str], by: str) -> None:
    """With the place of the rule, and the rules that leave it nothing."""
    (found,) = problems_of(text_of(_rules(*whens)))
    assert found.place.line == 4 + len(whens)
    assert "can never match" in found.what
    assert by in found.what


@pytest.mark.parametrize(
    "whens",
    [
        ["when: {verdict: suspect, kind: distillation}", "when: {verdict: suspect}"],
        ["when: {verdict: suspect}, unless: {protected: true}", "when: {verdict: suspect}"],
        ["when: {q_value: {at_most: 1%}}", "when: {q_value: {at_most: 2%}}"],
        ["when: {families: {all: [client, timing]}}", "when: {families: {any: [client]}}"],
        ["when: {protected: true}", "when: {verdict: watch}"],
        [
            "when: {kind: [distillation, coordinated_other]}",
            "when: {kind: single_account_harvest}",
            "when: {verdict: watch}",
        ],
    ],
)
def test_a_rule_that_can_match_is_let_be(whens: list[str]) -> None:
    """Narrower rules before it, an `unless` before it, kinds that an account may not have."""
    assert len(policy_of(_rules(*whens)).rules) == len(whens)
