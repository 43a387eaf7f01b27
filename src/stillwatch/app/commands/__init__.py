"""The commands, a file each; every one exports `register(app)`, as an extension's would.

They are named here and imported when they are needed: one command brings what it uses, not what
its siblings use.
"""

from types import MappingProxyType
from typing import Final

BUILT_IN: Final = MappingProxyType(
    {
        "demo": "demo",
        "check": "check",
        "scan": "scan",
        "explain": "results.explain",
        "diff": "results.diff",
        "revert": "results.revert",
        "serve": "serving.command",
        "enforce": "serving.enforce",
        "open": "results.open_report",
        "ingest": "lakes.ingest",
        "commit": "lakes.commit",
        "watch": "lakes.watch",
        "sql": "lakes.sql",
        "backtest": "backtest.command",
        "replay": "lists.replay",
        "templates": "lists.templates",
        "deliver": "deliver",
        "audit": "audit",
        "invite": "invite",
        "backup": "operate.backup",
        "restore": "operate.restore",
        "retain": "operate.retain",
        "erase": "operate.erase",
        "lake": "operate.lake",
        "ledger": "operate.ledger",
        "key": "operate.key",
        "schema": "schema",
    }
)
"""Name of a command -> its module in this package; in the order in which `--help` lists them: the
order in which a newcomer needs them."""

__all__ = ["BUILT_IN"]
