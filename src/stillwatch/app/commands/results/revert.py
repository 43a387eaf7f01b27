"""`stillwatch revert`: take an effect back, exactly."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated, Final

import typer

from stillwatch.app.commands.ledgers import LedgerIfAny, open_for_writing
from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import say
from stillwatch.app.settings import utc_now
from stillwatch.domain.errors import SettingError

_SOMEBODY: Final = "operator"
"""Who takes back where the system can't say who that is."""
_EXAMPLES = examples(
    "stillwatch explain acct-0042 --result monday   [dim]# shows the decision's id[/dim]",
    "stillwatch revert d-0123456789abcdef0123 --result monday",
    "stillwatch revert DECISION --ledger ledger.db --why 'a school, see ticket 4711'",
    "stillwatch revert DECISION --ledger ledger.db --account acct-0042",
)


def revert(  # noqa: PLR0913  one parameter an option
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Id of the decision.")],
    *,
    result: Annotated[
        Path | None,
        typer.Option("--result", help="Result directory that `scan` wrote.", metavar="RESULT"),
    ] = None,
    ledger: LedgerIfAny = None,
    account: Annotated[
        str | None, typer.Option(metavar="ACCOUNT", help="Of a ledger's decision: this one alone.")
    ] = None,
    why: Annotated[
        str, typer.Option(metavar="TEXT", help="Kept with a ledger's decision.")
    ] = "taken back on the command line",
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who does; default: whoever is logged in.")
    ] = None,
) -> None:
    """Take an effect back: all is then what it would be without that decision.

    Of a result, the gateway's table; the reversal is kept in RESULT/reversals.jsonl with the row
    that was taken out. Of a ledger, a decision for all of its accounts or for one; a running
    service tells its gateways within a second, and what was brought out is turned around.
    """
    if result is not None:
        _revert_of_result(result, decision)
    elif ledger is not None:
        _revert_of_ledger(ledger, decision, account=account, why=why, by=by or _who())
    else:
        message = "nothing says where the decision is in force"
        raise SettingError(message, hint="give --result RESULT, or --ledger LEDGER")


def _revert_of_result(result: Path, decision: str) -> None:
    from stillwatch.act import revert_effect  # noqa: PLC0415  brings Polars

    reversal, is_news = revert_effect(result, decision, now=utc_now())
    what = f"{reversal.effect} of account {reversal.account_id} ({reversal.decision_id})"
    if is_news:
        say(f"reverted: {what}")
    else:
        say(f"already reverted at {reversal.reverted_at}: {what}")


def _revert_of_ledger(
    where: str, decision_id: str, *, account: str | None, why: str, by: str
) -> None:
    from stillwatch.app.enforce.reverting import take_back  # noqa: PLC0415  0.3 s at start

    opened = open_for_writing(where)
    try:
        taken = take_back(opened, decision_id, account_id=account, why=why, actor=by, now=utc_now())
    finally:
        opened.close()
    whom = f"account {account}" if account else f"{taken.accounts:,} accounts"
    what = f"{taken.effect} of {whom} ({decision_id})"
    say(f"reverted: {what}" if taken.is_news else f"already not in force: {what}")


def _who() -> str:
    try:
        return getuser().lower()
    except (KeyError, OSError):
        return _SOMEBODY


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(revert), epilog=_EXAMPLES)(revert)
