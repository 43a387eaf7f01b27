"""Builds findings by hand: campaigns, a partner, honest groups, each with figures of its own."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    DECISION,
    EVIDENCE,
    GROUPS_OUT,
    HARVEST,
    TEMPLATES_OUT,
)
from stillwatch.domain.schema import Table
from stillwatch.report import Findings

Row = dict[str, Any]
START = datetime(2026, 2, 2, 3, 4, 5, tzinfo=UTC)
CAPABILITIES = ("reasoning", "mathematics", "code", "tool_use", "grading", "sensitive", "other")
TIES = (
    ("content", "template", 0.968, 0.00211, 11.7),
    ("content", "system_text", 0.991, 0.0132, 6.2),
    ("identity", "payment", 0.412, 0.0000731, 9.3),
    ("infrastructure", "subnet", 0.333, 0.0421, 3.1),
    ("client", "client", 0.877, 0.0643, 4.4),
    ("lifecycle", "signup_hour", 0.287, 0.0, 5.8),
)
WITNESSES = (
    ("interchangeability", 0.00217, 0.0412, 5.1),
    ("volume_evenness", 1.83, 143.0, 4.6),
    ("item_diversity", 0.974, 0.311, 2.2),
    ("tactics", 0.641, 0.522, 0.4),
)


def table(kind: Table, rows: list[Row]) -> pl.DataFrame:
    """Lay rows out in a table of the contract."""
    return kind.conform(pl.DataFrame(rows, schema=kind.schema, orient="row"))


def pseudo(text: str, bound: int) -> int:
    """Draw a number below `bound` that depends on the text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "big") % bound


def account(name: str, **more: object) -> Row:
    """Build one account, clear unless told otherwise."""
    return {
        "account_id": name,
        "verdict": "clear",
        "probability": 0.0004,
        "q_value": 1.0,
        "campaign_id": None,
        "exchanges": 3 + pseudo(name, 60),
        "reasons": [],
        "explanation": "Nothing ties this account to others beyond what the population explains.",
        "predecessor_account_id": None,
        "group_id": None,
        **more,
    }


def campaign_rows(
    number: int,
    *,
    heads: int,
    days: int = 14,
    verdict: str = "fraudulent",
    exemplars: list[str] | None = None,
    changed: Row | None = None,
) -> dict[str, list[Row]]:
    """Build one campaign in every table; `changed` overrides columns of its campaign row."""
    key, group = f"cmp-{number:03d}-hazel", f"grp-{number:04d}"
    names = [f"acct-{number}-{at:05d}" for at in range(heads)]
    harvest = _harvest(key, number=number, heads=heads, days=days)
    campaign = {**_campaign(key, number=number, heads=heads, harvest=harvest), **(changed or {})}
    return {
        "campaigns": [campaign],
        "groups": [_group(group, campaign)],
        "evidence": [
            *(_evidence(group, *row) for row in TIES),
            *(_evidence(group, "content", *row) for row in WITNESSES),
            *(_evidence(name, "content", "template", 1.0, 0.002, 5.75) for name in names[:300]),
            *(_evidence(name, "identity", "payment", 1.0, 0.0001, 4.25) for name in names[:300]),
        ],
        "harvest": harvest,
        "templates": [_template(key, at, heads=heads, exemplars=exemplars) for at in range(3)],
        "accounts": [
            _head(name, at, verdict=verdict, campaign=campaign, group=group)
            for at, name in enumerate(names)
        ],
        "decisions": []
        if verdict == "permitted"
        else [_decision(name, at, number=number) for at, name in enumerate(names)],
    }


def _harvest(key: str, *, number: int, heads: int, days: int) -> list[Row]:
    return [
        {
            "campaign_id": key,
            "day": date(2026, 2, 2) + timedelta(days=at),
            "capability": capability,
            "model": "model-large" if rank % 2 else "model-small",
            "exchanges": heads * (1.0 + pseudo(f"{key}{at}{capability}", 900) / 300),
            "output_tokens": heads * (700.0 + pseudo(f"{key}{at}{capability}t", 90_000) / 60),
        }
        for at in range(days)
        for rank, capability in enumerate(CAPABILITIES[: 3 + number % 5])
        if (at, capability) != (5, "code")
    ]


