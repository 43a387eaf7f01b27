"""The routes, a file each: what a path takes, and how an answer looks there."""

from stillwatch.app.service.routes import authz, changes, decisions, guardrail_dialect, health

ROUTERS = (
    decisions.router,
    changes.router,
    authz.router,
    guardrail_dialect.router,
    health.router,
)

__all__ = ["ROUTERS"]
