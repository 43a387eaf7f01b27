"""The routes of access, a file each: who asks, signing in and out, users, keys, and OIDC."""

from stillwatch.app.service.access.routes import me, session

ROUTERS = (me.router, session.router)

__all__ = ["ROUTERS"]
