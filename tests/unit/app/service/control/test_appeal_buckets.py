"""Buckets of tokens: what comes back with time, who waits for whom, and how many there may be."""

from __future__ import annotations

from stillwatch.app.service.control.appeals import buckets
from stillwatch.app.service.control.appeals.buckets import Buckets
from stillwatch.domain.service_limits import (
    APPEAL_BURST,
    APPEAL_GUESSES_PER_S,
    APPEAL_PER_MINUTE,
    APPEALS_PER_S,
)


class Clock:
    """Seconds that a test puts forward."""

    now_s = 0.0

    def __call__(self) -> float:
        """Give them."""
        return self.now_s


def test_a_burst_passes_and_then_waits_as_long_as_it_is_told() -> None:
    """Not a second less: just before, the next one waits still."""
    clock = Clock()
    found = Buckets(clock_s=clock)
    assert [found.wait_s("a") for _ in range(APPEAL_BURST)] == [0] * APPEAL_BURST
    wait_s = found.wait_s("a")
    assert wait_s == 60 // APPEAL_PER_MINUTE
    clock.now_s += wait_s - 1.5
    assert found.wait_s("a") > 0
    clock.now_s += 1.5
    assert found.wait_s("a") == 0


def test_an_hour_of_silence_gives_no_more_than_a_burst() -> None:
    """A bucket overflows."""
    clock = Clock()
    found = Buckets(clock_s=clock)
    for _ in range(2):
        assert sum(found.wait_s("a") == 0 for _ in range(3 * APPEAL_BURST)) == APPEAL_BURST
        clock.now_s += 3_600


def test_guesses_empty_their_own_bucket_alone() -> None:
    """Whoever guesses keeps no customer out, and all customers together have a bound."""
    found = Buckets(clock_s=Clock())
    passed = sum(found.wait_s(None) == 0 for _ in range(10 * APPEAL_GUESSES_PER_S))
    assert passed == APPEAL_GUESSES_PER_S
    assert sum(found.wait_s(f"c-{n}") == 0 for n in range(3 * APPEALS_PER_S)) == APPEALS_PER_S


def test_there_are_no_more_buckets_than_may_be() -> None:
    """The one that was longest unused goes first."""
    clock = Clock()
    found = Buckets(clock_s=clock)
    for n in range(buckets.APPEAL_BUCKETS_MAX + 10):
        clock.now_s += 1.0 / APPEALS_PER_S
        found.wait_s(n)
    assert len(found._own) == buckets.APPEAL_BUCKETS_MAX
    assert 0 not in found._own
