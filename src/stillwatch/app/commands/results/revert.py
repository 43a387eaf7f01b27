"""`stillwatch revert`: take an effect back, exactly."""

from __future__ import annotations

from typing import Annotated

import typer

from stillwatch.act import revert_effect
from stillwatch.app.commands.options import ResultDirectory, examples, page
from stillwatch.app.commands.screen import say
from stillwatch.app.settings import utc_now

_EXAMPLES = examples(
    "stillwatch explain acct-0042 --result monday   [dim]# shows the decision's id[/dim]",
    "stillwatch revert d-0123456789abcdef0123 --result monday",
)


def revert(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Id of the decision.")],
    *,
    result: ResultDirectory,
) -> None:
    """Take an effect back: the gateway's table is then what it would be without that decision.

    The reversal is kept in RESULT/reversals.jsonl with the row that was taken out.
    """
    reversal, is_news = revert_effect(result, decision, now=utc_now())
    what = f"{reversal.effect} of account {reversal.account_id} ({reversal.decision_id})"
    if is_news:
        say(f"reverted: {what}")
    else:
        say(f"already reverted at {reversal.reverted_at}: {what}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(revert), epilog=_EXAMPLES)(revert)
