"""A result of any size with every table that the console reads, hostile where there is text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl

from stillwatch.domain.lake_tables import CONDUCT, HISTORY, TIE
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    DECISION,
    EVIDENCE,
    EXCHANGES_OUT,
    GROUPS_OUT,
    HARVEST,
    PROFILE,
    QUARANTINE,
    TEMPLATES_OUT,
)
from stillwatch.domain.schema import Table
from stillwatch.domain.tables import LAUNCH, REGISTER
from stillwatch.store.results import draft_result

NOW: Final = datetime(2026, 11, 23, 8, tzinfo=UTC)
CAMPAIGN: Final = "c-0123456789"
OTHER: Final = "c-abcdef0123"
HOSTILE: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    '=HYPERLINK("http://evil.example","x")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "acct-\x1b[31m[bold]red",
    "acct-\u202egnp.exe\u2066",
    "acct \x00\x07\x9b/../..?a=b&c#d%41 {{7*7}} ${x}",
    "javascript:alert(3)",
)
"""What strangers may call themselves: scripts, formulas, terminal escapes, turned directions."""
_BAD: Final = HOSTILE[0] + HOSTILE[6]
_TYING: Final = (
    ("content", "template", 0.98, 0.004, 5.9),
    ("identity", "payment", 0.33, 0.0004, 5.1),
    ("client", "client", 0.5, 0.01, 4.2),
    ("infrastructure", "subnet", 0.2, 0.001, 3.8),
    ("timing", "active_hour", 0.3, 0.1, 1.2),
    ("lifecycle", "signup_day", 0.15, 0.02, -0.4),
)
_WITNESSES: Final = (("judging", "tactics", 0.9, 0.1, 4.0), ("judging", "taking", 2.2, -1.5, 2.0))
_PER_ACCOUNT: Final = (
    ("template", 1),
    ("payment", 3),
    ("client", 2),
    ("subnet", 5),
    ("active_hour", 40),
    ("signup_day", 6),
)


def make_wide_result(out: Path, *, accounts: int = 60) -> Path:
    """Write a result of one campaign of so many accounts, and a small permitted one beside it."""
    with draft_result(out) as draft:
        members = _members(accounts)
        for table, frame in _tables(members, accounts):
            draft.write_table(table, table.conform(frame))
        lines = b"".join(orjson.dumps(row) + b"\n" for row in _decisions(members))
        draft.write_bytes("decisions.jsonl", lines)
        draft.write_bytes("report.html", b"<!doctype html>")
        draft.write_json("run.json", _run(accounts))
    return out


def make_empty_result(out: Path) -> Path:
    """Write a result in which honest accounts were seen, and nothing was found."""
    with draft_result(out) as draft:
        for table, frame in _tables(_members(20), 20):
            rows = frame.filter(pl.col("campaign_id").is_null() if table is ACCOUNTS_OUT else False)
            draft.write_table(table, table.conform(rows))
        draft.write_bytes("decisions.jsonl", b"")
        draft.write_json("run.json", {})
    return out


def _members(accounts: int) -> pl.DataFrame:
    names = [*HOSTILE, *(f"acct_{number:016x}" for number in range(accounts - len(HOSTILE)))]
    return pl.DataFrame({"account_id": names, "n": range(accounts)}).with_columns(
        verdict=pl.when(pl.col("n") % 7 == 6)
        .then(pl.lit("suspect"))
        .otherwise(pl.lit("fraudulent")),
        campaign_id=pl.lit(CAMPAIGN),
        group_id=pl.lit("g-" + HOSTILE[1]),
    )


def _tables(members: pl.DataFrame, accounts: int) -> list[tuple[Table, pl.DataFrame]]:
    conduct = _conduct(members)
    return [
        (ACCOUNTS_OUT, _accounts(members, accounts)),
        (GROUPS_OUT, _groups(accounts)),
        (CAMPAIGNS_OUT, _campaigns(accounts)),
        (EVIDENCE, _evidence(members)),
        (HARVEST, _harvest(accounts)),
        (TEMPLATES_OUT, _templates(accounts)),
        (PROFILE, _profiles(members)),
        (TIE, _ties(members)),
        (CONDUCT, conduct),
        (
            EXCHANGES_OUT,
            conduct.select("exchange_id", "account_id").with_columns(
                campaign_id=pl.lit(CAMPAIGN), membership=pl.lit(0.97)
            ),
        ),
        (REGISTER, _register(members)),
        (LAUNCH, pl.DataFrame({"model": [_BAD], "released_at": [NOW - timedelta(days=4)]})),
        (HISTORY, _history(accounts)),
        (QUARANTINE, pl.DataFrame([{"file": _BAD, "line": 3, "reason": HOSTILE[2], "raw": _BAD}])),
    ]


def _accounts(members: pl.DataFrame, accounts: int) -> pl.DataFrame:
    honest = pl.DataFrame(
        {
            "account_id": [f"user_{number:016x}" for number in range(2 * accounts)],
            "verdict": "clear",
            "campaign_id": None,
            "group_id": None,
            "n": range(2 * accounts),
        },
        schema_overrides={"campaign_id": pl.String, "group_id": pl.String},
    )
    columns = ["account_id", "verdict", "campaign_id", "group_id", "n"]
    both = pl.concat([members.select(columns), honest.select(columns)])
    found = pl.col("campaign_id").is_not_null()
    return both.with_columns(
        probability=pl.when(found).then(0.99 - (pl.col("n") % 90) / 1000).otherwise(0.001),
        q_value=pl.when(found).then(1e-4).otherwise(1.0),
        exchanges=pl.col("n").cast(pl.Int64) % 300 + 20,
        reasons=pl.when(found)
        .then(pl.lit(["one_payment", "one_template"]))
        .otherwise(pl.lit([], dtype=pl.List(pl.String))),
        explanation=pl.lit(_BAD),
        predecessor_account_id=pl.when(pl.col("n") == 3).then(pl.lit(HOSTILE[0])),
        predecessor_probability=pl.when(pl.col("n") == 3).then(0.8),
    )


def _groups(accounts: int) -> pl.DataFrame:
    row = {
        "group_id": "g-" + HOSTILE[1],
        "accounts": accounts,
        "link_q_value": 1e-9,
        "q_value": 1e-4,
        "judgement": "harvest",
        "innocent_explanation": _BAD,
        "campaign_id": CAMPAIGN,
        "exchanges": 40 * accounts,
        "channels": ["payment", "template"],
        "explanation_p_value": 1e-3,
    }
    let_be = row | {
        "group_id": "g-" + HOSTILE[2],
        "judgement": "innocent",
        "campaign_id": None,
        "q_value": 0.8,
        "explanation_p_value": 0.9,
    }
    return pl.DataFrame([row, let_be], schema_overrides={"campaign_id": pl.String})


def _campaigns(accounts: int) -> pl.DataFrame:
    row = {
        "campaign_id": CAMPAIGN,
        "kind": "distillation",
        "first_seen": NOW - timedelta(days=13),
        "last_seen": NOW,
        "accounts": accounts,
        "exchanges": 80 * accounts,
        "output_tokens": 90_000 * accounts,
        "q_value": 1e-4,
        "tactics": ["rubric_grading"],
        "capabilities": ["grading", "code"],
        "channels": ["payment", "template"],
        "pivot_q_value": 1e-6,
        "summary": _BAD,
    }
    return pl.DataFrame([row, row | {"campaign_id": OTHER, "accounts": 4, "exchanges": 90}])


def _evidence(members: pl.DataFrame) -> pl.DataFrame:
    shape = ["family", "channel", "observed", "expected", "weight_bits"]
    tying = pl.DataFrame(_TYING, schema=shape, orient="row")
    each = members.select(subject_id="account_id").join(tying, how="cross")
    groups = pl.DataFrame({"subject_id": ["g-" + HOSTILE[1], "g-" + HOSTILE[2]]})
    all_of_it = pl.DataFrame([*_TYING, *_WITNESSES], schema=shape, orient="row")
    return pl.concat([groups.join(all_of_it, how="cross"), each])


def _harvest(accounts: int) -> pl.DataFrame:
    rows = [
        {
            "campaign_id": name,
            "day": (NOW - timedelta(days=back)).date(),
            "capability": capability,
            "model": model,
            "exchanges": 2.0 * accounts + back,
            "output_tokens": 900.0 * accounts,
        }
        for name in (CAMPAIGN, OTHER)
        for back in range(14)
        for capability in ("grading", "code")
        for model in ("tern-2", _BAD)
    ]
    return pl.DataFrame(rows)


def _templates(accounts: int) -> pl.DataFrame:
    row = {
        "campaign_id": CAMPAIGN,
        "template_id": "00ff00ff00ff00ff",
        "place": "prompt",
        "accounts": accounts,
        "exchanges": 70 * accounts,
        "accounts_outside": 2,
        "tactic": "rubric_grading",
        "exemplars": [_BAD, *HOSTILE],
    }
    return pl.DataFrame([row, row | {"campaign_id": OTHER, "exemplars": None}])


def _profiles(members: pl.DataFrame) -> pl.DataFrame:
    days = pl.DataFrame({"day": [(NOW - timedelta(days=back)).date() for back in range(14)]})
    numbers = (
        "exchanges",
        "input_tokens",
        "output_tokens",
        "follow_ups",
        "with_turn",
        "failed",
        "first_hour",
        "last_hour",
    )
    return (
        members.select("account_id")
        .join(days, how="cross")
        .with_columns(
            *(pl.lit(30, dtype=pl.Int64).alias(name) for name in numbers), harvest_like=pl.lit(3.0)
        )
    )


def _ties(members: pl.DataFrame) -> pl.DataFrame:
    size = members.height
    frames = [
        members.select(
            "account_id",
            "group_id",
            channel=pl.lit(channel),
            value=((pl.col("n") * (step + 3) // 5 + step) % values + 493_000).map_elements(
                lambda number, place=place: f"{number + (0 if place > 3 else place << 56):016x}",
                return_dtype=pl.String,
            ),
            share=pl.lit(0.5),
        )
        for place, (channel, values) in enumerate(_PER_ACCOUNT)
        for step in (range(8) if channel == "active_hour" else range(1))
    ]
    ties = pl.concat(frames).unique(["account_id", "channel", "value"], maintain_order=True)
    inside = pl.len().over("channel", "value").cast(pl.Int64)
    return ties.with_columns(holders_inside=inside, holders=inside + min(3, size))


def _conduct(members: pl.DataFrame) -> pl.DataFrame:
    some = members.head(200)
    each = pl.DataFrame({"k": range(40)})
    return (
        some.select("account_id", "n")
        .join(each, how="cross")
        .select(
            exchange_id=pl.concat_str(pl.lit("ex-"), pl.col("n"), pl.lit("-"), pl.col("k")),
            account_id="account_id",
            time=pl.lit(NOW) - pl.duration(hours=pl.col("k") * 7 + pl.col("n") % 5),
            model=pl.lit(_BAD),
            endpoint=pl.lit(_BAD),
            access_path=pl.lit(_BAD),
            status=pl.lit(200, dtype=pl.Int64),
            input_tokens=pl.lit(90, dtype=pl.Int64),
            output_tokens=pl.lit(800, dtype=pl.Int64),
            tactic=pl.lit("rubric_grading"),
            capability=pl.lit("grading"),
        )
        .with_columns(turn=pl.lit(None, dtype=pl.Int64))
    )


def _register(members: pl.DataFrame) -> pl.DataFrame:
    stopped = pl.col("n") % 5 == 0
    return members.select(
        "account_id",
        created_at=pl.lit(NOW) - pl.duration(days=pl.col("n") % 40 + 20),
        org_id=pl.lit(_BAD),
        plan=pl.lit(HOSTILE[3]),
        program=pl.lit("startup"),
        verified=pl.lit(value=False),
        protected=pl.col("n") == 5,
        revenue_30d=pl.lit(4.2),
        status=pl.when(stopped).then(pl.lit("suspended")).otherwise(pl.lit("active")),
        status_changed_at=pl.when(stopped).then(pl.lit(NOW - timedelta(days=2))),
    )


def _history(accounts: int) -> pl.DataFrame:
    row = {
        "campaign_id": CAMPAIGN,
        "look": 1,
        "as_of": NOW - timedelta(days=1),
        "state": "born",
        "fresh_id": CAMPAIGN,
        "kind": "distillation",
        "first_seen": NOW - timedelta(days=13),
        "last_seen": NOW - timedelta(days=1),
        "accounts": accounts,
        "new_accounts": accounts,
        "gone_accounts": 0,
        "stopped_accounts": 0,
        "successors": 0,
        "account_overlap": None,
        "trait_overlap": None,
        "related": [],
        "alarm_e_value": 3.0,
        "alarm_threshold": 8.0,
        "alarmed_at_look": None,
    }
    grown = row | {
        "look": 2,
        "as_of": NOW,
        "state": "regrown",
        "account_overlap": 0.9,
        "trait_overlap": 0.8,
        "related": [OTHER],
    }
    return pl.DataFrame([row, grown], schema_overrides={"related": pl.List(pl.String)})


def _decisions(members: pl.DataFrame) -> list[dict[str, Any]]:
    until = (NOW + timedelta(days=30)).isoformat()
    names = members.filter(pl.col("verdict") == "fraudulent")["account_id"]
    return [
        dict(
            zip(
                DECISION.columns,
                (f"d-{number:06x}", name, "suspend", _BAD, until, "fraudulent"),
                strict=True,
            )
        )
        for number, name in enumerate(names)
    ]


def _run(accounts: int) -> dict[str, Any]:
    return {
        "stillwatch": "0.1.0",
        "started_at": (NOW - timedelta(minutes=3)).isoformat(),
        "finished_at": NOW.isoformat(),
        "settings": {"link": {"member_bar_bits": 4.0}, "detect": {"explanation_p_max": 0.05}},
        "inputs": [
            {"file": _BAD, "bytes": 10, "sha256": "0" * 64, "dialect": "native", "records": 9}
        ],
        "counts": {"read": 100 * accounts, "quarantined": 1, "duplicates": 0, "accounts": accounts},
        "nulled": {HOSTILE[0]: 2},
        "stood_aside": [{"check": "device", "reason": _BAD}],
        "stages": [{"stage": "read", "rows_in": 1, "rows_out": 1, "seconds": 0.1, "peak_bytes": 9}],
        "power": [{"shares": 2, "heads": None}, {"shares": 3, "heads": 6}],
    }
