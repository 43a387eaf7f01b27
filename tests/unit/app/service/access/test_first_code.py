"""The first administrator's code: once, in time, and not by trying."""

from __future__ import annotations

from random import Random

import pytest

from stillwatch.app.service.access.first import CODE_S, FirstCode
from stillwatch.domain.service_limits import SIGN_IN_ATTEMPTS_MAX


class Hand:
    """A clock and a chance of a test."""

    def __init__(self) -> None:
        self.now_s = 0.0
        chance = Random(7)
        self.code = FirstCode(clock=lambda: self.now_s, choose=chance.choice)


def test_it_opens_once_however_it_is_typed() -> None:
    """In small letters, with spaces for dashes; and then no more."""
    hand = Hand()
    shown = hand.code.draw()
    assert [len(part) for part in shown.split("-")] == [4, 4, 4, 4]
    assert hand.code.take(f" {shown.lower().replace('-', ' ')} ")
    assert not hand.code.take(shown)


def test_it_is_void_after_its_time() -> None:
    """At the last moment it opens, then it does not."""
    hand = Hand()
    early, late = hand.code.draw(), ""
    hand.now_s = CODE_S - 1
    assert hand.code.take(early)
    late = hand.code.draw()
    hand.now_s += CODE_S
    assert not hand.code.take(late)


@pytest.mark.parametrize("wrong", ["", "0", "0" * 16, "A" * 5000, "ä" * 16])
def test_trying_makes_it_void(wrong: str) -> None:
    """The last of ten attempts may be right, the eleventh may not."""
    hand = Hand()
    code = hand.code.draw()
    assert not any(hand.code.take(wrong) for _ in range(SIGN_IN_ATTEMPTS_MAX - 1))
    assert hand.code.take(code)
    code = hand.code.draw()
    assert not any(hand.code.take(wrong) for _ in range(SIGN_IN_ATTEMPTS_MAX))
    assert not hand.code.take(code)


def test_another_code_makes_the_first_one_void() -> None:
    """Who has seen the older one has seen nothing; one that came to nothing opens again."""
    hand = Hand()
    old, new = hand.code.draw(), hand.code.draw()
    assert not hand.code.take(old)
    assert hand.code.take(new)
    hand.code.give_back(new)
    assert hand.code.take(new)
