"""The ledger: what was found, decided, done and appealed, and by whom, in SQLite or PostgreSQL.

`with ledger.write(actor=…, now=…) as change:` has the verbs, `with ledger.read() as view:` the
questions; `nouns/` has the rows. Every change and its entry in the hash-chained audit log are one
transaction. It holds ids, figures and what people wrote, never a prompt or an address. Time, ids
and secrets are given by the caller. Deliberately absent: roles (the service enforces them).
"""

from stillwatch.store.ledger.audit.anchor import Anchor, read_anchor
from stillwatch.store.ledger.audit.key import AuditKey
from stillwatch.store.ledger.audit.verify import AuditReport
from stillwatch.store.ledger.ledger import Ledger, make_ledger, open_ledger, upgrade_ledger

__all__ = [
    "Anchor",
    "AuditKey",
    "AuditReport",
    "Ledger",
    "make_ledger",
    "open_ledger",
    "read_anchor",
    "upgrade_ledger",
]
