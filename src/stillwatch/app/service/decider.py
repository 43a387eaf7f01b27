"""One request, one answer: the table in force, the meters, and what holds where neither can say.

Every route that judges comes through here, so that all gateways get the same answer. A fault in
judging is told and counted, and the request gets what the route's `on_failure` fixes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter

from stillwatch.app.service.feed import DecisionFeed
from stillwatch.app.service.settings import RouteSettings, ServiceSettings
from stillwatch.app.service.telemetry import Metrics, Spans, tell
from stillwatch.gateway.answers import Answer, unchecked
from stillwatch.gateway.decision import Decision
from stillwatch.gateway.judge import Asked, judge
from stillwatch.gateway.limits import ACCOUNT_CHARS_MAX
from stillwatch.gateway.meters import Meters


@dataclass(slots=True)
class Decider:
    """What every route needs to answer."""

    feed: DecisionFeed
    settings: ServiceSettings
    clock: Callable[[], float]
    """Seconds since the epoch."""
    metrics: Metrics = field(default_factory=Metrics)
    meters: Meters = field(default_factory=Meters)
    reword: Callable[..., str] | None = None
    """Makes a decision's sentence the account's own: (sentence, decision_id=, account_id=)."""
    routes: dict[str, RouteSettings] = field(init=False)
    spans: Spans = field(init=False)

    def __post_init__(self) -> None:
        names = ("decisions", "authz", "envoy", "guardrail")
        self.routes = {name: self.settings.route(name) for name in names}
        self.spans = Spans(wanted=self.settings.traces)

    @property
    def is_stale(self) -> bool:
        """Say whether the source has been unreadable for longer than it may."""
        return self.feed.age_s > self.settings.stale_after_s

    def answer(self, route: str, asked: Asked) -> Answer:
        """Judge a request that came by a route, and count what was answered."""
        begun = perf_counter()
        with self.spans.span(f"judge {route}"):
            try:
                found = self._judge(route, asked)
            except Exception as fault:  # noqa: BLE001  on_failure is for whatever goes wrong
                tell("judging.failed", route=route, fault=type(fault).__name__)
                found = self.fall_back(route, asked.account_id, cause="fault")
        if self.reword is not None and found.decision.decision_id:
            found = self._reword(found, self.reword)
        self.metrics.answers_of(route, found.decision.effect).inc()
        self.metrics.seconds_of(route).observe(perf_counter() - begun)
        return found

    def fall_back(self, route: str, account_id: str, *, cause: str) -> Answer:
        """Give what a route's settings fix for requests that nobody can judge."""
        self.metrics.failures.labels(route, cause).inc()
        return unchecked(account_id, self.routes[route].on_failure, is_stale=cause == "stale")

    @staticmethod
    def _reword(found: Answer, reword: Callable[..., str]) -> Answer:
        one = found.decision
        own = reword(one.reason, decision_id=one.decision_id, account_id=one.account_id)
        return replace(found, decision=replace(one, reason=own))

    def _judge(self, route: str, asked: Asked) -> Answer:
        if not asked.account_id or len(asked.account_id) > ACCOUNT_CHARS_MAX:
            return self.fall_back(route, "", cause="no_account")
        found = judge(self.feed.table, asked, meters=self.meters)
        if found is not None:
            return found
        if self.is_stale:
            return self.fall_back(route, asked.account_id, cause="stale")
        return Answer(Decision(asked.account_id))
