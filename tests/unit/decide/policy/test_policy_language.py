"""The language: what it reads, and what it refuses, with line, column and a hint."""

from __future__ import annotations

from datetime import timedelta

import jsonschema
import pytest
import yaml
from policies import GUARDS, policy_of, problems_of, text_of

from stillwatch.decide.policy.conditions import Holds, OneOf, Within
from stillwatch.decide.policy.language.published import policy_schema
from stillwatch.decide.policy.language.reading import parse_policy
from stillwatch.decide.policy.model import Policy, Rate
from stillwatch.domain.limits import POLICY_BYTES_MAX, POLICY_DEPTH_MAX, POLICY_PROBLEMS_MAX

_RULE = "  - {name: a, when: {verdict: suspect}, then: review, for: 1d}\n"
_TOP = f"policy: a\nlanguage: 1\nguards: {GUARDS}\nrules: []\n"


def test_a_rule_is_read_as_it_stands() -> None:
    """Words, bounds, sets, durations and parameters each become what they mean."""
    (rule,) = policy_of(
        "  - name: slow\n"
        "    when: {verdict: [suspect, watch], q_value: {at_most: 5%}, protected: false}\n"
        "    unless: {families: {all: [client], any: [content, identity]}, account_age: "
        "{at_least: 2w}}\n"
        "    then: throttle\n"
        "    exchanges_per_hour: 20\n"
        "    people: 1\n"
        "    for: 12h\n"
    ).rules
    assert rule.when == {
        "verdict": OneOf(frozenset({"suspect", "watch"})),
        "q_value": Within(0, 0.05),
        "protected": OneOf(frozenset({"false"})),
    }
    assert rule.unless == {
        "families": Holds(frozenset({"client"}), frozenset({"content", "identity"})),
        "account_age": Within(14 * 86_400, float("inf")),
    }
    assert (rule.then, rule.rate, rule.people) == ("throttle", Rate(20, None), 1)
    assert rule.lasts == timedelta(hours=12)


def test_guards_and_budgets_are_read_as_they_stand() -> None:
    """Shares in per cent or plain; a budget asks about campaigns."""
    policy = policy_of(
        _RULE,
        guards="{dry_run: true, blast_radius: {accounts: 0.05, revenue: 2%}, cool_down: 0d, "
        "four_eyes: {above_accounts: 7, from: suspend}}",
        top="budgets: [{name: b, when: {kind: distillation}, output_tokens_per_hour: 9, for: 1d}]",
    )
    guards, (budget,) = policy.guards, policy.budgets
    assert (guards.dry_run, guards.cool_down) == (True, timedelta(0))
    assert (guards.accounts_share_max, guards.revenue_share_max) == (0.05, 0.02)
    assert (guards.four_eyes_above, guards.four_eyes_from) == (7, "suspend")
    assert budget.rate == Rate(None, 9)


