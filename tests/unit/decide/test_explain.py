"""An explanation holds the run's figures and adds none."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from stillwatch.decide import Findings, explain
from stillwatch.domain.errors import UnknownSubject
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    DECISION,
    EVIDENCE,
    GROUPS_OUT,
)
from stillwatch.domain.schema import Table

_GROUP = {
    "group_id": "g-1",
    "accounts": 12,
    "link_q_value": 1e-5,
    "q_value": 0.6,
    "judgement": "innocent",
    "innocent_explanation": "an office behind one address",
    "campaign_id": None,
    "exchanges": 300,
    "channels": ["address", "a channel of tomorrow"],
    "explanation_p_value": 0.4,
}
_ACCOUNT = {
    "account_id": "acct-1",
    "verdict": "clear",
    "probability": 0.002,
    "q_value": 0.6,
    "campaign_id": None,
    "exchanges": 25,
    "reasons": [],
    "explanation": "it works in an office",
    "predecessor_account_id": "acct-0",
    "group_id": "g-1",
}


def _frame(table: Table, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=table.schema)


def _findings(*evidence: tuple[str, str, str, float]) -> Findings:
    rows = [
        {
            "subject_id": subject,
            "family": family,
            "channel": channel,
            "observed": 0.5,
            "expected": 0.25,
            "weight_bits": bits,
        }
        for subject, family, channel, bits in evidence
    ]
    return Findings(
        where="run",
        accounts=_frame(ACCOUNTS_OUT, _ACCOUNT),
        groups=_frame(GROUPS_OUT, _GROUP),
        campaigns=CAMPAIGNS_OUT.empty(),
        evidence=_frame(EVIDENCE, *rows),
        decisions=DECISION.empty(),
        run={"stood_aside": [{"check": "payment", "reason": "no register"}]},
    )


def test_a_figure_that_weighs_nothing_is_told_in_one_line_with_its_p_value() -> None:
    """The p-value has no line of its own; a figure without one has none."""
    explanation = explain(
        "g-1",
        findings=_findings(
            ("g-1", "timing", "rotation", 0.0),
            ("g-1", "timing", "rotation_p_value", 0.0),
            ("g-1", "timing", "no_night", 0.0),
        ),
    )
    (family,) = explanation.evidence
    told = {one.channel: one.phrase for one in family.channels}
    assert told.keys() == {"rotation", "no_night"}
    assert told["rotation"].endswith("(p 0.5, weighs nothing)")
    assert "(p " not in told["no_night"]


def test_families_come_strongest_first_and_sum_their_channels() -> None:
    """A family of several channels weighs their sum; evidence against counts below none."""
    explanation = explain(
        "acct-1",
        findings=_findings(
            ("acct-1", "client", "device", -0.5),
            ("acct-1", "infrastructure", "subnet", 1.0),
            ("acct-1", "infrastructure", "address", 2.5),
            ("acct-1", "timing", "active_hour", 3.0),
            ("someone else", "identity", "payment", 9.0),
        ),
    )
    weights = [(one.family, one.weight_bits) for one in explanation.evidence]
    assert weights == [("infrastructure", 3.5), ("timing", 3.0), ("client", -0.5)]
    assert [one.channel for one in explanation.evidence[0].channels] == ["address", "subnet"]


def test_an_account_without_an_effect_has_no_customer_sentence() -> None:
    """Nobody is told of nothing; the group, its tie and its innocent explanation are named."""
    explanation = explain("acct-1", findings=_findings())
    assert explanation.customer_sentence is None
    facts = dict(explanation.facts)
    assert facts["takes the place of"] == "acct-0"
    assert facts["innocent explanation"] == "an office behind one address (tested: p 0.4)"
    assert facts["tied by"].startswith("network addresses, a channel of tomorrow")
    assert explanation.headline == "it works in an office"


def test_what_was_not_used_is_said() -> None:
    """Channels without a row, checks that stood aside, and what is never used."""
    said = explain("acct-1", findings=_findings(("acct-1", "client", "device", 1.0))).not_used
    assert "payment: stood aside, no register" in said
    (silent,) = [one for one in said if one.startswith("no evidence")]
    assert "template" in silent
    assert "device" not in silent
    assert any("the words of any prompt" in one for one in said)


def test_an_innocent_group_is_explained_too() -> None:
    """Its headline is its judgement."""
    explanation = explain("g-1", findings=_findings(("g-1", "infrastructure", "address", 4.0)))
    assert (explanation.kind, explanation.subject_id) == ("group", "g-1")
    assert explanation.headline == "12 accounts that are tied together; judgement: innocent"
    assert explanation.evidence[0].weight_bits == 4.0


def test_an_unknown_subject_is_an_error() -> None:
    """An empty id is none either."""
    for subject in ("acct-2", ""):
        with pytest.raises(UnknownSubject, match="is not in run"):
            explain(subject, findings=_findings())
