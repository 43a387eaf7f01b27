"""The findings for a ticket: a page of Markdown, short enough to be read where it is pasted.

Reads findings; writes Markdown. The one idea: what an on-call person must know, then where the
rest is. Deliberately absent: accounts one by one, text of prompts, drawings.
"""

from __future__ import annotations

import re
from typing import Final

from stillwatch.report.figures import (
    chance,
    chance_in_words,
    count,
    day,
    humanise,
    instant,
    phrase_of,
    plain,
)
from stillwatch.report.findings import Findings, Row
from stillwatch.report.provenance import list_broken, word_answers
from stillwatch.report.summary import Headline, summarise_headline, word_taken

_CAMPAIGNS_MAX: Final = 20
"""Campaigns in a ticket; the report has more."""
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#!|~>$^]|^[-+=])")
_APART: Final = "\u200b"
"""A space of no width: keeps an address from becoming a link, a name from being called."""
_SPACE: Final = re.compile(r"\s+")


def render_markdown(findings: Findings) -> bytes:
    """Render the findings as a short Markdown page for a ticket.

    Grain:   one section per campaign that no permission covers, twenty at most.
    Order:   campaigns as on the page. Nulls: what was not computed is said to be so.
    """
    headline = summarise_headline(findings.campaigns, findings.accounts)
    live = headline.live
    parts = [
        *_headline(findings, headline),
        *_gaps(findings),
        *([line for row in live[:_CAMPAIGNS_MAX] for line in _campaign(findings, row)]),
        *_rest(findings, headline),
    ]
    return ("\n".join(parts) + "\n").encode()


def _headline(findings: Findings, headline: Headline) -> list[str]:
    title = f"# Stillwatch: {headline.title[:1].lower()}{headline.title[1:]}"
    ran = f"Run {_text(instant(findings.run.get('started_at')))}."
    smallest = findings.smallest_campaign()
    if headline.live:
        return [title, "", f"{headline.lead} {ran}"]
    meaning = (
        "How small a campaign could have shown was not computed."
        if smallest is None
        else f"A campaign of {count(smallest)} accounts or more could have shown, depending on "
        "what its accounts share; a smaller one could not."
    )
    says = filter(None, (headline.lead, findings.tell_nearest(), meaning, ran))
    return [title, "", " ".join(says)]


def _gaps(findings: Findings) -> list[str]:
    """Name each input that broke off: what is missing here is no finding of nothing."""
    broken = [(_text(one["file"]), _text(one["damage"])) for one in list_broken(findings.run)]
    return [
        line
        for file, damage in broken
        for line in ("", f"**Not read to its end:** {file} ({damage}); the rest is missing here.")
    ]


def _campaign(findings: Findings, row: Row) -> list[str]:
    verdicts = findings.verdict_counts(row["campaign_id"])
    called = ", ".join(f"{count(number)} {name}" for name, number in verdicts.items() if number)
    shared = ", ".join(phrase_of(channel) for channel in row["channels"])
    after = ", ".join(humanise(capability).lower() for capability in row["capabilities"])
    size = (
        f"{count(row['accounts'])} accounts ({called}), {count(row['exchanges'])} exchanges and "
        f"{count(row['output_tokens'])} output tokens {word_taken(row)}"
    )
    grade = "" if row["grade"] == "found" else f", {humanise(row['grade']).lower()}"
    return [
        "",
        f"## {_text(row['campaign_id'])}: {_text(humanise(row['kind']).lower())}{grade}",
        "",
        _text(row["summary"]),
        "",
        f"- **Size:** {size}",
        f"- **Seen:** {day(row['first_seen'])} to {day(row['last_seen'])}",
        f"- **q-value:** {chance(row['q_value'])} ({chance_in_words(row['q_value'])})",
        f"- **They share:** {_text(shared)}",
        f"- **After:** {_text(after)}",
    ]


def _rest(findings: Findings, headline: Headline) -> list[str]:
    live, permitted = len(headline.live), len(headline.campaigns["permitted"])
    aside = findings.run.get("stood_aside") or ()
    counts = findings.run.get("counts") or {}
    lines = [
        f"- {count(findings.groups_let_be().height)} other tied groups were seen and let be.",
        f"- {count(counts.get('quarantined'))} of {count(counts.get('read'))} records quarantined.",
    ]
    if permitted:
        lines.append(f"- {count(permitted)} permitted: a permission covers all of its accounts.")
    if live > _CAMPAIGNS_MAX:
        lines.append(f"- {count(live - _CAMPAIGNS_MAX)} more of these in campaigns.parquet.")
    lines += [
        "- "
        + _text(f"Stood aside: {humanise(plain(row.get('check')))}: {plain(row.get('reason'))}")
        for row in aside
    ]
    if answers := word_answers(findings.run.get("answers") or {}):
        lines.append(f"- {_text(answers)}")
    closing = "A verdict is a probability; every effect can be reverted (`stillwatch revert`)."
    return ["", "## Also", "", *lines, "", f"{closing} The whole is in `report.html`."]


def _text(text: str) -> str:
    """Make text from a log harmless in Markdown: one line, nothing that formats or embeds."""
    one_line = _SPACE.sub(" ", text).strip().replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(r"\\\1", one_line).replace("://", f":{_APART}//").replace("@", f"@{_APART}")
