"""`stillwatch deliver`: effects and notices, out of a ledger to where they have to be."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.app.commands.audit import read_audit_key
from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import complain, say, show_table, warn
from stillwatch.app.settings import utc_now

if TYPE_CHECKING:
    from stillwatch.domain.errors import StillwatchError
    from stillwatch.store.ledger import Ledger

EXIT_FAILED = 3
"""Something did not go out; a line on the standard error says what and why."""
_EXAMPLES = examples(
    "stillwatch deliver ledger.db           [dim]# beside the service, for good[/dim]",
    "stillwatch deliver ledger.db --once    [dim]# what waits now[/dim]",
    "stillwatch deliver ledger.db --retry d-0042   [dim]# the receiver is mended[/dim]",
)


def deliver(  # noqa: PLR0913  one parameter an option
    ledger: Annotated[
        str,
        typer.Argument(
            metavar="LEDGER",
            envvar="STILLWATCH_LEDGER",
            help="File, or postgresql://USER@HOST/DATABASE.",
        ),
    ],
    *,
    every: Annotated[
        float, typer.Option("--every", min=0.1, help="Seconds between two looks at the outbox.")
    ] = 1.0,
    once: Annotated[
        bool, typer.Option("--once", help="Bring out what waits now, and end.")
    ] = False,
    retry: Annotated[
        str | None,
        typer.Option(metavar="DECISION", help="Queue its failed deliveries again, and end."),
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="USER", help="Who has them tried again, for the audit log.")
    ] = "service:deliver",
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Bring effects and notices out of a ledger, until it is told to end.

    Where to is set by STILLWATCH_DELIVER_… variables, secrets by files that they name;
    docs/operate/delivery.md has them all. Killed at any moment it loses nothing; what was under way
    is brought out again, under the same idempotency key. Needs the ledger's audit key.
    """
    from stillwatch.app.deliver import (  # noqa: PLC0415  half a second at start
        make_jobs,
        read_deliver_settings,
        run_for_good,
        run_once,
    )
    from stillwatch.app.loops.rounds import Ending  # noqa: PLC0415  likewise
    from stillwatch.store.ledger import open_ledger  # noqa: PLC0415  likewise

    said, settings = _Complaints(), read_deliver_settings()
    with closing(open_ledger(ledger, key=read_audit_key())) as opened:
        if retry is not None:
            _retry(opened, retry, by=by)
            return
        jobs = make_jobs(opened, settings, complain=said)
        if once:
            run_once(jobs, complain=said)
            _show(opened)
            raise typer.Exit(EXIT_FAILED if said.count else 0)
        ending = Ending()
        ending.at_signals()
        if with_parent:
            ending.with_input()
        run_for_good(jobs, every_s=every, ending=ending, complain=said)


def _retry(ledger: Ledger, decision_id: str, *, by: str) -> None:
    with ledger.write(actor=by, now=utc_now()) as change:
        queued = change.retry_effects(decision_id)
    say(f"{queued:,} failed deliveries of {decision_id} are queued again")


def _show(ledger: Ledger) -> None:
    """Print how the outbox stands."""
    with ledger.read() as view:
        counts = view.count_effects()
    if not counts:
        say("the outbox is empty")
        return
    show_table(("channel", "state", "rows #"), [(c, s, f"{n:,}") for (c, s), n in counts.items()])
    failed = sum(n for (_, state), n in counts.items() if state == "failed")
    if failed:
        warn(f"{failed:,} deliveries have failed for good", hint="see docs/operate/delivery.md")


class _Complaints:
    """What is said on the standard error, and how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, failure: StillwatchError | OSError) -> None:
        self.count += 1
        complain(failure, hint=getattr(failure, "hint", ""))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(deliver), epilog=_EXAMPLES)(deliver)
