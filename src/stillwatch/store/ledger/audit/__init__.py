"""The audit log: who did what when, as a chain of hashes that only grows.

`chain` says what is hashed, `log` writes, `verify` reads it all again, `images` compares the rows
of the ledger with what the log says of them, `anchor` is what another party keeps, `key` is what
seals the head. What it protects from, and what not, is on the page `docs/operate/ledger.md`.
"""
