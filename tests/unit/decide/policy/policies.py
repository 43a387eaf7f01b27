"""What tests of policies share: a text around rules, a policy from it, and accounts to rule on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from stillwatch.decide.policy.language.problems import Problem
from stillwatch.decide.policy.language.reading import parse_policy
from stillwatch.decide.policy.model import Policy
from stillwatch.decide.policy.subjects import Known
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT
from stillwatch.domain.tables import REGISTER

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
GUARDS = "{blast_radius: {accounts: 100%}, cool_down: 30d}"


def text_of(rules: str, *, guards: str = GUARDS, top: str = "") -> str:
    """Put rules (indented by two) into a policy; they begin on line 5, or on 6 with a `top`."""
    above = f"{top}\n" if top else ""
    return f"policy: tried\nlanguage: 1\nguards: {guards}\n{above}rules:\n{rules}"


def policy_of(rules: str, *, guards: str = GUARDS, top: str = "") -> Policy:
    """Read a policy that has no problems."""
    policy = parse_policy(text_of(rules, guards=guards, top=top))
    assert isinstance(policy, Policy), [str(one) for one in policy]
    return policy


def problems_of(text: str) -> tuple[Problem, ...]:
    """Read a policy that has some."""
    problems = parse_policy(text)
    assert not isinstance(problems, Policy)
    return problems


def accounts_of(*rows: dict[str, Any]) -> pl.DataFrame:
    """ACCOUNTS_OUT rows `acct-0` …: `fraudulent` in the campaign `c-0` unless a row says else."""
    plain = {
        "verdict": "fraudulent",
        "probability": 0.9987,
        "q_value": 0.001,
        "campaign_id": "c-0",
        "exchanges": 40,
        "reasons": ["tied_content", "tied_identity"],
        "explanation": "",
    }
    full = [{"account_id": f"acct-{n}", **plain, **row} for n, row in enumerate(rows)]
    types = {name: column.dtype for name, column in ACCOUNTS_OUT.columns.items()}
    overrides = {name: types[name] for name in ("campaign_id", "reasons", "probability")}
    return ACCOUNTS_OUT.conform(pl.DataFrame(full, schema_overrides=overrides))


def campaigns_of(**kinds: str) -> pl.DataFrame:
    """CAMPAIGNS_OUT rows by id (`c_0="distillation"`): 10 accounts, three days old."""
    rows = [
        {
            "campaign_id": name.replace("_", "-"),
            "kind": kind,
            "first_seen": NOW - timedelta(days=3),
            "last_seen": NOW,
            "accounts": 10,
            "exchanges": 1000,
            "output_tokens": 50_000,
            "q_value": 0.001,
            "tactics": [],
            "capabilities": [],
            "channels": [],
            "summary": "",
        }
        for name, kind in kinds.items()
    ]
    schema = {n: c.dtype for n, c in CAMPAIGNS_OUT.columns.items() if n != "pivot_q_value"}
    return CAMPAIGNS_OUT.conform(pl.DataFrame(rows, schema=schema))


def register_of(**rows: dict[str, Any]) -> pl.DataFrame:
    """REGISTER rows by id (`acct_0={"protected": True}`)."""
    names = ("account_id", "created_at", "program", "protected", "revenue_30d")
    schema = {name: REGISTER.columns[name].dtype for name in names}
    full = [{"account_id": name.replace("_", "-"), **row} for name, row in rows.items()]
    whole = [{name: row.get(name) for name in names} for row in full]
    return REGISTER.conform(pl.DataFrame(whole, schema=schema))


def known_of(*rows: dict[str, Any], **more: pl.DataFrame) -> Known:
    """What is known of some accounts of a distillation campaign."""
    more.setdefault("campaigns", campaigns_of(c_0="distillation"))
    return Known(accounts_of(*rows), **more)
