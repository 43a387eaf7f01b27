"""`stillwatch restore`: a backup verified, and brought back into a place that is free."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.app.commands.audit import read_audit_key
from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.screen import say, say_json, warn

if TYPE_CHECKING:
    from stillwatch.app.operate.restoring import Verified

_EXAMPLES = examples(
    "stillwatch restore /backups/2026-11-30T190000.000000Z      [dim]# only verify it[/dim]",
    "stillwatch restore /backups/2026-11-30T190000.000000Z --to restored/ --anchor monday.anchor",
)


def restore(  # noqa: PLR0913  one parameter an option
    place: Annotated[Path, typer.Argument(metavar="BACKUP", help="Directory of one backup.")],
    *,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="PLACE", help="Where to; absent or empty. None: verify only."),
    ] = None,
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", metavar="FILE", help="An anchor kept elsewhere.", exists=True),
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="HEX", help="SHA-256 that `backup` printed."),
    ] = None,
    even_if_broken: Annotated[
        bool,
        typer.Option("--even-if-broken", help="Bring it back though its audit log is not whole."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Verify a backup, and bring it back into a directory that is absent or empty.

    Every file is compared with its SHA-256, the audit log with the anchor that was taken with it,
    and with one that was kept elsewhere. Half a backup is refused. Nothing is overwritten: stop the
    service, and point it at what was brought back.
    """
    from stillwatch.app.operate import restoring  # noqa: PLC0415  brings the ledger
    from stillwatch.store.ledger import read_anchor  # noqa: PLC0415  likewise

    kept = read_anchor(anchor.read_bytes()) if anchor else None
    proof = restoring.Proof(digest=digest, anchor=kept, key=read_audit_key())
    verified = restoring.verify_backup(place, proof, accepts_broken=even_if_broken)
    if to is not None:
        restoring.restore(verified, to)
    if as_json:
        say_json(_tell(verified, to))
    else:
        _show(verified, to)


def _tell(verified: Verified, to: Path | None) -> dict[str, object]:
    audit = verified.audit
    return {
        "backup": str(verified.place),
        "at": verified.told.at,
        "files": len(verified.told.files),
        "lake_appends": verified.told.lake_appends,
        "audit_is_whole": audit.is_whole if audit else None,
        "audit_entries": audit.entries if audit else None,
        "restored_to": str(to) if to else None,
    }


def _show(verified: Verified, to: Path | None) -> None:
    from stillwatch.app.operate.backup_form import POSTGRES_COPY  # noqa: PLC0415  brings the lake

    say(f"{verified.place}: {len(verified.told.files):,} files as they were copied")
    if verified.audit is not None:
        whole = "whole" if verified.audit.is_whole else "NOT WHOLE"
        say(f"audit log: {whole}, {verified.audit.entries:,} entries")
        for one in verified.audit.stood_aside:
            warn(f"stood aside: {one}")
    if verified.told.ledger == POSTGRES_COPY:
        where = to or verified.place
        warn(
            f"the ledger is a dump of PostgreSQL: {where / POSTGRES_COPY}",
            hint="createdb NAME, then pg_restore --no-owner --exit-on-error --dbname=NAME on it, "
            "then stillwatch audit verify with the ledger.anchor beside it",
        )
    if verified.told.kept_apart:
        warn(f"kept apart, and needed: {', '.join(verified.told.kept_apart)}")
    if to is not None:
        say(f"restored to {to}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(restore), epilog=_EXAMPLES)(restore)
