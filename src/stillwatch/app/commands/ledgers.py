"""How commands name a ledger and open it for writing; the audit key is read here as in `audit`."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stillwatch.app.commands.audit import AUDIT_KEY_VARIABLE, read_audit_key
from stillwatch.app.settings import utc_now
from stillwatch.domain.errors import SettingError

if TYPE_CHECKING:
    from stillwatch.store.ledger import AuditKey, Ledger

_ID_BYTES: Final = 8
"""Bytes of a new ledger's id: no two of an operator's are ever the same."""
LedgerOption = Annotated[
    str,
    typer.Option(
        "--ledger",
        metavar="LEDGER",
        envvar="STILLWATCH_LEDGER",
        help="File, or postgresql://USER@HOST/DATABASE.",
    ),
]
LedgerIfAny = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        metavar="LEDGER",
        envvar="STILLWATCH_LEDGER",
        help="File, or postgresql://USER@HOST/DATABASE.",
    ),
]


def open_for_writing(where: str) -> Ledger:
    """Open a ledger that is there, with its audit key.

    Raises:
        SettingError: the audit key is not set.
        LedgerError: there is no ledger, or it is of another version.
    """
    from stillwatch.store.ledger import open_ledger  # noqa: PLC0415  0.3 s at start

    return open_ledger(where, key=_require_key())


def open_or_make(where: str) -> Ledger:
    """Open a ledger with its audit key, and make it where there is none.

    Raises:
        SettingError: the audit key is not set.
        LedgerError: what is there is of another version, or can't be reached.
    """
    from stillwatch.store.ledger import make_ledger  # noqa: PLC0415  likewise

    name = Path(where).stem if "://" not in where else "ledger"
    ledger_id = f"{name}-{token_hex(_ID_BYTES)}"
    return make_ledger(where, key=_require_key(), ledger_id=ledger_id, now=utc_now())


def _require_key() -> AuditKey:
    key = read_audit_key()
    if key is None:
        message = "a ledger is written with its audit key, and none is set"
        hint = f"set {AUDIT_KEY_VARIABLE} or {AUDIT_KEY_VARIABLE}_FILE; docs/operate/ledger.md"
        raise SettingError(message, hint=hint)
    return key
