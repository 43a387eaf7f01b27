"""Whatever stands in the evidence of a tied group, an analyst reads it in words."""

from __future__ import annotations

import pytest

from stillwatch.decide.explain import _phrase
from stillwatch.detect.distribution.tied_groups import DISTANCE, RANK
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.channels.families import CHANNEL_OF
from stillwatch.domain.channels.heard import HEARD, phrase_heard
from stillwatch.domain.channels.told import TOLD, TOLD_OF_TEXT, phrase_told

WITNESSED = [witness.name for witness in WITNESSES]


def test_the_words_are_of_the_witnesses_that_there_are() -> None:
    """Each witness and what an account sends; none bears the name of a tie, or of what is told."""
    assert set(HEARD) == {*WITNESSED, "stream"}
    assert not set(HEARD) & (set(TOLD) | set(TOLD_OF_TEXT) | set(CHANNEL_OF))


@pytest.mark.parametrize("channel", sorted(HEARD))
def test_explain_says_what_it_measures(channel: str) -> None:
    """A clause, not the bare code."""
    assert _phrase(channel) == phrase_heard(channel) != channel
    assert len(phrase_heard(channel)) > 30


def test_figures_of_text_weigh_nothing_and_say_so() -> None:
    """They are told, not heard: no drawing of witnesses has them."""
    assert set(TOLD_OF_TEXT) == {DISTANCE, RANK}
    for channel in TOLD_OF_TEXT:
        assert _phrase(channel) == phrase_told(channel)
        assert "weighs nothing" in phrase_told(channel)


def test_any_other_channel_has_no_phrase_here() -> None:
    """It goes by the name that its own catalogue gives it."""
    assert phrase_heard("client") == phrase_heard("of_tomorrow") == ""
