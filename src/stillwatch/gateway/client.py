"""The client: a decision table in the gateway's own process, kept up to date by long poll.

A thread asks the service what has changed and puts a new table in the place of the old one; lookups
read it without a lock. When the service is gone the table stays in force, and the client says how
old it is: it goes on refusing whom it knows, and for everybody else `on_stale` says what happens.

Blind spot: decisions that were taken back while the service was gone stay in force until it is back
or they expire.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Final, Self

from stillwatch.gateway.answers import Answer, unchecked
from stillwatch.gateway.decision import Decision, Fallback
from stillwatch.gateway.deltas import NEVER, Delta, GapInChangesError, TableFullError
from stillwatch.gateway.judge import Asked, judge, spend_tokens
from stillwatch.gateway.limits import (
    ACCOUNT_CHARS_MAX,
    BACKOFF_S_MAX,
    BACKOFF_S_MIN,
    BUDGET_WAIT_S,
    STALE_S,
    WAIT_S_MAX,
)
from stillwatch.gateway.meters import Meters
from stillwatch.gateway.poll import FAULTS, Service, ServiceConnection
from stillwatch.gateway.table import DecisionTable

_CLOCK: Final = time.time
_TICKS: Final = time.monotonic
_CHANCE: Final = random.random
_DOUBLINGS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Staleness:
    """How far a client's table can be trusted to be the service's."""

    is_stale: bool
    age_s: float
    """Seconds since the service was last heard; infinite before the first time."""
    version: int
    failure: str
    """The last failure's words, empty while all is well."""


class GatewayClient:
    """Decisions for a gateway, looked up in its own process."""

    def __init__(
        self,
        service: str | Service,
        *,
        on_stale: Fallback,
        stale_after_s: float = STALE_S,
        wait_s: float = WAIT_S_MAX,
    ) -> None:
        if on_stale not in ("allow", "deny"):
            message = f"on_stale is {on_stale!r}: it is 'allow' or 'deny'"
            raise ValueError(message)
        given = Service(service) if isinstance(service, str) else service
        self.table = DecisionTable()
        self.meters = Meters()
        self.on_stale: Fallback = on_stale
        self._connection = ServiceConnection(given)
        self._stale_after_s = stale_after_s
        self._wait_s = min(wait_s, WAIT_S_MAX, stale_after_s / 2)
        self._heard_at_s = -math.inf
        self._failure = ""
        self._is_ending = Event()
        self._changed = Condition()
        self._thread: Thread | None = None

    def start(self) -> Self:
        """Begin to follow the service, in a thread that ends with the process."""
        if self._thread is None:
            self._thread = Thread(target=self._follow, name="stillwatch-gateway", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Stop following; the table stays, and grows old."""
        self._is_ending.set()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def lookup(self, account_id: str, *, api_key_id: str | None = None) -> Decision:
        """Give the decision that rules an account: the most severe in force, else `allow`.

        Where none is in force and the table is stale, it is what `on_stale` says.
        Cost:    constant, in process; nothing is counted.
        """
        found = self.table.lookup(account_id, now_s=_CLOCK(), api_key_id=api_key_id)
        if found is not None:
            return found
        if self.on_stale == "deny" and self._age_s() > self._stale_after_s:
            return unchecked(account_id, "deny").decision
        return Decision(account_id)

    def judge(
        self, account_id: str, *, api_key_id: str | None = None, output_tokens: int = 0
    ) -> Answer:
        """Say whether a request of an account goes on, and count it where something is counted."""
        is_stale = self._age_s() > self._stale_after_s
        if len(account_id) > ACCOUNT_CHARS_MAX:
            return unchecked(account_id[:ACCOUNT_CHARS_MAX], self.on_stale, is_stale=is_stale)
        asked = Asked(account_id, _CLOCK(), api_key_id, output_tokens)
        answer = judge(self.table, asked, meters=self.meters)
        if answer is None:
            fallback: Fallback = self.on_stale if is_stale else "allow"
            return unchecked(account_id, fallback, is_stale=is_stale)
        return replace(answer, is_stale=True) if is_stale else answer

    def spend(self, account_id: str, *, output_tokens: int, api_key_id: str | None = None) -> None:
        """Count the output tokens of an exchange that is over."""
        asked = Asked(account_id, _CLOCK(), api_key_id, output_tokens)
        spend_tokens(self.table, asked, meters=self.meters)

    def staleness(self) -> Staleness:
        """Say how old the table is, and what went wrong last."""
        age_s = self._age_s()
        return Staleness(age_s > self._stale_after_s, age_s, self.table.version, self._failure)

    def wait_for(self, is_there: Callable[[DecisionTable], bool], *, timeout_s: float) -> bool:
        """Wait until the table is as wanted; say whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: is_there(self.table), timeout_s)

    def _age_s(self) -> float:
        return _TICKS() - self._heard_at_s

    def _follow(self) -> None:
        failures = 0
        while not self._is_ending.is_set():
            try:
                self._take(self._ask())
                self._report()
                failures = 0
            except (GapInChangesError, TableFullError, *FAULTS) as fault:
                failures = min(failures + 1, _DOUBLINGS_MAX)
                self._failure = f"{type(fault).__name__}: {fault}"
                self._is_ending.wait(_backoff_s(failures))
        self._connection.close()

    def _ask(self) -> Delta:
        table = self.table
        wait_s = min(self._wait_s, BUDGET_WAIT_S) if table.budgets else self._wait_s
        return self._connection.fetch(table.series, table.version, wait_s=wait_s)

    def _take(self, delta: Delta) -> None:
        try:
            table = self.table.after(delta)
        except GapInChangesError:
            self.table = replace(self.table, series="", version=NEVER)
            raise
        with self._changed:
            self.table = table
            self._heard_at_s = _TICKS()
            self._failure = ""
            self._changed.notify_all()

    def _report(self) -> None:
        if not self.table.budgets:
            return
        unreported = self.meters.take_unreported()
        try:
            totals = self._connection.report(unreported)
        except FAULTS:
            self.meters.give_back(unreported)
            raise
        self.meters.learn_elsewhere(totals, now_s=_CLOCK())


def _backoff_s(failures: int) -> float:
    """Wait longer after each failure, and never two gateways in step: between half and all."""
    longest = min(BACKOFF_S_MAX, BACKOFF_S_MIN * float(2 ** (failures - 1)))
    return longest * (1 + _CHANCE()) / 2
