"""Decisions inside a gateway's own process: a table kept up to date, and what it means.

    with GatewayClient("http://127.0.0.1:8787", on_stale="allow") as client:
        client.lookup("acct-0042").effect

For gateways of other people: the standard library alone, imported in a tenth of a second, and
nothing of the rest of the house but this folder (docs/adr/0011).
"""

from stillwatch.gateway.asgi import DecisionMiddleware, MiddlewareSettings
from stillwatch.gateway.client import GatewayClient
from stillwatch.gateway.decision import Decision
from stillwatch.gateway.poll import Service
from stillwatch.gateway.webhooks import BadSignatureError, verify_webhook

__all__ = [
    "BadSignatureError",
    "Decision",
    "DecisionMiddleware",
    "GatewayClient",
    "MiddlewareSettings",
    "Service",
    "verify_webhook",
]
