"""A policy applied: the first rule that matches, what is unknown, and what each guard stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import polars as pl
import pytest
from policies import NOW, accounts_of, campaigns_of, known_of, policy_of, register_of

from stillwatch.decide.decide import decide_under
from stillwatch.decide.policy.guards import Refusal
from stillwatch.decide.policy.model import Policy
from stillwatch.decide.policy.ruling import budget_campaigns, rule_accounts
from stillwatch.decide.policy.subjects import SPARED, Known
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.settings import PolicySettings, Settings

_SUSPEND = "  - {name: sure, when: {verdict: fraudulent}, then: suspend, for: 9d}\n"


def _rule(known: Known, policy: Policy) -> tuple[dict[str, dict[str, Any]], dict[str, Refusal]]:
    ruled = rule_accounts(known, policy=policy, settings=PolicySettings(), now=NOW)
    rows = {row["account_id"]: row for row in ruled.rulings.to_dicts()}
    return rows, {refusal.guard: refusal for refusal in ruled.refusals}


def _matches(when: str, known: Known) -> list[str]:
    rows, _ = _rule(known, policy_of(f"  - {{name: a, when: {when}, then: watch, for: 1d}}\n"))
    return sorted(rows)


def test_the_first_rule_that_matches_wins() -> None:
    """In the order of the file, whatever is more severe."""
    rules = "  - {name: low, when: {probability: {at_most: 0.5}}, then: watch, for: 1d}\n"
    rows, _ = _rule(known_of({}, {"probability": 0.4}), policy_of(rules + _SUSPEND))
    assert [rows[f"acct-{n}"]["rule"] for n in range(2)] == ["sure", "low"]
    assert rows["acct-0"]["expires_at"] == NOW + timedelta(days=9)


@pytest.mark.parametrize(
    ("when", "matched"),
    [
        ("{verdict: suspect}", [1]),
        ("{verdict: [suspect, fraudulent]}", [0, 1]),
        ("{kind: distillation}", [0]),
        ("{kind: [distillation, coordinated_other]}", [0, 1]),
        ("{probability: {at_least: 0.9987}}", [0]),
        ("{q_value: {at_most: 0.001}}", [0]),
        ("{families: {all: [content, identity]}}", [0]),
        ("{families: {any: [client, identity]}}", [0, 1]),
        ("{families: {all: [content], any: [client, timing]}}", []),
        ("{family_count: {at_least: 2}}", [0]),
        ("{campaign_accounts: {at_least: 10, at_most: 10}}", [0, 1]),
        ("{harvest_exchanges: {at_least: 1001}}", []),
        ("{harvest_output_tokens: {at_least: 50000}}", [0, 1]),
        ("{campaign_age: {at_least: 3d}}", [0, 1]),
        ("{campaign_age: {at_least: 73h}}", []),
        ("{programme: research}", [0]),
        ("{programme: none}", [1]),
        ("{permission: over_budget}", [2]),
        ("{permission: none, verdict: clear}", [3]),
        ("{account_age: {at_most: 5d}}", [0]),
        ("{protected: true}", [1]),
        ("{protected: false}", [0, 2, 3]),
    ],
)
def test_each_condition_asks_what_it_says(when: str, matched: list[int]) -> None:
    """What is unknown (no register row, no campaign, no number) matches nothing."""
    known = known_of(
        {},
        {"verdict": "suspect", "campaign_id": "c-1", "reasons": ["tied_client"],
         "q_value": 0.04, "probability": 0.7},
        {"verdict": "permitted", "reasons": ["over_budget"], "campaign_id": None,
         "q_value": float("nan"), "probability": float("nan")},
        {"verdict": "clear", "reasons": [], "campaign_id": None,
         "q_value": 1.0, "probability": 0.0},
        campaigns=campaigns_of(c_0="distillation", c_1="coordinated_other"),
        register=register_of(
            acct_0={"program": "research", "created_at": NOW - timedelta(days=5)},
            acct_1={"protected": True},
        ),
    )  # fmt: skip
    assert _matches(when, known) == [f"acct-{n}" for n in matched]


def test_an_unless_that_may_hold_keeps_the_rule_away() -> None:
    """Known to hold: away. Unknown: away, too. Known not to hold: the rule applies."""
    rules = _SUSPEND.replace("then:", "unless: {programme: research, protected: false}, then:")
    known = known_of(
        {}, {}, {}, register=register_of(acct_0={"program": "research"}, acct_1={"program": None})
    )
    rows, _ = _rule(known, policy_of(rules))
    assert sorted(rows) == ["acct-1"]


def test_what_an_effect_needs_is_written_down() -> None:
    """A throttle's rate, a challenge's method, the measures; nothing for the others."""
    rules = (
        "  - {name: a, when: {verdict: watch}, then: throttle, exchanges_per_hour: 3, for: 1d}\n"
        "  - {name: b, when: {verdict: suspect}, then: degrade, measures: [m], for: 1d}\n"
        "  - {name: c, when: {verdict: clear}, then: challenge, method: card, for: 1d}\n"
    )
    verdicts = ("watch", "suspect", "clear", "fraudulent")
    known = known_of(*({"verdict": one} for one in verdicts))
    policy = policy_of(rules + _SUSPEND, top="measures: [m, n]")
    decided = decide_under(policy, known, settings=Settings(), now=NOW)
    assert decided.ruled.rulings["parameters"].to_list() == [
        '{"exchanges_per_hour":3}',
        '{"measures":["m"]}',
        '{"method":"card"}',
        None,
    ]


def test_people_who_have_to_approve_make_a_decision_wait() -> None:
    """Nothing is in force, and the proposal stands in the ruling."""
    policy = policy_of(_SUSPEND.replace("for:", "people: 1, for:"))
    decided = decide_under(policy, known_of({}), settings=Settings(), now=NOW)
    (ruling,), (decision,) = decided.ruled.rulings.to_dicts(), decided.decisions.to_dicts()
    assert (ruling["effect"], ruling["effect_now"], ruling["people"]) == ("suspend", "review", 1)
    assert (decision["effect"], decision["basis"]) == ("review", "fraudulent")
    assert decision["expires_at"] == NOW + timedelta(days=14)


def test_a_protected_account_gets_no_more_than_a_person() -> None:
    """By any effect that takes something; `watch` is as it was."""
    rules = "  - {name: w, when: {verdict: watch}, then: watch, for: 1d}\n" + _SUSPEND
    protected = {"protected": True}
    known = known_of(
        {}, {"verdict": "watch"}, register=register_of(acct_0=protected, acct_1=protected)
    )
    rows, refusals = _rule(known, policy_of(rules))
    assert [rows[f"acct-{n}"]["effect_now"] for n in range(2)] == ["review", "watch"]
    assert refusals["protected"].stopped == 1


def test_the_rulings_say_what_the_bars_have_made_of_them() -> None:
    """A verdict that misses a bar is under review in both tables, and the bars are named."""
    known = known_of({"q_value": 0.5}, {"campaign_id": "c-0"})
    decided = decide_under(policy_of(_SUSPEND), known, settings=Settings(), now=NOW)
    rulings = decided.ruled.rulings
    assert rulings["effect_now"].to_list() == decided.decisions["effect"].to_list()
    assert rulings["effect_now"].to_list() == ["review", "suspend"]
    assert rulings["stopped_by"].to_list() == [["bars"], []]
    assert rulings["expires_at"].to_list() == decided.decisions["expires_at"].to_list()


def test_a_run_over_its_blast_radius_waits_as_a_whole() -> None:
    """At the bound it goes through; over it nobody is hit, and the figures are told."""
    known = known_of({}, {}, {"verdict": "clear"}, {"verdict": "clear"})
    guards = "{{blast_radius: {{accounts: {}%}}, cool_down: 0d}}"
    rows, refusals = _rule(known, policy_of(_SUSPEND, guards=guards.format(50)))
    assert ({row["effect_now"] for row in rows.values()}, refusals) == ({"suspend"}, {})
    rows, refusals = _rule(known, policy_of(_SUSPEND, guards=guards.format(49)))
    assert {row["effect_now"] for row in rows.values()} == {"review"}
    found = refusals["blast_radius"]
    assert (found.stopped, found.measured, found.bound) == (2, 0.5, 0.49)


def test_the_blast_radius_weighs_revenue_where_it_is_known() -> None:
    """One account of four with most of the revenue is too much; without revenue it stands aside."""
    guards = "{blast_radius: {accounts: 100%, revenue: 10%}, cool_down: 0d}"
    policy = policy_of(_SUSPEND, guards=guards)
    rows = ({}, *({"verdict": "clear"} for _ in range(3)))
    register = register_of(acct_0={"revenue_30d": 900.0}, acct_1={"revenue_30d": 100.0})
    _, refusals = _rule(known_of(*rows, register=register), policy)
    found = refusals["blast_radius_revenue"]
    assert (found.stopped, found.measured, found.bound) == (1, 0.9, 0.1)
    assert _rule(known_of(*rows, register=register_of(acct_0={})), policy)[1] == {}


def test_four_eyes_are_needed_above_a_size() -> None:
    """By campaign: the larger one waits for two people, the smaller one goes through."""
    guards = "{blast_radius: {accounts: 100%}, cool_down: 0d, four_eyes: {above_accounts: 2}}"
    known = known_of({}, {}, {}, {"campaign_id": "c-1"}, {"campaign_id": "c-1"})
    rows, refusals = _rule(known, policy_of(_SUSPEND, guards=guards))
    assert [rows[f"acct-{n}"]["people"] for n in range(5)] == [2, 2, 2, 0, 0]
    assert (refusals["four_eyes"].stopped, refusals["four_eyes"].measured) == (3, 3)
    mild = guards.replace("above_accounts: 2", "above_accounts: 2, from: terminate")
    assert _rule(known, policy_of(_SUSPEND, guards=mild))[1] == {}


def test_a_corrected_mistake_is_not_made_again_within_the_cool_down() -> None:
    """Within the days by machine; a day later, or where a person says so, the effect is given."""
    guards = "{blast_radius: {accounts: 100%}, cool_down: 30d}"
    ago = [NOW - timedelta(days=29), NOW - timedelta(days=30)]
    spared = pl.DataFrame({"account_id": ["acct-0", "acct-1"], "at": ago}, schema=SPARED)
    rows, refusals = _rule(known_of({}, {}, spared=spared), policy_of(_SUSPEND, guards=guards))
    assert [rows[f"acct-{n}"]["effect_now"] for n in range(2)] == ["review", "suspend"]
    assert (refusals["cool_down"].stopped, refusals["cool_down"].bound) == (1, 30)
    asked = policy_of(_SUSPEND.replace("for:", "people: 1, for:"), guards=guards)
    assert _rule(known_of({}, spared=spared), asked)[1] == {}


def test_a_dry_run_puts_nothing_into_force() -> None:
    """No decision and no budget; the rulings say what would have been."""
    guards = "{dry_run: true, blast_radius: {accounts: 100%}, cool_down: 0d}"
    top = "budgets: [{name: b, when: {kind: distillation}, exchanges_per_hour: 1, for: 1d}]"
    policy = policy_of(_SUSPEND, guards=guards, top=top)
    decided = decide_under(policy, known_of({}), settings=Settings(), now=NOW)
    assert decided.decisions.height == 0
    (ruling,) = decided.ruled.rulings.to_dicts()
    assert (ruling["effect"], ruling["effect_now"]) == ("suspend", None)
    assert ruling["stopped_by"] == ["dry_run"]
    campaigns = campaigns_of(c_0="distillation")
    assert budget_campaigns(campaigns, policy=policy, now=NOW).height == 0
    live = replace(policy, guards=replace(policy.guards, dry_run=False))
    (budget,) = budget_campaigns(campaigns, policy=live, now=NOW).to_dicts()
    assert (budget["campaign_id"], budget["exchanges_per_hour"]) == ("c-0", 1)


@pytest.mark.parametrize(("then", "verdict"), [("terminate", "fraudulent"), ("suspend", "suspect")])
def test_what_no_machine_does_waits_even_under_a_policy_made_by_hand(
    then: str, verdict: str
) -> None:
    """The language refuses such a rule; the guards stop it where it comes by another way."""
    policy = policy_of(_SUSPEND.replace("fraudulent", verdict).replace("suspend", "review"))
    (rule,) = policy.rules
    forced = replace(policy, rules=(replace(rule, then=then),))
    decided = decide_under(forced, known_of({"verdict": verdict}), settings=Settings(), now=NOW)
    assert decided.decisions["effect"].to_list() == ["review"]
    assert decided.ruled.refusals


@pytest.mark.parametrize(
    ("then", "verdict", "protected", "why"),
    [
        ("terminate", "fraudulent", False, "no machine terminates"),
        ("suspend", "suspect", False, "only `fraudulent`"),
        ("throttle", "suspect", True, "protected"),
    ],
)
def test_the_last_line_holds_should_the_guards_fail(
    then: str, verdict: str, *, protected: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With guards that stop nothing, `decide` itself still leaves it to a person, and says why."""

    def stop_nothing(proposed: pl.DataFrame, **_: object) -> tuple[pl.DataFrame, tuple[()]]:
        return proposed.with_columns(stopped_by=pl.lit([], dtype=pl.List(pl.String))), ()

    monkeypatch.setattr("stillwatch.decide.policy.ruling.apply_guards", stop_nothing)
    policy = policy_of(_SUSPEND.replace("fraudulent", verdict).replace("suspend", "review"))
    forced = replace(policy, rules=(replace(policy.rules[0], then=then),))
    known = known_of({"verdict": verdict}, register=register_of(acct_0={"protected": protected}))
    (row,) = decide_under(forced, known, settings=Settings(), now=NOW).decisions.to_dicts()
    assert row["effect"] == "review"
    assert row["basis"].startswith("failed: ")
    assert why in row["basis"]


def test_the_basis_names_the_guards_that_stopped_it() -> None:
    """For the operator: the verdict, then what held the effect back."""
    guards = "{blast_radius: {accounts: 0%}, cool_down: 0d, four_eyes: {above_accounts: 0}}"
    policy = policy_of(_SUSPEND, guards=guards)
    (row,) = decide_under(policy, known_of({}), settings=Settings(), now=NOW).decisions.to_dicts()
    assert row["basis"] == "fraudulent; blast_radius; four_eyes"


def test_more_effects_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing partial."""
    monkeypatch.setattr(import_module("stillwatch.decide.decide"), "DECISIONS_MAX", 1)
    with pytest.raises(LimitExceeded):
        decide_under(policy_of(_SUSPEND), known_of({}, {}), settings=Settings(), now=NOW)


def test_the_order_of_rows_changes_nothing() -> None:
    """Rulings are sorted by account."""
    accounts = accounts_of(*({} for _ in range(9)))
    policy = policy_of(_SUSPEND)
    first, second = (
        rule_accounts(Known(frame), policy=policy, settings=PolicySettings(), now=NOW).rulings
        for frame in (accounts, accounts.reverse())
    )
    assert first.equals(second)
