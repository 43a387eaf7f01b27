"""The report as one self-contained page: templates, style and drawings become bytes.

Reads findings; writes HTML that loads nothing. The one idea: a policy in the page names the hash
of its only style sheet and of its only script, so nothing that slipped in from a log can run.
Deliberately absent: the figures' making (`campaigns.py`, `evidence.py`, `accounts.py`).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from stillwatch.domain.limits import REPORT_ACCOUNTS_MAX, REPORT_FILES_MAX, REPORT_GROUPS_MAX
from stillwatch.domain.settings import DetectSettings
from stillwatch.report import figures
from stillwatch.report.accounts import list_accounts
from stillwatch.report.campaigns import view_campaigns
from stillwatch.report.evidence import TIES_DRAWN_MAX, summarise_honest
from stillwatch.report.findings import Findings
from stillwatch.report.provenance import view_run
from stillwatch.report.summary import summarise_headline, word_taken


def render_html(findings: Findings) -> bytes:
    """Render the report as one page that loads nothing and needs no script to be read.

    Order:   that of `Findings.ranked_campaigns`; the order of input rows is irrelevant.
    Cost:    about 0.2 s a campaign (at most limits.REPORT_CAMPAIGNS_MAX) and 2 s for the first
             drawing of a process; the page is bounded, whatever the number of accounts.
    """
    style, script = _asset("report.css"), _asset("report.js")
    page = (
        _environment()
        .get_template("page.html")
        .render(
            **_context(findings),
            style=Markup(style),  # noqa: S704  our own style sheet
            script=Markup(script),  # noqa: S704  our own script
            policy="; ".join(
                (
                    "default-src 'none'",
                    f"style-src '{_digest(style)}'",
                    f"script-src '{_digest(script)}'",
                    "base-uri 'none'",
                    "form-action 'none'",
                )
            ),
        )
    )
    return page.encode()


def _context(findings: Findings) -> dict[str, Any]:
    ranked = findings.ranked_campaigns()
    honest = summarise_honest(findings)
    let_be = findings.groups_let_be()
    elsewhere = pl.col("campaign_id").is_null()
    return {
        "run": findings.run,
        "bounds": _bounds(findings),
        "record": view_run(findings.run),
        "ranked": ranked,
        "listed": ranked[:REPORT_FILES_MAX],
        "headline": summarise_headline(findings.campaigns, findings.accounts),
        "word_taken": word_taken,
        "campaigns": view_campaigns(findings, ranked=ranked, honest=honest),
        "verdicts": findings.verdict_counts(),
        "accounts_seen": findings.accounts.height,
        "ties_drawn_max": TIES_DRAWN_MAX,
        "smallest": findings.smallest_campaign(),
        "nearest": findings.tell_nearest(),
        "let_be": list(let_be.head(REPORT_GROUPS_MAX).iter_rows(named=True)),
        "let_be_total": let_be.height,
        "let_be_accounts": let_be["accounts"].sum(),
        "permitted": list_accounts(
            findings, pl.col("verdict") == "permitted", bound=REPORT_ACCOUNTS_MAX
        ),
        "others": list_accounts(
            findings,
            elsewhere & pl.col("verdict").is_in(["fraudulent", "suspect", "watch"]),
            bound=REPORT_ACCOUNTS_MAX,
        ),
    }


def _bounds(findings: Findings) -> dict[str, Any]:
    """Give the bounds that the run judged by; the contract's where its record has none."""
    recorded = (findings.run.get("settings") or {}).get("detect") or {}
    return {**asdict(DetectSettings()), **recorded}


def _asset(name: str) -> str:
    return files("stillwatch.report").joinpath("templates", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({function.__name__: function for function in figures.FILTERS})
    return environment
