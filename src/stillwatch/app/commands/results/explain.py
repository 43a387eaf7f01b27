"""`stillwatch explain`: why an account or a group has its verdict, with the figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from stillwatch.app.commands.options import AsJson, ResultDirectory, examples, page
from stillwatch.app.commands.screen import say, say_json, show_facts, show_table
from stillwatch.decide import Explanation, Findings
from stillwatch.decide import explain as explain_subject
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    DECISION,
    EVIDENCE,
    GROUPS_OUT,
)
from stillwatch.store.results import Result, read_result

_EXAMPLES = examples(
    "stillwatch explain acct-0042 --result monday",
    "stillwatch explain GROUP_OR_CAMPAIGN_OR_DECISION --result monday --json",
)


def explain(
    subject: Annotated[
        str, typer.Argument(metavar="ID", help="Account, group, campaign or decision.")
    ],
    *,
    result: ResultDirectory,
    as_json: AsJson = False,
) -> None:
    """Say why an account or a group has its verdict, with the figures.

    Evidence is in bits: the log2 of how much likelier it is under the finding than without it.
    """
    explanation = explain_subject(subject, findings=_read_findings(read_result(result)))
    if as_json:
        say_json(asdict(explanation))
    else:
        _show(explanation)


def _read_findings(result: Result) -> Findings:
    return Findings(
        where=str(result.place),
        accounts=result.table(ACCOUNTS_OUT),
        groups=result.table(GROUPS_OUT),
        campaigns=result.table(CAMPAIGNS_OUT),
        evidence=result.table(EVIDENCE),
        decisions=result.table(DECISION),
        run=result.run(),
    )


def _show(explanation: Explanation) -> None:
    say(f"{explanation.kind} {explanation.subject_id}")
    say(explanation.headline)
    say()
    show_facts(explanation.facts)
    if explanation.evidence:
        say()
        show_table(
            ("family", "what they share", "observed #", "expected #", "bits #"),
            _evidence_rows(explanation),
        )
    if explanation.customer_sentence:
        say()
        say(f"what the customer is told: {explanation.customer_sentence}")
    say()
    for entry in explanation.not_used:
        say(f"not used: {entry}")


def _evidence_rows(explanation: Explanation) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for family in explanation.evidence:
        rows.append((family.family, "together", "", "", f"{family.weight_bits:+.1f}"))
        rows.extend(
            (
                "",
                one.phrase,
                f"{one.observed:.4g}",
                f"{one.expected:.4g}",
                f"{one.weight_bits:+.1f}",
            )
            for one in family.channels
        )
    return rows


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(explain), epilog=_EXAMPLES)(explain)
