"""How often somebody may ask: token buckets in memory, by principal or by client.

People's routes spend from their principal's bucket, refusals and sign-ins from the client's. A
gateway whose key is good spends nothing. Of a client's address a hash is kept whose key is this
process's own; of IPv6 the first half alone, since the rest is the client's to choose. Buckets are
bounded: the one unused for longest makes room, and a bucket of all sign-ins together stands behind.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final

from fastapi import Request

from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import RATE_BUCKETS_MAX

_EVERYBODY: Final = "everybody"
_NETWORK_BYTES: Final = 8
_HASH_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and so many a second after."""

    burst: float
    per_s: float


PEOPLE: Final = Rate(burst=200, per_s=20)
"""A page asks for some twenty things; a person opens a page a second at most."""
REFUSALS: Final = Rate(burst=30, per_s=1)
"""A gateway with a key that was just revoked is told so, then slowed down."""
SIGN_INS: Final = Rate(burst=10, per_s=1 / 6)
"""Ten at once, then one in six seconds: people who mistype a code."""
ALL_SIGN_INS: Final = Rate(burst=100, per_s=5)
PUBLIC: Final = Rate(burst=60, per_s=2)
"""What anybody may ask without a key: a customer with an appeal."""


class Buckets:
    """Buckets that fill up again, one a name."""

    def __init__(self, rate: Rate, *, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, name: str) -> float:
        """Take one out; give the seconds to wait where it is empty, else 0."""
        now_s = self._clock()
        left, at_s = self._held.pop(name, (self._rate.burst, now_s))
        left = min(self._rate.burst, left + max(0.0, now_s - at_s) * self._rate.per_s)
        wait_s = 0.0 if left >= 1 else (1 - left) / self._rate.per_s
        self._held[name] = (left - 1 if left >= 1 else left, now_s)
        if len(self._held) > RATE_BUCKETS_MAX:
            self._held.popitem(last=False)
        return wait_s


class Rates:
    """The buckets of one service."""

    def __init__(self, *, clock: Callable[[], float], key: bytes) -> None:
        self._key = key
        self._people = Buckets(PEOPLE, clock=clock)
        self._refusals = Buckets(REFUSALS, clock=clock)
        self._sign_ins = Buckets(SIGN_INS, clock=clock)
        self._all_sign_ins = Buckets(ALL_SIGN_INS, clock=clock)
        self._public = Buckets(PUBLIC, clock=clock)

    def spend_person(self, name: str) -> None:
        """Count a request of a principal on a route for people.

        Raises:
            RefusedError: there were too many (429).
        """
        _refuse_after(self._people.spend(name))

    def spend_refusal(self, request: Request) -> None:
        """Count a request that nobody may make.

        Raises:
            RefusedError: there were too many (429).
        """
        _refuse_after(self._refusals.spend(self._client_of(request)))

    def spend_sign_in(self, request: Request) -> None:
        """Count somebody who wants to come in.

        Raises:
            RefusedError: there were too many, of this client or of all (429).
        """
        _refuse_after(self._sign_ins.spend(self._client_of(request)))
        _refuse_after(self._all_sign_ins.spend(_EVERYBODY))

    def spend_public(self, request: Request) -> None:
        """Count a request that anybody may make.

        Raises:
            RefusedError: there were too many (429).
        """
        _refuse_after(self._public.spend(self._client_of(request)))

    def _client_of(self, request: Request) -> str:
        host = request.client.host if request.client else ""
        return blake2b(_network_of(host), key=self._key, digest_size=_HASH_BYTES).hexdigest()


def _network_of(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        return host.encode()
    return address.packed[:_NETWORK_BYTES] if isinstance(address, IPv6Address) else address.packed


def _refuse_after(wait_s: float) -> None:
    if wait_s > 0:
        headers = {"retry-after": str(ceil(wait_s))}
        raise RefusedError(429, "There were too many requests.", headers=headers)
