"""A result directory made by hand: eight accounts, one campaign, one honest group, two effects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from stillwatch.act import deliver_effects, enqueue_effects
from stillwatch.decide import decide
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    EVIDENCE,
    EXCHANGES_OUT,
    GROUPS_OUT,
    QUARANTINE,
)
from stillwatch.domain.schema import Table
from stillwatch.domain.settings import Settings
from stillwatch.domain.tables import REGISTER
from stillwatch.store.results import draft_result

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
CAMPAIGN = "c-one"
HEADS = ("acct-1", "acct-2", "acct-3")
"""The third is only suspect."""
HOSTILE = "acct-\x1b[31m[bold]red"
"""An id that would colour the terminal if it were printed as it is."""
_BITS = (
    ("content", "template", 0.98, 0.0004, 5.5),
    ("identity", "payment", 1.0, 0.001, 6.0),
    ("identity", "email_domain", 0.4, 0.3, 0.4),
)


def _account(account_id: str, verdict: str, campaign_id: str | None) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "verdict": verdict,
        "probability": 0.9991 if campaign_id else 0.0002,
        "q_value": 0.0012 if campaign_id else 1.0,
        "campaign_id": campaign_id,
        "exchanges": 26,
        "reasons": ["one_payment", "one_template"] if campaign_id else [],
        "explanation": f"{account_id} is {verdict}",
        "predecessor_account_id": None,
        "group_id": "g-heads" if campaign_id else None,
    }


def _accounts(campaign_id: str, heads: tuple[str, ...]) -> pl.DataFrame:
    rows = [_account(head, "fraudulent", campaign_id) for head in heads]
    rows[-1]["verdict"] = "suspect"
    rows += [_account(f"acct-{n}", "clear", None) for n in range(1 + len(heads), 8)]
    return _frame(ACCOUNTS_OUT, [*rows, _account(HOSTILE, "watch", None)])


def _frame(table: Table, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {name: column.dtype for name, column in table.columns.items() if name in rows[0]}
    return table.conform(pl.DataFrame(rows, schema=schema))


def _group(group_id: str, judgement: str, campaign_id: str | None, accounts: int) -> dict[str, Any]:
    return {
        "group_id": group_id,
        "accounts": accounts,
        "link_q_value": 1e-6,
        "q_value": 0.0012 if campaign_id else 0.7,
        "judgement": judgement,
        "innocent_explanation": "a class that repeats one exercise",
        "campaign_id": campaign_id,
        "exchanges": 26 * accounts,
        "channels": ["payment", "template"],
        "explanation_p_value": 0.0004,
    }


def _campaign(campaign_id: str, accounts: int) -> dict[str, Any]:
    return {
        "campaign_id": campaign_id,
        "kind": "distillation",
        "first_seen": NOW - timedelta(days=6),
        "last_seen": NOW,
        "accounts": accounts,
        "exchanges": 60,
        "output_tokens": 41_000,
        "q_value": 0.0012,
        "tactics": ["rubric_grading"],
        "capabilities": ["grading"],
        "channels": ["payment", "template"],
        "pivot_q_value": None,
        "summary": f"{accounts} accounts of one payment instrument grade answers",
    }


def make_result(out: Path, *, campaign_id: str = CAMPAIGN, heads: tuple[str, ...] = HEADS) -> Path:
    """Write it, as the pipeline would."""
    accounts = _accounts(campaign_id, heads)
    evidence = [
        dict(zip(EVIDENCE.columns, (subject, *bits), strict=True))
        for subject in ("g-heads", *heads)
        for bits in _BITS
    ]
    groups = [
        _group("g-heads", "harvest", campaign_id, len(heads)),
        _group("g-office", "innocent", None, 12),
    ]
    tables = (
        (ACCOUNTS_OUT, accounts),
        (GROUPS_OUT, _frame(GROUPS_OUT, groups)),
        (CAMPAIGNS_OUT, _frame(CAMPAIGNS_OUT, [_campaign(campaign_id, len(heads))])),
        (EXCHANGES_OUT, EXCHANGES_OUT.empty()),
        (EVIDENCE, _frame(EVIDENCE, evidence)),
        (QUARANTINE, QUARANTINE.empty()),
    )
    effects = decide(accounts, register=REGISTER.empty(), settings=Settings(), now=NOW)
    with draft_result(out) as draft:
        for table, frame in tables:
            draft.write_table(table, frame)
        enqueue_effects(draft.place, effects)
        deliver_effects(draft.place)
        draft.write_bytes("report.html", b"<!doctype html>")
        draft.write_json("run.json", run_of(len(accounts)))
    return out


def run_of(accounts: int) -> dict[str, Any]:
    """What `run.json` holds, as far as the commands read it."""
    return {
        "counts": {"read": 210, "exchanges": 208, "quarantined": 2, "accounts": accounts},
        "stood_aside": [{"check": "device", "reason": "no record names a device"}],
    }