def _campaign(key: str, *, number: int, heads: int, harvest: list[Row]) -> Row:
    return {
        "campaign_id": key,
        "kind": "distillation",
        "first_seen": START,
        "last_seen": START + timedelta(days=harvest[-1]["day"].day - 2, hours=7),
        "accounts": heads,
        "exchanges": round(sum(row["exchanges"] for row in harvest)),
        "output_tokens": round(sum(row["output_tokens"] for row in harvest)),
        "q_value": 3.17e-9 * number,
        "tactics": ["cot_elicitation", "rubric_grading"],
        "capabilities": list(CAPABILITIES[: 3 + number % 5]),
        "channels": [channel for _, channel, *_ in TIES],
        "pivot_q_value": 0.0023 if number == 1 else None,
        "summary": f"{heads:,} accounts draw on one queue of reasoning tasks under one template.",
    }


def _group(name: str, campaign: Row) -> Row:
    return {
        "group_id": name,
        "accounts": campaign["accounts"],
        "link_q_value": 4.4e-12,
        "q_value": campaign["q_value"],
        "judgement": "harvest",
        "innocent_explanation": "shared_framework",
        "campaign_id": campaign["campaign_id"],
        "exchanges": campaign["exchanges"] + 4_321,
        "channels": campaign["channels"],
        "explanation_p_value": 0.00037,
    }


def _template(key: str, at: int, *, heads: int, exemplars: list[str] | None) -> Row:
    return {
        "campaign_id": key,
        "template_id": f"{pseudo(f'{key}{at}', 2**48):016x}",
        "place": "system" if at == 0 else "prompt",
        "accounts": heads - at,
        "exchanges": heads * 31 - at,
        "accounts_outside": at,
        "tactic": "cot_elicitation" if at else None,
        "exemplars": exemplars,
    }


def _head(name: str, at: int, *, verdict: str, campaign: Row, group: str) -> Row:
    heads = campaign["accounts"]
    return account(
        name,
        verdict="suspect" if verdict == "fraudulent" and at % 25 == 0 else verdict,
        probability=0.9996 - at / (heads * 50),
        q_value=campaign["q_value"],
        campaign_id=campaign["campaign_id"],
        group_id=group,
        reasons=["shared_template", "one_payment_instrument"],
        explanation=f"Sends the template of {heads:,} accounts and pays as they do.",
        predecessor_account_id=f"acct-old-{at}" if at % 40 == 3 else None,
    )


def _decision(name: str, at: int, *, number: int) -> Row:
    return {
        "decision_id": f"dec-{number}-{at:05d}",
        "account_id": name,
        "effect": "suspend" if at % 25 else "review",
        "reason": "Your account was used together with others to copy our models' answers "
        f"in bulk. Reference {number}-{at:05d}.",
        "expires_at": START + timedelta(days=44),
    }


def _evidence(subject: str, family: str, channel: str, *measured: float) -> Row:
    observed, expected, weight_bits = measured
    return {
        "subject_id": subject,
        "family": family,
        "channel": channel,
        "observed": observed,
        "expected": expected,
        "weight_bits": weight_bits,
    }


def honest_rows(count: int) -> dict[str, list[Row]]:
    """Build honest tied groups, with their witnesses."""
    names = [f"grp-h{at:04d}" for at in range(count)]
    return {
        "groups": [
            {
                "group_id": name,
                "accounts": 5 + pseudo(name, 400),
                "link_q_value": 2.2e-5,
                "q_value": 0.21 + at / (2 * count),
                "judgement": "undecided" if at == 0 else "innocent",
                "innocent_explanation": ("office", "class", "shared_cloud")[at % 3],
                "campaign_id": None,
                "exchanges": 500 + pseudo(name, 9_000),
                "channels": ["address", "signup_day"],
                "explanation_p_value": 0.31 + at / (3 * count),
            }
            for at, name in enumerate(names)
        ],
        "evidence": [
            _evidence(
                name,
                "content",
                channel,
                expected * (0.2 + pseudo(name + channel, 1_000) / 400),
                expected,
                -1.0,
            )
            for name in names
            for channel, _, expected, _ in WITNESSES
        ],
    }


