"""`stillwatch ledger`: bringing an older ledger to this version, with a copy first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stillwatch.app.commands.audit import LedgerAddress
from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import say, warn
from stillwatch.app.settings import utc_now

_EXAMPLES = examples(
    "stillwatch ledger migrate ledger.db                  [dim]# after an upgrade[/dim]",
    "stillwatch ledger migrate postgresql://stillwatch@db.example/stillwatch",
)


def migrate(
    ledger: LedgerAddress,
    *,
    copy: Annotated[
        Path | None,
        typer.Option("--copy", metavar="FILE", help="Where the copy goes; default: beside it."),
    ] = None,
) -> None:
    """Bring a ledger of an older version to this one, in one transaction.

    Of a SQLite file a copy is made first. Of PostgreSQL make one yourself, with `pg_dump` or
    `stillwatch backup` of the version that wrote it.
    """
    from stillwatch.store.ledger import upgrade_ledger  # noqa: PLC0415  half a second at start
    from stillwatch.store.ledger.copying import copy_sqlite  # noqa: PLC0415  likewise

    source = Path(ledger.removeprefix("sqlite:///"))
    if "://" not in ledger or ledger.startswith("sqlite:///"):
        stamp = utc_now().strftime("%Y-%m-%dT%H%M%SZ")
        target = copy or source.with_name(f"{source.name}.before-{stamp}")
        if source.is_file():
            copy_sqlite(source, target)
            say(f"copied to {target}")
    else:
        warn("no copy was made", hint="`pg_dump` makes one")
    upgrade_ledger(ledger)
    say(f"{ledger} is of this version")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode="rich")
    group.callback()(lambda: None)
    group.command("migrate", help=page(migrate), epilog=_EXAMPLES)(migrate)
    app.add_typer(group, name="ledger", help="Upkeep of a ledger: migrate an older one.")
