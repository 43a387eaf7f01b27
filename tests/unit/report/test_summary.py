"""What machines and tickets get."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import polars as pl
import pytest
from findings_by_hand import RUN, campaign_rows, gather, nobody_called, nothing

from stillwatch.report import Findings, render_markdown, summarise_json
from stillwatch.report.summary import Headline, summarise_headline, word_taken


def test_the_summary_is_json_and_counts_as_the_tables_do(findings: Findings) -> None:
    """Verdicts, groups, effects and harvest are those of the frames."""
    summary = json.loads(json.dumps(summarise_json(findings), allow_nan=False))
    assert summary["found"] is True
    assert summary["campaigns_count"] == 2
    assert summary["campaigns_by_grade"] == {"found": 2, "to_look_at": 1, "permitted": 1}
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
    assert summary["perhaps_harvested"]["exchanges"] == 0


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


def headline_of(*verdicts: str, kind: str = "distillation") -> Headline:
    """Give the headline over campaigns of one account each, of these verdicts."""
    found = gather(
        *(
            campaign_rows(at, heads=2, days=1, verdict=verdict, changed={"kind": kind})
            for at, verdict in enumerate(verdicts, start=1)
        )
    )
    return summarise_headline(found.campaigns, found.accounts)


@pytest.mark.parametrize(
    ("verdicts", "title"),
    [
        ((), "Nothing found"),
        (("fraudulent",), "1 campaign found"),
        (("fraudulent", "fraudulent", "permitted"), "2 campaigns found, 1 more permitted"),
        (("fraudulent", "suspect"), "1 campaign found, 1 more group to look at"),
        (("suspect", "watch"), "No campaign found, 2 groups to look at"),
        (("suspect", "permitted"), "No campaign found, 1 group to look at, 1 more permitted"),
        (("permitted", "permitted"), "No campaign found, 2 permitted"),
    ],
)
def test_only_what_is_called_is_found(verdicts: tuple[str, ...], title: str) -> None:
    """Groups of suspects are to be looked at, permitted ones are counted apart."""
    assert headline_of(*verdicts).title == title


def test_what_suspects_took_is_perhaps_harvested_and_counted_apart() -> None:
    """Each exchange stands under one grade, and the lead says which."""
    both = headline_of("fraudulent", "suspect", "permitted")
    taken = {grade: sum(row["exchanges"] for row in rows) for grade, rows in both.campaigns.items()}
    assert {grade: sums["exchanges"] for grade, sums in both.taken.items()} == taken
    assert min(taken.values()) > 0
    assert re.search(rf"seen\. {taken['found']} exchanges, [^:]* were harvested between", both.lead)
    assert "1 more group may be harvesting, and nobody of it is called fraudulent" in both.lead
    assert f"fraudulent: {taken['to_look_at']} exchanges, " in both.lead
    assert "perhaps harvested between 2 Feb 2026 and 2 Feb 2026." in both.lead


def test_who_acts_together_and_does_not_harvest_is_not_said_to() -> None:
    """A coordinated group is to be looked at; nothing of it is harvested, perhaps or surely."""
    found = headline_of("suspect", "suspect", kind="coordinated_other")
    assert found.title == "No campaign found, 2 groups to look at"
    assert found.taken["to_look_at"] == {"exchanges": 0, "output_tokens": 0}
    assert found.lead.endswith("2 groups act together, though not to harvest.")
    assert "harvested" not in found.lead
    assert {word_taken(row) for row in found.live} == {"sent together"}


def test_machines_and_tickets_hear_of_no_campaign_where_nobody_is_called() -> None:
    """Neither `found`, nor `harvested`, nor the ticket's title says one was."""
    summary = summarise_json(nobody_called())
    assert summary["headline"] == "No campaign found, 2 groups to look at, 1 more permitted"
    assert (summary["found"], summary["campaigns_count"]) == (False, 0)
    assert summary["harvested"] == {"exchanges": 0, "output_tokens": 0}
    assert summary["perhaps_harvested"]["exchanges"] > 0
    assert [row["grade"] for row in summary["campaigns"]] == ["to_look_at"] * 2 + ["permitted"]
    text = render_markdown(nobody_called()).decode()
    assert text.startswith("# Stillwatch: no campaign found, 2 groups to look at, 1 more permitted")
    assert text.count("perhaps harvested") == 3


def test_the_ticket_is_short_and_names_each_campaign(findings: Findings) -> None:
    """Every live campaign with its size and its harvest, in less than a page."""
    text = render_markdown(findings).decode()
    title = "2 campaigns found, 1 more group to look at, 1 more permitted"
    assert text.startswith(f"# Stillwatch: {title}\n")
    assert "## cmp-003-hazel: coordinated other, to look at\n" in text
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
