"""Whatever stands in the evidence of a tied group, an analyst reads it in words."""

from __future__ import annotations

import pytest

from stillwatch.decide.explain import _phrase
from stillwatch.detect.distribution.tied_groups import DISTANCE, RANK
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.channels.families import CHANNEL_OF
from stillwatch.domain.channels.heard import HEARD, phrase_heard
from stillwatch.domain.channels.told import TOLD

WITNESSED = [witness.name for witness in WITNESSES]


def test_the_words_are_of_the_witnesses_that_there_are() -> None:
    """Each witness, the two figures of text and what an account sends; none bears a tie's name."""
    assert set(HEARD) == {*WITNESSED, DISTANCE, RANK, "stream"}
    assert not set(HEARD) & (set(TOLD) | set(CHANNEL_OF))


@pytest.mark.parametrize("channel", sorted(HEARD))
def test_explain_says_what_it_measures(channel: str) -> None:
    """A clause, not the bare code."""
    assert _phrase(channel) == phrase_heard(channel) != channel
    assert len(phrase_heard(channel)) > 30


def test_any_other_channel_has_no_phrase_here() -> None:
    """It goes by the name that its own catalogue gives it."""
    assert phrase_heard("client") == phrase_heard("of_tomorrow") == ""
