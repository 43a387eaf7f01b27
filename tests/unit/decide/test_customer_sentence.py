"""The customer's sentence: the link of one account in the place of the words that all get."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stillwatch.decide.customer import appeal_words, customer_sentence, with_appeal_link
from stillwatch.domain.settings import PolicySettings
from stillwatch.store.ledger.nouns.decisions import EFFECTS

ENDS = datetime(2026, 12, 30, tzinfo=UTC)
LINK = "https://api.example/appeals/x-1"
SHARED = (appeal_words("by letter", base="https://api.example/appeals"), PolicySettings().appeal)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("appeal", SHARED)
def test_every_sentence_carries_the_link_once(effect: str, appeal: str) -> None:
    """Whatever the effect, and whichever of the words it was made with; the rest is as it was."""
    sentence = customer_sentence(effect, expires_at=ENDS, appeal=appeal)
    own = with_appeal_link(sentence, appeals=SHARED, link=LINK)
    assert own == customer_sentence(effect, expires_at=ENDS, appeal=f"at {LINK}")
    assert own.count(LINK) == 1


def test_a_sentence_without_those_words_gets_one_more() -> None:
    """It is from before a setting changed, or from another tool."""
    own = with_appeal_link("Closed.", appeals=SHARED, link=LINK)
    assert own == f"Closed. You can appeal at {LINK}."


def test_without_an_address_the_operator_s_words_stand() -> None:
    """Nobody is told of a form that they can't reach."""
    assert appeal_words("by letter", base="") == "by letter"
    assert appeal_words("by letter", base="https://a.example/b") == "at https://a.example/b"
