"""`stillwatch invite`: let a person in from the machine of the service, when nobody else can.

It writes into the ledger with the audit key, which is more than any administrator has; so it gives
nobody anything that they could not take. It gives no role, but for that of the first administrator
where there is none.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated, Final

import typer

from stillwatch.app.commands.audit import LedgerAddress, read_audit_key
from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import say
from stillwatch.app.settings import utc_now
from stillwatch.domain.errors import SettingError

ACTOR: Final = "service:terminal"
_HOURS: Final = 1.0
_HOURS_MAX: Final = 168.0
_SECRET_BYTES: Final = 32
_EXAMPLES = examples(
    "stillwatch invite ledger.db ann           [dim]# a code that opens once[/dim]",
    "stillwatch invite ledger.db ann --first   [dim]# where nobody administers yet[/dim]",
)


def invite(
    ledger: LedgerAddress,
    user: Annotated[str, typer.Argument(metavar="USER", help="A person whom the ledger knows.")],
    *,
    hours: Annotated[
        float, typer.Option(min=0.1, max=_HOURS_MAX, help="Hours in which it has to be used.")
    ] = _HOURS,
    first: Annotated[
        bool, typer.Option("--first", help="Add USER as the first administrator.")
    ] = False,
) -> None:
    """Make an invitation for a person whom the ledger knows, and print its code.

    For an administrator who is locked out; with --first for the first one, where the service has no
    terminal to show its code on. It needs the audit key (STILLWATCH_AUDIT_KEY or
    STILLWATCH_AUDIT_KEY_FILE), and the audit log says that it was made here. The code is used at
    `POST /v1/session/invitation`, or at the console.
    """
    from stillwatch.store.ledger import open_ledger  # noqa: PLC0415  0.3 s at start
    from stillwatch.store.ledger.lookups import hash_secret  # noqa: PLC0415  likewise
    from stillwatch.store.ledger.nouns.people import (  # noqa: PLC0415  likewise
        NewInvitation,
        NewUser,
    )
    from stillwatch.store.ledger.states import is_machine  # noqa: PLC0415  likewise

    if is_machine(user):
        message = f"{user} is a program, and doesn't sign in"
        raise SettingError(message, hint="an administrator makes its keys")
    code, now = secrets.token_urlsafe(_SECRET_BYTES), utc_now()
    new = NewInvitation(
        invitation_id=f"i-{secrets.token_urlsafe(_SECRET_BYTES)}",
        code_hash=hash_secret(code),
        user_id=user,
        ends_at=now + timedelta(hours=hours),
    )
    opened = open_ledger(ledger, key=read_audit_key())
    try:
        with opened.write(actor=ACTOR, now=now) as change:
            if first:
                change.add_first_admin(NewUser(user_id=user, roles=("admin",)))
            change.invite(new)
    finally:
        opened.close()
    say(code)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(invite), epilog=_EXAMPLES)(invite)
