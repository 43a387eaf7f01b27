"""Who may come in, and what they may: keys with scopes, roles that give scopes, sessions of people.

Every route asks `authorise` for the one scope that it needs, and writes what it does into the
ledger under the name that comes back. `wiring` puts it together; docs/operate/access.md explains.
"""

from stillwatch.app.service.access.keys import KeyRing, Principal, authorise, identify

__all__ = ["KeyRing", "Principal", "authorise", "identify"]