@pytest.mark.parametrize(
    ("rule", "place", "what", "hint"),
    [
        ("{namen: a, when: {verdict: watch}, then: watch, for: 1d}", (5, 6), "no key", "`name`"),
        ("{name: a, when: {verdct: watch}, then: watch, for: 1d}", (5, 22), "no key", "`verdict`"),
        ("{name: a, when: {verdict: wacth}, then: watch, for: 1d}", (5, 31), "unknown", "`watch`"),
        ("{name: a, when: {verdict: watch}, then: suspnd, for: 1d}", (5, 45), "unk", "`suspend`"),
        ("{name: a, when: {verdict: 3}, then: watch, for: 1d}", (5, 31), "a word", "`clear`"),
        ("{name: a, when: {programme: no}, then: watch, for: 1d}", (5, 33), "a word", "quote it"),
        ("{name: a, when: {verdict: []}, then: watch, for: 1d}", (5, 31), "empty list", "one word"),
        ("{name: a, when: {}, then: watch, for: 1d}", (5, 21), "asks nothing", "everybody"),
        ("{name: a, then: watch, for: 1d}", (5, 5), "`when` is missing", "`when:`"),
        ("{name: a, when: {verdict: watch}, for: 1d}", (5, 5), "`then` is missing", "`then:`"),
        ("{name: a, when: {verdict: watch}, then: watch}", (5, 5), "no expiry", "for: 30d"),
        ("{name: a, when: {verdict: watch}, then: watch, for: 1y}", (5, 57), "a duration", "30d"),
        ("{name: a, when: {verdict: watch}, then: watch, for: 0d}", (5, 57), "nothing", "1m"),
        ("{name: a, when: {verdict: watch}, then: watch, for: 400d}", (5, 57), "too long", "366"),
        ("{name: A b, when: {verdict: watch}, then: watch, for: 1d}", (5, 12), "no name", "small"),
        ("{name: a, when: {q_value: {at_most: 2}}, then: watch, for: 1d}", (5, 41), "share", "5%"),
        ("{name: a, when: {q_value: 0.1}, then: watch, for: 1d}", (5, 31), "mapping", "at_most"),
        ("{name: a, when: {q_value: {}}, then: watch, for: 1d}", (5, 31), "no bound", "at_most"),
        (
            "{name: a, when: {family_count: {at_least: 3, at_most: 2}}, then: watch, for: 1d}",
            (5, 59),
            "nothing is at least 3 and at most 2",
            "swap",
        ),
        (
            "{name: a, when: {family_count: {at_least: 7}}, then: watch, for: 1d}",
            (5, 47),
            "number",
            "from 0 to 6",
        ),
        (
            "{name: a, when: {verdict: fraudulent}, then: terminate, for: 1d}",
            (5, 50),
            "without four eyes",
            "people: 2",
        ),
        (
            "{name: a, when: {verdict: fraudulent}, then: terminate, people: 1, for: 1d}",
            (5, 69),
            "without four eyes",
            "people: 2",
        ),
        (
            "{name: a, when: {verdict: [fraudulent, suspect]}, then: suspend, for: 1d}",
            (5, 61),
            "for `fraudulent` alone",
            "people: 1",
        ),
        ("{name: a, when: {verdict: watch}, then: throttle, for: 1d}", (5, 45), "how", "exchanges"),
        (
            "{name: a, when: {verdict: watch}, then: deny, method: b, for: 1d}",
            (5, 59),
            "says nothing for `deny`",
            "`challenge`",
        ),
        (
            "{name: a, when: {verdict: watch}, then: degrade, measures: [x], for: 1d}",
            (5, 64),
            "declares no measures",
            "measures: [",
        ),
        (
            "{name: a, when: {verdict: watch}, then: watch, people: 1, for: 1d}",
            (5, 60),
            "nobody has to approve",
            "remove",
        ),
        (
            "{name: a, name: b, when: {verdict: watch}, then: watch, for: 1d}",
            (5, 15),
            "stands twice",
            "remove one",
        ),
        ("[]", (5, 5), "a rule is a mapping", "`name`"),
    ],
)
def test_a_wrong_rule_is_told_with_its_place_and_a_hint(
    rule: str, place: tuple[int, int], what: str, hint: str
) -> None:
    """One mistake in a rule is one problem: where it stands, what it is, what to do."""
    problems = problems_of(text_of(f"  - {rule}\n"))
    found = problems[0]
    assert len(problems) == 1, problems
    assert (found.place.line, found.place.column) == place
    assert what in found.what
    assert hint in found.hint


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", (1, 1), "empty"),
        ("# nothing\n", (1, 1), "empty"),
        ("policy: [", (1, 10), "no YAML"),
        ("policy: a\n\tlanguage: 1", (2, 1), "no YAML"),
        ("policy: &a x\nlanguage: 1", (1, 9), "an anchor"),
        ("policy: *a", (1, 9), "an alias"),
        ("policy: !!python/object:os.system x", (1, 9), "a tag"),
        ("policy: a\n--- \npolicy: b\n", (3, 1), "second document"),
        ("policy: \x07", (1, 9), "does not allow"),
        ("[" * 40, (1, POLICY_DEPTH_MAX + 1), "nested deeper"),
        ("- a", (1, 1), "a policy is a mapping"),
        ("a: 0o8\n? [b]\n: c", (2, 3), "a key is a word"),
        ("x" * (POLICY_BYTES_MAX + 1), (1, 1), "larger than"),
        ("[" + "a," * 10_001 + "]", (1, 20_000), "more than"),
    ],
)
def test_what_is_no_policy_text_is_told_with_its_place(
    text: str, place: tuple[int, int], what: str
) -> None:
    """Broken YAML, and all that could swell or run: anchors, aliases, tags, depth, size."""
    found = [one for one in problems_of(text) if what in one.what]
    assert [(one.place.line, one.place.column) for one in found][:1] == [place]


@pytest.mark.parametrize(
    ("top", "what"),
    [
        ("policy: a\nguards: {}\nrules: []", "`language` is missing"),
        ("policy: a\nlanguage: 2\nguards: {}\nrules: []", "another language"),
        ("policy: a\nlanguage: 1\nguards: {}\nrules: []", "`blast_radius` is missing"),
        ("policy: a\nlanguage: 1\nguards: {}\nrules: []", "`cool_down` is missing"),
        (
            "policy: a\nlanguage: 1\nguards: {blast_radius: {}, cool_down: 1d}\nrules: []",
            "accounts",
        ),
        (f"policy: a\nlanguage: 1\nguards: {GUARDS}\nrules: {{}}", "here stands a list"),
        (f"policy: a\nlanguage: 1\nguards: {GUARDS}\nrules: [{'a,' * 101}]", "a list of 101"),
        (
            _TOP + "budgets: [{name: b, when: {verdict: suspect}, for: 1d, exchanges_per_hour: 1}]",
            "no key 'verdict'",
        ),
        (_TOP + "budgets: [{name: b, when: {kind: distillation}, for: 1d}]", "without a ceiling"),
    ],
)
def test_what_the_whole_lacks_is_told(top: str, what: str) -> None:
    """The top of the file, its guards and its budgets."""
    assert any(what in one.what for one in problems_of(top))


def test_all_problems_are_told_at_once_in_the_order_of_the_text() -> None:
    """Up to a bound, each once."""
    rules = "".join(f"  - {{name: r{n}, wen: 1}}\n" for n in range(60))
    problems = problems_of(text_of(rules))
    assert len(problems) == POLICY_PROBLEMS_MAX
    assert list(problems) == sorted(set(problems))


def test_names_stand_once() -> None:
    """Decisions refer to rules by name."""
    twice = "  - {name: a, when: {verdict: watch}, then: watch, for: 1d}\n" + _RULE
    (found,) = problems_of(text_of(twice))
    assert (found.place.line, "stands twice" in found.what) == (6, True)


@pytest.mark.parametrize("wrong", ["", "people: 3", "then: fly", "wen: 1"])
def test_the_published_schema_agrees(wrong: str) -> None:
    """What parses is valid under it, and what it can see is not."""
    text = text_of(f"  - name: a\n    when: {{verdict: suspect}}\n    for: 1d\n    {wrong}\n")
    text = text if "then" in wrong else text + "    then: challenge\n    method: m\n"
    valid = jsonschema.Draft202012Validator(policy_schema()).is_valid(yaml.safe_load(text))
    assert valid == isinstance(parse_policy(text), Policy) == (not wrong)
