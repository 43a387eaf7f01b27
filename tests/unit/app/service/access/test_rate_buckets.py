"""Token buckets: how often, for whom, and how many are remembered."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from stillwatch.app.service.access import rates
from stillwatch.app.service.access.rates import Buckets, Rate, Rates
from stillwatch.app.service.problems import RefusedError


class Clock:
    """A clock of a test."""

    now_s = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now_s


def asking(host: str) -> Request:
    """Give a request from an address."""
    return Request({"type": "http", "headers": [], "client": (host, 1)})


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    """Three at once, then one in two seconds; it never holds more than its burst."""
    clock = Clock()
    buckets = Buckets(Rate(burst=3, per_s=0.5), clock=clock)
    assert [buckets.spend("a") for _ in range(4)] == [0, 0, 0, 2.0]
    assert buckets.spend("b") == 0
    clock.now_s = 1.0
    assert buckets.spend("a") == 1.0
    clock.now_s = 2.0
    assert buckets.spend("a") == 0
    clock.now_s = 1_000.0
    assert [buckets.spend("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_a_clock_that_goes_back_fills_nothing() -> None:
    """Nor does it take anything away."""
    clock = Clock()
    clock.now_s = 100.0
    buckets = Buckets(Rate(burst=1, per_s=1), clock=clock)
    assert buckets.spend("a") == 0
    clock.now_s = 0.0
    assert buckets.spend("a") == 1.0


def test_the_bucket_unused_for_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes with many names doesn't fill the memory."""
    monkeypatch.setattr(rates, "RATE_BUCKETS_MAX", 2)
    buckets = Buckets(Rate(burst=1, per_s=0.001), clock=Clock())
    for name in ("a", "b", "a", "c"):
        buckets.spend(name)
    assert list(buckets._held) == ["a", "c"]


def test_one_network_of_the_new_addresses_is_one_client() -> None:
    """The second half of an IPv6 address is its owner's to choose; of IPv4 all of it counts."""
    found = Rates(clock=Clock(), key=b"key")
    for number in range(10):
        found.spend_sign_in(asking(f"2001:db8::{number}"))
    with pytest.raises(RefusedError) as refused:
        found.spend_sign_in(asking("2001:db8::ffff"))
    assert (refused.value.status, refused.value.headers) == (429, {"retry-after": "6"})
    found.spend_sign_in(asking("2001:db8:1::1"))
    found.spend_sign_in(asking("192.0.2.1"))
    found.spend_sign_in(asking("not an address"))


def test_many_clients_together_are_slowed_down_too() -> None:
    """A hundred sign-ins at once by a hundred clients; the next waits, whoever it is."""
    found = Rates(clock=Clock(), key=b"key")
    for number in range(100):
        found.spend_sign_in(asking(f"192.0.2.{number}"))
    with pytest.raises(RefusedError):
        found.spend_sign_in(asking("198.51.100.1"))


def test_no_address_is_kept() -> None:
    """What is kept is a hash under a key of this process."""
    found = Rates(clock=Clock(), key=b"key")
    found.spend_public(asking("192.0.2.1"))
    (kept,) = found._public._held
    assert "192" not in kept
    assert kept != next(iter(_kept_with(b"other")))


def _kept_with(key: bytes) -> list[str]:
    other = Rates(clock=Clock(), key=key)
    other.spend_public(asking("192.0.2.1"))
    return list(other._public._held)
