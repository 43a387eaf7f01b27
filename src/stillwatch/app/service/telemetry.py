"""What the service tells of itself: metrics, events as lines of JSON, and spans where wanted.

None of it names an account, a key or an address: routes, effects, statuses and times are enough to
run it, and what was decided on whom is the ledger's to say.
"""

from __future__ import annotations

import json
import logging
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from stillwatch.domain.errors import SettingError

LOGGER: Final = logging.getLogger("stillwatch.service")
_SERVER: Final = logging.getLogger("uvicorn.error")
METRICS_TYPE: Final = CONTENT_TYPE_LATEST
_BUCKETS_S: Final = (
    0.00005,
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    1.0,
)
"""Seconds: from an empty lookup to five times what Envoy waits."""


class Metrics:
    """The figures of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "stillwatch_answers_total",
            "Requests judged, by route and effect",
            ["route", "effect"],
            registry=self.registry,
        )
        self.failures = Counter(
            "stillwatch_failures_total",
            "Requests that met on_failure, by route and cause",
            ["route", "cause"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "stillwatch_answer_seconds",
            "Time from a request's arrival to its answer",
            ["route"],
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.answers_of = cache(self.answers.labels)
        """The counter of a route and effect: looked up in a microsecond less than by its labels."""
        self.seconds_of = cache(self.seconds.labels)
        self.version = self._gauge("stillwatch_table_version", "Version of the table in force")
        self.accounts = self._gauge("stillwatch_table_accounts", "Accounts under a decision")
        self.age = self._gauge("stillwatch_source_age_seconds", "Since the source was last read")
        self.polls = self._gauge("stillwatch_long_polls", "Gateways that wait for a change")

    def render(self) -> bytes:
        """Write all of them in Prometheus' text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(name, about, registry=self.registry)


class JsonLines(logging.Formatter):
    """One event a line, as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an event with what was said of it."""
        said = getattr(record, "said", {})
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **said,
        }
        return json.dumps(line, default=str)


def tell(event: str, /, **said: object) -> None:
    """Log an event of the service; faults are warnings."""
    level = logging.WARNING if "fault" in said else logging.INFO
    LOGGER.log(level, event, extra={"said": said})


def log_to_stderr() -> None:
    """Write events as lines of JSON on the standard error."""
    target = logging.StreamHandler()
    target.setFormatter(JsonLines())
    for logger, level in ((LOGGER, logging.INFO), (_SERVER, logging.WARNING)):
        logger.addHandler(target)
        logger.setLevel(level)
        logger.propagate = False


class Spans:
    """OpenTelemetry spans, or nothing."""

    def __init__(self, *, wanted: bool) -> None:
        self._tracer: Any = None
        if not wanted:
            return
        try:
            from opentelemetry import trace  # noqa: PLC0415  optional: not all want spans
        except ImportError as absent:
            message = "traces are on, and OpenTelemetry is not installed"
            hint = "install opentelemetry-sdk and an exporter, or turn off"
            raise SettingError(message, hint=hint) from absent
        self._tracer = trace.get_tracer("stillwatch.service")

    def span(self, name: str) -> AbstractContextManager[object]:
        """Open a span for a piece of work; it carries no account."""
        if self._tracer is None:
            return nullcontext()
        opened: AbstractContextManager[object] = self._tracer.start_as_current_span(name)
        return opened
