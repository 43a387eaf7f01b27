"""What an operator may set of the service: each default, and where it comes from.

    STILLWATCH_SERVE_AUTHZ_ON_FAILURE=deny, …   any field below, read in `app/settings.py`

Every route on which a request waits has a word for its failures: `allow` lets through what nobody
could judge (fail-open), `deny` refuses it (fail-closed). There is no third. Those that read a body
have a budget of time for it; the others look into a table in memory, and wait for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from stillwatch.domain.errors import SettingError
from stillwatch.gateway.decision import Fallback


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """How long one route may wait for a body, and what it answers when it can't."""

    budget_ms: float
    """0 where it reads no body."""
    on_failure: Fallback


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """All that may be set."""

    account_header: str = "x-account-id"
    """Header in which a gateway names the account that it has authenticated."""
    api_key_header: str = "x-api-key-id"
    decisions_budget_ms: float = 50.0
    """A quarter of what Envoy waits for an answer (200 ms): the rest is the network's."""
    decisions_on_failure: str = "allow"
    authz_on_failure: str = "allow"
    """Fail-open: a decision service that is down must not take the API down with it."""
    envoy_on_failure: str = "allow"
    guardrail_budget_ms: float = 1_000.0
    """The whole conversation travels with the question, and takes its time."""
    guardrail_on_failure: str = "allow"
    stale_after_s: float = 60.0
    """Seconds without a readable source after which accounts without a decision meet on_failure."""
    access_log: bool = False
    """One line a request: route, status, milliseconds; never an account."""
    traces: bool = False
    """OpenTelemetry spans, where its packages are installed and configured."""

    def route(self, name: str) -> RouteSettings:
        """Give what is set for a route.

        Raises:
            SettingError: its word for failures is neither `allow` nor `deny`.
        """
        word = getattr(self, f"{name}_on_failure")
        if word not in ("allow", "deny"):
            message = f"{name}_on_failure is {word!r}"
            raise SettingError(message, hint="it may be allow (fail-open) or deny (fail-closed)")
        return RouteSettings(getattr(self, f"{name}_budget_ms", 0.0), cast("Fallback", word))


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the service listens."""

    host: str = "127.0.0.1"
    port: int = 8787
    grpc_port: int | None = None
    """Port of Envoy's ext_authz, None = not served."""
    certificate: Path | None = None
    private_key: Path | None = None
