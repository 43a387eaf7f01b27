"""`stillwatch erase`: one account's or one end user's data, wherever it rests, with a receipt."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import orjson
import typer

from stillwatch.app.commands.audit import read_audit_key
from stillwatch.app.commands.operate.places import (
    OPERATOR,
    Actor,
    DryRun,
    LakeOption,
    LedgerOption,
    ResultsOption,
)
from stillwatch.app.commands.options import AccountField, AsJson, examples, page
from stillwatch.app.commands.screen import say, say_json, warn
from stillwatch.app.settings import read_key, read_settings, utc_now
from stillwatch.domain.errors import InputError
from stillwatch.store.durable import OWNER_ONLY, create_file

if TYPE_CHECKING:
    from stillwatch.app.operate.receipts import Person, Receipt

_EXAMPLES = examples(
    "stillwatch erase --account acct-17 --lake lake/ --ledger ledger.db --results results/ "
    "--receipt acct-17.json",
    "stillwatch erase --end-user u-4711 --lake lake/ --dry-run",
)


def erase(  # noqa: PLR0913  one parameter an option
    *,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ID", help="The account to erase.")
    ] = None,
    end_user: Annotated[
        str | None,
        typer.Option("--end-user", metavar="ID", help="The end user, as the account calls them."),
    ] = None,
    lake: LakeOption = None,
    ledger: LedgerOption = None,
    results: ResultsOption = None,
    segments: Annotated[
        Path | None,
        typer.Option("--segments", metavar="JOURNAL", help="Journal; what waits is committed."),
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", metavar="FILE", help="Where to write the receipt."),
    ] = None,
    account_field: AccountField = None,
    actor: Actor = OPERATOR,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Erase one account's data, or one end user's, and say what was erased where.

    Nothing is erased where the ledger still has something to do to the account: a decision in
    force, an appeal that waits. The receipt doesn't hold the id. Killed anywhere, run it again.
    """
    from stillwatch.app.operate import erasing  # noqa: PLC0415  brings the ledger
    from stillwatch.app.operate.receipts import Receipt  # noqa: PLC0415  likewise
    from stillwatch.store.ledger import open_ledger  # noqa: PLC0415  likewise

    person, now = _name(account, end_user), utc_now()
    told = Receipt(uuid4().hex, now.isoformat(), person.kind, person.tombstone, is_dry_run=dry_run)
    if segments is not None:
        told.segments["committed"] = _commit(segments, lake, account_field, dry_run=dry_run)
    with ExitStack() as closing:
        opened = open_ledger(ledger, key=read_audit_key()) if ledger else None
        if opened:
            closing.callback(opened.close)
        places = erasing.Places(lake, opened, results, segments)
        erasing.erase_person(person, places, told, actor=actor, now=now)
    if receipt is not None:
        content = orjson.dumps(told.as_json(), option=orjson.OPT_INDENT_2)
        create_file(receipt, content, rights=OWNER_ONLY)
    if as_json:
        say_json(told.as_json())
    else:
        _show(told)


def _name(account: str | None, end_user: str | None) -> Person:
    from stillwatch.app.operate.receipts import Person  # noqa: PLC0415  brings Numba

    if account is not None and end_user is None:
        return Person.account(account, key=read_key())
    if end_user is not None and account is None:
        return Person.end_user(end_user, key=read_key())
    message = "name one account or one end user"
    raise InputError(message, hint="`--account ID` or `--end-user ID`")


def _commit(journal: Path, lake: Path | None, field: str | None, *, dry_run: bool) -> int:
    """Commit what waits, so that nothing of the person comes later; gives how many segments."""
    from stillwatch.app.loops.committing import Committer  # noqa: PLC0415  brings every stage
    from stillwatch.store.segments import SegmentFolder  # noqa: PLC0415  likewise

    if lake is None:
        message = "segments are committed to a lake before anything is erased"
        raise InputError(message, hint="name it with --lake")
    committer = Committer(SegmentFolder(journal), lake, read_key(), read_settings(), field)
    count = 0
    while not dry_run and (done := committer.commit_waiting()):
        count += done.segments
    return count


def _show(told: Receipt) -> None:
    word = "would be erased" if told.is_dry_run else "erased"
    for place, rows in (
        ("lake", told.lake.get("rows", {})),
        ("results", told.results.get("rows", {})),
        ("ledger", told.ledger.get("rows", {})),
    ):
        for name, count in rows.items():
            say(f"{place}: {count:,} rows of {name} {word}")
    if not any((told.lake.get("rows"), told.results.get("rows"), told.ledger.get("rows"))):
        say("nothing was found")
    for one in told.not_erased:
        warn(f"stays: {one['what']}: {one['why']}")
    say(f"receipt {told.receipt_id}: {told.subject}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(erase), epilog=_EXAMPLES)(erase)
