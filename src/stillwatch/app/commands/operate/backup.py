"""`stillwatch backup`: ledger, results and lake as they fit together, into a folder of backups."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stillwatch.app.commands.audit import read_audit_key
from stillwatch.app.commands.operate.places import LakeOption, LedgerOption, ResultsOption
from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.screen import say, say_json, warn
from stillwatch.app.settings import read_key, utc_now

if TYPE_CHECKING:
    from stillwatch.app.operate.backing_up import BackupDone

_EXAMPLES = examples(
    "stillwatch backup --lake lake/ --ledger ledger.db --results results/ --to /backups",
    "stillwatch backup --ledger postgresql://stillwatch@db.example/stillwatch --to /backups",
)
PSEUDONYM_KEY: Final = "pseudonym.key"
AUDIT_KEY: Final = "audit.key"


def backup(  # noqa: PLR0913  one parameter an option
    *,
    to: Annotated[
        Path, typer.Option("--to", metavar="BACKUPS", help="Folder of backups; made if need be.")
    ],
    lake: LakeOption = None,
    ledger: LedgerOption = None,
    results: ResultsOption = None,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Put the secret keys in; keep it under lock then.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Back up a ledger, its results and a lake while the service runs.

    A second backup into the same folder copies what is new. Secret keys are not in it unless asked
    for: keep them apart, for a backup is worth little without them. What the service has taken and
    not yet committed is not in it either.
    """
    from stillwatch.app.operate.backing_up import (  # noqa: PLC0415  brings the ledger
        BackupRequest,
        back_up,
    )

    secrets: dict[str, bytes | None] = {}
    if lake is not None:
        secrets[PSEUDONYM_KEY] = _in_hex(read_key().to_bytes()) if with_keys else None
    if ledger is not None:
        key = read_audit_key() if with_keys else None
        secrets[AUDIT_KEY] = _in_hex(key.secret) if key else None
    done = back_up(BackupRequest(to, lake, ledger, results), keys=secrets, now=utc_now())
    if as_json:
        say_json({**asdict(done), "place": str(done.place)})
        return
    _show(done)


def _show(done: BackupDone) -> None:
    say(f"{done.place}: {done.files:,} files, of which {done.linked:,} took no room")
    say(f"{done.copied_bytes / 1e6:,.1f} MB copied; its list has the SHA-256 {done.digest}")
    if done.kept_apart:
        warn(
            f"not in it: {', '.join(done.kept_apart)}",
            hint="keep them apart and safe: without the first nothing can be added to the lake, "
            "without the other nothing written into the ledger",
        )


def _in_hex(secret: bytes) -> bytes:
    return f"{secret.hex()}\n".encode()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(backup), epilog=_EXAMPLES)(backup)
