"""What machines and tickets get."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
from findings_by_hand import RUN, nothing

from stillwatch.report import Findings, render_markdown, summarise_json


def test_the_summary_is_json_and_counts_as_the_tables_do(findings: Findings) -> None:
    """Verdicts, groups, effects and harvest are those of the frames."""
    summary = json.loads(json.dumps(summarise_json(findings), allow_nan=False))
    assert summary["found"] is True
    assert summary["campaigns_count"] == 3
    assert summary["accounts_seen"] == findings.accounts.height
    assert sum(summary["verdicts"].values()) == findings.accounts.height
    assert sum(summary["groups"].values()) == findings.groups.height
    assert sum(summary["effects"].values()) == findings.decisions.height
    assert summary["smallest_campaign"] == 47
    assert summary["counts"] == RUN["counts"]
    exchanges = {row["campaign_id"]: row["exchanges"] for row in summary["campaigns"]}
    assert exchanges == dict(findings.campaigns.select("campaign_id", "exchanges").iter_rows())
    taken = [exchanges["cmp-001-hazel"], exchanges["cmp-002-hazel"]]
    assert summary["harvested"]["exchanges"] == sum(taken)


def test_a_summary_of_nothing_says_so() -> None:
    """No campaign, nothing harvested, and the power beside it."""
    summary = summarise_json(nothing())
    assert (summary["found"], summary["campaigns"], summary["effects"]) == (False, [], {})
    assert summary["harvested"] == {"exchanges": 0, "output_tokens": 0}
    assert summary["power"] == RUN["power"]


def test_what_was_not_measured_is_null_for_machines(findings: Findings) -> None:
    """NaN is no JSON: it becomes null."""
    odd = replace(
        findings, campaigns=findings.campaigns.with_columns(pl.lit(float("nan")).alias("q_value"))
    )
    assert {row["q_value"] for row in summarise_json(odd)["campaigns"]} == {None}


def test_the_ticket_is_short_and_names_each_campaign(findings: Findings) -> None:
    """Every live campaign with its size and its harvest, in less than a page."""
    text = render_markdown(findings).decode()
    assert text.startswith("# Stillwatch: 3 campaigns found\n")
    assert text.count("\n## ") == 3 + 1
    assert "612 accounts (25 suspect, 587 fraudulent)" in text
    assert "60 other tied groups were seen and let be" in text
    assert len(text) < 5_000


def test_the_ticket_of_nothing_says_what_that_means() -> None:
    """An empty run's ticket names the smallest campaign that could have shown."""
    text = render_markdown(nothing()).decode()
    assert text.startswith("# Stillwatch: nothing found\n")
    assert "A campaign of 47 accounts or more could have shown" in text
    assert "Nearest to one is a tied group of 210 accounts (q 0.21 that it is none)." in text


def test_the_ticket_of_nothing_tied_names_no_group() -> None:
    """Where no group is tied, none came near."""
    empty = nothing()
    text = render_markdown(replace(empty, groups=empty.groups.clear())).decode()
    assert "Nearest" not in text


def test_text_from_logs_cannot_format_link_or_call_in_a_ticket(findings: Findings) -> None:
    """Markup, links, mentions and line breaks in a summary arrive as plain words."""
    hostile = "# big\n- [x](http://evil.example) ![y](z) <img src=x> @everyone `code` | cell"
    bad = replace(findings, campaigns=findings.campaigns.with_columns(summary=pl.lit(hostile)))
    text = render_markdown(bad).decode()
    for forbidden in ("\n# big", "\n- [x]", "](http", "http://", "<img", "@everyone", "![y]"):
        assert forbidden not in text, forbidden
    assert "\\# big - \\[x\\]" in text
