"""The routes of access, a file each: who asks, signing in and out, users, keys, and OIDC."""

from stillwatch.app.service.access.routes import keys, me, oidc, session, users

ROUTERS = (me.router, session.router, users.router, keys.router, oidc.router)

__all__ = ["ROUTERS"]
