"""`stillwatch audit`: is the audit log of a ledger whole, and what another party keeps of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.screen import complain, say, say_json, warn
from stillwatch.app.settings import PREFIX, utc_now
from stillwatch.store.durable import create_file

if TYPE_CHECKING:
    from stillwatch.store.ledger import AuditKey, AuditReport

AUDIT_KEY_VARIABLE: Final = f"{PREFIX}AUDIT_KEY"
EXIT_BROKEN: Final = 3
"""The log was read, and it is not whole."""
_FAULTS_SHOWN: Final = 20
"""Faults printed one by one; `--json` has all of them."""
_EXAMPLES = examples(
    "stillwatch audit anchor ledger.db --out monday.anchor   [dim]# give it to somebody else[/dim]",
    "stillwatch audit verify ledger.db --anchor monday.anchor",
    "stillwatch audit verify postgresql://reader@db.example/stillwatch --json",
)
LedgerAddress = Annotated[
    str, typer.Argument(metavar="LEDGER", help="File, or postgresql://USER@HOST/DATABASE.")
]


def verify(
    ledger: LedgerAddress,
    *,
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", metavar="FILE", help="What `audit anchor` wrote.", exists=True),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the audit log of a ledger again, and compare every row of the ledger with it.

    Ends with 0 where all of it is as it was written, with 3 where it isn't; then the first bad
    entry is named. Without the audit key (STILLWATCH_AUDIT_KEY or STILLWATCH_AUDIT_KEY_FILE) and
    without an anchor some checks stand aside, and it says which.
    """
    from stillwatch.store.ledger import open_ledger, read_anchor  # noqa: PLC0415  0.3 s at start

    expected = read_anchor(anchor.read_bytes()) if anchor else None
    opened = open_ledger(ledger, key=read_audit_key())
    try:
        report = opened.verify(anchor=expected)
    finally:
        opened.close()
    if as_json:
        say_json({**asdict(report), "is_whole": report.is_whole, "first_bad": report.first_bad})
    else:
        _show(report)
    if not report.is_whole:
        raise typer.Exit(EXIT_BROKEN)


def _show(report: AuditReport) -> None:
    for one in report.stood_aside:
        warn(f"stood aside: {one}")
    for fault in report.faults[:_FAULTS_SHOWN]:
        complain(fault.says)
    if report.is_whole:
        say(f"whole: {report.entries:,} entries of {report.ledger_id}, last {report.head_hash}")
    elif report.first_bad is None:
        say(f"not whole: {len(report.faults):,} faults")
    else:
        say(f"not whole: {len(report.faults):,} faults, the first at entry {report.first_bad}")


def anchor(
    ledger: LedgerAddress,
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="File to write; must not exist.")
    ],
) -> None:
    """Write the anchor of a ledger's audit log, for another party to keep.

    It holds how many entries there are and the last one's hash, and no secret.
    """
    from stillwatch.store.ledger import open_ledger  # noqa: PLC0415  likewise

    opened = open_ledger(ledger)
    try:
        taken = opened.anchor(now=utc_now())
    finally:
        opened.close()
    create_file(out, taken.to_json())
    say(f"{taken.entries:,} entries of {taken.ledger_id} anchored in {out}")


def read_audit_key(environment: Mapping[str, str] = os.environ) -> AuditKey | None:
    """Take the key of a ledger's audit log from the environment, else from the file it names.

    Nulls:   None where neither is set; nothing is made.

    Raises:
        SecretKeyError: it is malformed, or others may read its file.
    """
    from stillwatch.store.ledger.audit.key import (  # noqa: PLC0415  likewise
        audit_key_from_file,
        audit_key_from_hex,
    )

    if given := environment.get(AUDIT_KEY_VARIABLE):
        return audit_key_from_hex(given, source=AUDIT_KEY_VARIABLE)
    if named := environment.get(f"{AUDIT_KEY_VARIABLE}_FILE"):
        return audit_key_from_file(Path(named).expanduser(), may_make=False)
    return None


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode="rich")
    group.command("verify", help=page(verify), epilog=_EXAMPLES)(verify)
    group.command("anchor", help=page(anchor), epilog=_EXAMPLES)(anchor)
    app.add_typer(group, name="audit", help="Verify the audit log of a ledger; write its anchor.")
