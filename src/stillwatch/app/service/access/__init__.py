"""Who may come in, and what they may: keys with scopes, and roles that give scopes.

Every route asks `authorise` for the one scope that it needs, and writes what it does into the
ledger under the name that comes back.
"""

from stillwatch.app.service.access.keys import KeyRing, Principal, authorise

__all__ = ["KeyRing", "Principal", "authorise"]
