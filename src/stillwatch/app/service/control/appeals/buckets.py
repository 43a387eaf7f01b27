"""How often appeals may be asked for: buckets of tokens, a reference each and two for all.

References that are none have a bucket of their own, so that whoever guesses keeps no customer out.
All belong to one event loop, and there is a bound on how many there are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

from stillwatch.domain.service_limits import (
    APPEAL_BUCKETS_MAX,
    APPEAL_BURST,
    APPEAL_GUESSES_PER_S,
    APPEAL_PER_MINUTE,
    APPEALS_PER_S,
)

_OWN_PER_S: Final = APPEAL_PER_MINUTE / 60


@dataclass(slots=True)
class Bucket:
    """Tokens that come back with time."""

    size: float
    per_s: float
    tokens: float
    at_s: float

    def wait_s(self, now_s: float) -> float:
        """Take a token, or say in how many seconds there will be one."""
        self.tokens = min(self.size, self.tokens + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.per_s


class Buckets:
    """Counts who asks how often."""

    def __init__(self, *, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._all = self._bucket(APPEALS_PER_S, APPEALS_PER_S)
        self._guesses = self._bucket(APPEAL_GUESSES_PER_S, APPEAL_GUESSES_PER_S)
        self._own: OrderedDict[object, Bucket] = OrderedDict()

    def wait_s(self, whose: object | None) -> int:
        """Take a token for whoever holds a reference, None = one that is none.

        Units:   whole seconds until there is one; 0 = it was taken.
        """
        now_s = self._clock_s()
        if whose is None:
            return ceil(self._guesses.wait_s(now_s))
        own = self._own.pop(whose, None) or self._bucket(APPEAL_BURST, _OWN_PER_S)
        self._own[whose] = own
        if len(self._own) > APPEAL_BUCKETS_MAX:
            self._own.popitem(last=False)
        return ceil(own.wait_s(now_s) or self._all.wait_s(now_s))

    def _bucket(self, size: float, per_s: float) -> Bucket:
        return Bucket(size, per_s, size, self._clock_s())
