"""Verdicts meet the policy."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from stillwatch.decide import decide
from stillwatch.domain.errors import SettingError
from stillwatch.domain.results import ACCOUNTS_OUT, DECISION, VERDICTS
from stillwatch.domain.schema import check_frame
from stillwatch.domain.settings import PolicySettings, Settings
from stillwatch.domain.tables import REGISTER

_NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
_PLAIN: dict[str, Any] = {
    "probability": 0.9987,
    "q_value": 0.00123,
    "campaign_id": "c-7731",
    "exchanges": 41,
    "reasons": ["shared_payment", "rubric_grading"],
    "explanation": "it shares 198.51.100.7 and a template with acct-9",
    "group_id": "g-55",
}


def _verdicts(*rows: dict[str, Any]) -> pl.DataFrame:
    full = [
        {"account_id": f"acct-{i}", "verdict": "fraudulent", **_PLAIN, **row}
        for i, row in enumerate(rows)
    ]
    return ACCOUNTS_OUT.conform(pl.DataFrame(full, schema_overrides=_overrides()))


def _overrides() -> dict[str, Any]:
    names = ("verdict", "campaign_id", "probability", "q_value", "group_id")
    return {name: ACCOUNTS_OUT.columns[name].dtype for name in names}


def _register(**protected: bool | None) -> pl.DataFrame:
    rows = [{"account_id": name.replace("_", "-"), "protected": p} for name, p in protected.items()]
    schema = {"account_id": pl.String, "protected": pl.Boolean}
    return REGISTER.conform(pl.DataFrame(rows, schema=schema))


def _decide(
    verdicts: pl.DataFrame,
    register: pl.DataFrame | None = None,
    policy: PolicySettings | None = None,
) -> dict[str, dict[str, Any]]:
    decided = decide(
        verdicts,
        register=_register() if register is None else register,
        settings=Settings(policy=policy or PolicySettings()),
        now=_NOW,
    )
    return {row["account_id"]: row for row in check_frame(decided, DECISION).to_dicts()}


def test_each_verdict_has_its_effect() -> None:
    """Fraudulent suspends, suspect goes to a person, the others get no row."""
    rows = _decide(_verdicts(*({"account_id": v, "verdict": v} for v in VERDICTS)))
    assert {name: row["effect"] for name, row in rows.items()} == {
        "fraudulent": "suspend",
        "suspect": "review",
    }


def test_every_effect_ends_by_itself() -> None:
    """After the days that the policy has for it."""
    policy = PolicySettings(suspend_days=3, review_days=2)
    rows = _decide(_verdicts({}, {"verdict": "suspect"}), policy=policy)
    assert rows["acct-0"]["expires_at"] == _NOW + timedelta(days=3)
    assert rows["acct-1"]["expires_at"] == _NOW + timedelta(days=2)


def test_a_protected_account_never_gets_more_than_a_person() -> None:
    """One of several register rows suffices; a null is no protection."""
    register = pl.concat([_register(acct_0=False, acct_1=None), _register(acct_0=True)])
    rows = _decide(_verdicts({}, {}, {}), register)
    assert [rows[f"acct-{i}"]["effect"] for i in range(3)] == ["review", "suspend", "suspend"]
    assert rows["acct-0"]["basis"] == "fraudulent; protected"


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        ({"campaign_id": None}, "no campaign"),
        ({"probability": 1.5}, "probability"),
        ({"probability": float("nan")}, "probability"),
        ({"q_value": 0.011}, "q-value"),
        ({"q_value": float("nan")}, "q-value"),
        ({"verdict": "guilty"}, "unknown"),
    ],
)
def test_a_verdict_that_misses_the_bars_suspends_nobody(broken: dict[str, Any], cause: str) -> None:
    """It gets what the policy fixes for failures, and the basis says why."""
    rows = _decide(_verdicts(broken))
    assert rows["acct-0"]["effect"] == "review"
    assert rows["acct-0"]["basis"].startswith("failed: ")
    assert cause in rows["acct-0"]["basis"]


def test_a_run_whose_expected_error_is_above_the_bar_suspends_nobody() -> None:
    """mean(1 - probability) over those called fraudulent is held to the contract's 0.01."""
    sure, unsure = {"probability": 0.999}, {"probability": 0.97}
    assert _decide(_verdicts(*[sure] * 9, unsure))["acct-0"]["effect"] == "suspend"
    rows = _decide(_verdicts(sure, unsure, {"probability": 0.5, "verdict": "suspect"}))
    assert {row["effect"] for row in rows.values()} == {"review"}
    assert "expected error" in rows["acct-0"]["basis"]
    assert rows["acct-2"]["basis"] == "suspect"


def test_a_decision_that_cannot_be_computed_yields_what_the_policy_fixes() -> None:
    """A register without its columns leaves everybody named to a person, and says so."""
    rows = _decide(
        _verdicts({}, {"verdict": "suspect"}, {"verdict": "clear"}, {"verdict": "permitted"}),
        pl.DataFrame({"other": [1]}),
    )
    assert {name: row["effect"] for name, row in rows.items()} == {
        "acct-0": "review",
        "acct-1": "review",
    }
    assert rows["acct-0"]["basis"].startswith("failed: the decision could not be computed")
    with pytest.raises(SettingError, match="failure_effect"):
        _decide(_verdicts({}), policy=PolicySettings(failure_effect="suspend"))


def test_the_same_facts_give_the_same_decisions() -> None:
    """Row order changes nothing; account, effect, campaign and instant each change the id."""
    verdicts = _verdicts({}, {}, {"verdict": "suspect"})
    first = _decide(verdicts)
    assert _decide(verdicts.reverse()) == first
    assert len({row["decision_id"] for row in first.values()}) == 3
    other = _decide(verdicts.with_columns(campaign_id=pl.lit("c-1")))
    assert other["acct-0"]["decision_id"] != first["acct-0"]["decision_id"]


@pytest.mark.parametrize("verdict", ["fraudulent", "suspect"])
def test_the_reason_tells_the_customer_how_to_appeal_and_nothing_of_the_case(verdict: str) -> None:
    """No id, address, threshold, figure, channel or code; the end's day is its only number."""
    policy = replace(PolicySettings(), appeal="at appeals.example")
    row = _decide(_verdicts({"verdict": verdict}), policy=policy)["acct-0"]
    reason = row["reason"]
    assert "appeal at appeals.example" in reason
    ends = row["expires_at"]
    numbers = re.findall(r"\d+", reason.replace(f"{ends.day} {ends:%B %Y}", ""))
    assert numbers == []
    said = reason.lower()
    leaks = ("acct", "c-77", "g-55", "0.0", "probab", "payment", "template", "address", "group")
    assert [leak for leak in (*leaks, "campaign", "distil", "score") if leak in said] == []


def test_the_reason_is_the_same_whatever_the_case() -> None:
    """Two accounts of one effect read the same sentence: it cannot carry what differs."""
    other = {"campaign_id": "c-2", "q_value": 0.0, "probability": 1.0, "explanation": "else"}
    rows = _decide(_verdicts({}, other))
    assert rows["acct-0"]["reason"] == rows["acct-1"]["reason"]
