"""What a customer could be sent says what follows, and nothing of others or of how."""

from __future__ import annotations

import re
from itertools import product

import pytest

from stillwatch.detect.verdicts.sentences import explain_verdict
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.channels.families import CHANNELS, FAMILIES
from stillwatch.domain.results import TACTICS, VERDICTS

REASONS = [f"tied_{f}" for f in FAMILIES] + [f"harvest_{w.name}" for w in WITNESSES]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_sentence_reveals_nothing_but_the_verdict(verdict: str) -> None:
    """Whatever the reasons were, it is the same sentence."""
    plain = explain_verdict(verdict, [])
    assert all(explain_verdict(verdict, [r]) == plain for r in REASONS)
    assert explain_verdict(verdict, [*REASONS, "held_back_uncertain"]) == plain


@pytest.mark.parametrize(("verdict", "reasons"), list(product(VERDICTS, ([], ["over_budget"]))))
def test_a_sentence_names_no_number_channel_or_tactic(verdict: str, reasons: list[str]) -> None:
    """No threshold, no id, no address, nothing of how it was found."""
    sentence = explain_verdict(verdict, reasons).lower()
    assert not re.search(r"\d", sentence)
    names = [*TACTICS, *[c.name for c in CHANNELS], *[w.name for w in WITNESSES]]
    assert not [n for n in names if re.search(rf"\b{n.replace('_', ' ')}\b", sentence)]
    assert not [w for w in ("template", "payment", "prompt", "score", "threshold") if w in sentence]


def test_an_accusation_comes_with_an_appeal() -> None:
    """A person will look."""
    assert "appeal" in explain_verdict("fraudulent", [])
    assert all("a person will look" in explain_verdict(v, []) for v in ("fraudulent", "suspect"))


def test_an_exceeded_budget_is_said() -> None:
    """And only then."""
    assert "more than the permission" in explain_verdict("permitted", ["over_budget"])
    assert "more than the permission" not in explain_verdict("permitted", ["permission"])
