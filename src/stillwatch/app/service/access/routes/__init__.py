"""The routes of access, a file each: who asks, signing in and out, users, keys, and OIDC."""

from stillwatch.app.service.access.routes import invitations, keys, me, oidc, session, users

ROUTERS = (me.router, session.router, users.router, invitations.router, keys.router, oidc.router)

__all__ = ["ROUTERS"]
