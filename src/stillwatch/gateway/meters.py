"""What accounts and campaigns have spent within the hour, counted in this process.

An hour is counted in 60 parts, and a part counts until all of it is an hour old: no window of an
hour ever holds more than the ceiling, and what was spent comes back at most a minute late. Whoever
asks says what time it is.

Blind spot: several gateways count apart. Campaign budgets are brought together by reports
(`take_unreported`, `learn_elsewhere`), seconds late; an account's own throttle is counted by each
gateway for itself, so that n gateways let n times as much pass.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Final

from stillwatch.gateway.limits import HOUR_S, METERS_MAX, RETRY_S, RETRY_S_MAX, WINDOW_PARTS

_PART_S: Final = HOUR_S / WINDOW_PARTS
Spent = tuple[int, int]
"""Exchanges and output tokens."""


@dataclass(slots=True)
class Meter:
    """What one account or campaign has spent within the hour."""

    parts: deque[list[int]] = field(default_factory=deque)
    """[number of the part, exchanges, output tokens], the oldest first; 61 at most."""
    exchanges: int = 0
    output_tokens: int = 0

    def spent(self, now_s: float) -> Spent:
        """Say what was spent within the hour."""
        oldest = int(now_s // _PART_S) - WINDOW_PARTS
        while self.parts and self.parts[0][0] < oldest:
            _, exchanges, tokens = self.parts.popleft()
            self.exchanges -= exchanges
            self.output_tokens -= tokens
        return self.exchanges, self.output_tokens

    def add(self, spent: Spent, *, now_s: float) -> None:
        """Count what was spent; a time before the last one counts as the last one."""
        self.spent(now_s)
        number = int(now_s // _PART_S)
        if not self.parts or self.parts[-1][0] < number:
            self.parts.append([number, 0, 0])
        self.parts[-1][1] += spent[0]
        self.parts[-1][2] += spent[1]
        self.exchanges += spent[0]
        self.output_tokens += spent[1]

    def retry_after_s(self, now_s: float) -> int:
        """Say in how many seconds the oldest part leaves the hour."""
        if not self.parts:
            return RETRY_S
        ends_at_s = (self.parts[0][0] + WINDOW_PARTS + 1) * _PART_S
        return max(1, min(RETRY_S_MAX, ceil(ends_at_s - now_s)))


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What may be spent in an hour; None = not bounded."""

    exchanges: int | None
    output_tokens: int | None

    def has_room(self, spent: Spent, output_tokens: int) -> bool:
        """Say whether one more exchange, and its tokens, fit under it."""
        return (self.exchanges is None or spent[0] < self.exchanges) and (
            self.output_tokens is None or spent[1] + max(output_tokens, 1) <= self.output_tokens
        )


class Meters:
    """All meters of a process; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._meters: OrderedDict[str, Meter] = OrderedDict()
        self._unreported: dict[str, list[int]] = {}
        self._elsewhere: dict[str, tuple[float, Spent]] = {}

    def has_room(self, name: str, ceiling: Ceiling, *, output_tokens: int, now_s: float) -> bool:
        """Say whether a request fits under a ceiling, with what others have reported.

        Cost:    constant.
        """
        with self._lock:
            exchanges, tokens = self._meter(name).spent(now_s)
            told_at_s, (others, others_tokens) = self._elsewhere.get(name, (-HOUR_S, (0, 0)))
            if now_s - told_at_s < HOUR_S:
                exchanges, tokens = exchanges + others, tokens + others_tokens
        return ceiling.has_room((exchanges, tokens), output_tokens)

    def spend(self, name: str, spent: Spent, *, now_s: float, is_reported: bool = False) -> None:
        """Count what was spent, and remember to report it where that is wanted."""
        with self._lock:
            self._meter(name).add(spent, now_s=now_s)
            if is_reported:
                waiting = self._unreported.setdefault(name, [0, 0])
                waiting[0] += spent[0]
                waiting[1] += spent[1]

    def spent(self, name: str, *, now_s: float) -> Spent:
        """Say what was spent within the hour, here."""
        with self._lock:
            return self._meter(name).spent(now_s)

    def retry_after_s(self, name: str, *, now_s: float) -> int:
        """Say in how many seconds some of the hour is free again."""
        with self._lock:
            return self._meter(name).retry_after_s(now_s)

    def take_unreported(self) -> dict[str, Spent]:
        """Give what was spent since the last report, and forget that it was not reported."""
        with self._lock:
            taken, self._unreported = self._unreported, {}
        return {name: (exchanges, tokens) for name, (exchanges, tokens) in taken.items()}

    def give_back(self, unreported: Mapping[str, Spent]) -> None:
        """Remember again what could not be reported."""
        with self._lock:
            for name, (exchanges, tokens) in unreported.items():
                waiting = self._unreported.setdefault(name, [0, 0])
                waiting[0] += exchanges
                waiting[1] += tokens

    def learn_elsewhere(self, totals: Mapping[str, Spent], *, now_s: float) -> None:
        """Learn what all gateways together have spent: what is not ours was spent elsewhere.

        It counts for an hour after it was told, whatever happens to the service.
        """
        with self._lock:
            for name, (exchanges, tokens) in totals.items():
                own, own_tokens = self._meter(name).spent(now_s)
                waiting, waiting_tokens = self._unreported.get(name, (0, 0))
                told, told_tokens = own - waiting, own_tokens - waiting_tokens
                rest = max(exchanges - told, 0), max(tokens - told_tokens, 0)
                self._elsewhere[name] = (now_s, rest)
            for name in [n for n in self._elsewhere if now_s - self._elsewhere[n][0] >= HOUR_S]:
                del self._elsewhere[name]

    def _meter(self, name: str) -> Meter:
        meter = self._meters.get(name)
        if meter is None:
            meter = self._meters[name] = Meter()
            if len(self._meters) > METERS_MAX:
                self._meters.popitem(last=False)
        else:
            self._meters.move_to_end(name)
        return meter