RUN: Row = {
    "stillwatch": "0.1.0",
    "started_at": "2026-02-20T08:15:00+00:00",
    "finished_at": "2026-02-20T08:15:41+00:00",
    "settings": {"link": {"family_cap_bits": 6.0}, "policy": {"suspend_days": 30}},
    "inputs": [
        {
            "file": f"exchanges-{at:02d}.jsonl.zst",
            "bytes": 48_123_456 + at,
            "sha256": hashlib.sha256(str(at).encode()).hexdigest(),
            "dialect": "native",
            "records": 100_421 + at,
        }
        for at in range(2)
    ],
    "counts": {
        "read": 200_843,
        "exchanges": 200_731,
        "quarantined": 71,
        "duplicates": 41,
        "accounts": 8_612,
    },
    "nulled": {"temperature": 13},
    "stood_aside": [
        {"check": "tls_fingerprint", "reason": "no record has one"},
        {"check": "release_pivot", "reason": "no releases file was given"},
    ],
    "stages": [
        {
            "stage": name,
            "rows_in": 200_843,
            "rows_out": 200_731,
            "seconds": seconds,
            "peak_bytes": 1_234_567_890,
        }
        for name, seconds in (("ingest", 7.31), ("observe", 4.02), ("link", 71.3), ("detect", 0.04))
    ],
    "power": [
        {"shares": ["template", "payment"], "heads": 47},
        {"shares": ["template"], "heads": 118},
        {"shares": 4, "heads": 53},
        {"shares": "timing alone", "heads": None},
    ],
}

_TABLES = {
    "accounts": ACCOUNTS_OUT,
    "groups": GROUPS_OUT,
    "campaigns": CAMPAIGNS_OUT,
    "evidence": EVIDENCE,
    "harvest": HARVEST,
    "templates": TEMPLATES_OUT,
    "decisions": DECISION,
}


def gather(*parts: dict[str, list[Row]], run: Row | None = None) -> Findings:
    """Put parts together, beside forty clear accounts."""
    rows: dict[str, list[Row]] = {name: [] for name in _TABLES}
    rows["accounts"] += [account(f"acct-clear-{at:03d}") for at in range(40)]
    for part in parts:
        for name, more in part.items():
            rows[name] += more
    frames = {name: table(kind, rows[name]) for name, kind in _TABLES.items()}
    return Findings(**frames, run=RUN if run is None else run)


def incident() -> Findings:
    """Build three campaigns, a permitted partner and sixty honest groups."""
    return gather(
        campaign_rows(1, heads=612),
        campaign_rows(2, heads=95, exemplars=["Think step by step, then grade <b>item</b> 17."]),
        campaign_rows(
            3, heads=60, days=5, verdict="suspect", changed={"kind": "coordinated_other"}
        ),
        campaign_rows(4, heads=7, verdict="permitted"),
        honest_rows(60),
        {"accounts": [account("acct-lone", verdict="watch", probability=0.41, q_value=0.15)]},
    )


def nobody_called() -> Findings:
    """Build two groups that ask as a harvest does and show no hand, and a permitted partner."""
    return gather(
        campaign_rows(1, heads=40, days=3, verdict="suspect"),
        campaign_rows(2, heads=1, days=2, verdict="suspect"),
        campaign_rows(4, heads=7, days=2, verdict="permitted"),
        honest_rows(12),
    )


def nothing() -> Findings:
    """Build a run that found nothing: clear accounts and honest groups alone."""
    return gather(honest_rows(12))
