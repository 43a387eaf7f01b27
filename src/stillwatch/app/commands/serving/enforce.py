"""`stillwatch enforce`: what looks find, through the ledger to effect, again and again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.app.commands.ledgers import LedgerOption, open_for_writing
from stillwatch.app.commands.options import PolicyFile, examples, page
from stillwatch.app.commands.screen import complain, say, warn
from stillwatch.app.settings import read_settings, utc_now
from stillwatch.domain.errors import SettingError, StillwatchError

if TYPE_CHECKING:
    from stillwatch.app.enforce.enforcer import Enforcer
    from stillwatch.app.enforce.enforcing import Enforced
    from stillwatch.app.enforce.settling import Settled

_EXAMPLES = examples(
    "stillwatch enforce --ledger ledger.db --results results --lake lake   [dim]# for good[/dim]",
    "stillwatch enforce --ledger ledger.db --results results --lake lake --once",
)
EVERY_S = 0.5
"""Seconds between two looks for what was approved and what was published: what people approve is
in force, and at the gateways, within a second."""


def enforce(  # noqa: PLR0913  one parameter an option
    *,
    ledger: LedgerOption,
    results: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Results of looks; the newest is ruled.")
    ] = None,
    lake: Annotated[
        Path | None, typer.Option(metavar="LAKE", help="Lake with the register: who is protected.")
    ] = None,
    policy: PolicyFile = None,
    every: Annotated[
        float, typer.Option("--every", min=0.1, help="Seconds between two rounds.")
    ] = EVERY_S,
    once: Annotated[bool, typer.Option("--once", help="One round, and end.")] = False,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Record looks in the ledger, propose what the policy says, put in force what is approved.

    The policy is the ledger's active version of the house's (STILLWATCH_ENFORCE_POLICY_NAME), else
    --policy, else the shipped one. `stillwatch serve --ledger` runs this beside itself.
    """
    from stillwatch.app.enforce.enforcer import Enforcer  # noqa: PLC0415  brings every stage
    from stillwatch.app.enforce.enforcing import Rules  # noqa: PLC0415  likewise
    from stillwatch.app.enforce.settings import read_enforce_settings  # noqa: PLC0415  likewise
    from stillwatch.app.loops.results_folder import ResultsFolder  # noqa: PLC0415  likewise

    if results is not None and lake is None:
        message = "results are ruled with the register of their lake"
        raise SettingError(message, hint="give --lake: it says who is protected")
    opened = open_for_writing(ledger)
    enforcer = Enforcer(
        opened,
        Rules(read_settings(), read_enforce_settings(), policy),
        ResultsFolder(results) if results is not None else None,
        lake,
        utc_now,
    )
    try:
        _go(enforcer, every_s=every, once=once, with_parent=with_parent)
    finally:
        opened.close()


def _go(enforcer: Enforcer, *, every_s: float, once: bool, with_parent: bool) -> None:
    from stillwatch.app.loops.rounds import Ending, go_round  # noqa: PLC0415  brings every stage

    def work() -> bool:
        _tell_settled(enforcer.settle())
        try:
            _tell_enforced(enforcer.enforce_newest())
        except (StillwatchError, OSError) as failure:
            if once:
                raise
            _complain(failure)  # what people approve is put in force all the same
        return False

    if once:
        work()
        return
    ending = Ending()
    ending.at_signals()
    if with_parent:
        ending.with_input()
    go_round(work, every_s=every_s, ending=ending, complain=_complain)


def _complain(failure: StillwatchError | OSError) -> None:
    complain(failure, hint=getattr(failure, "hint", ""))


def _tell_settled(done: Settled) -> None:
    for word, ids in (("in force", done.in_force), ("over", done.expired)):
        if ids:
            say(f"{len(ids)} decisions {word}: {', '.join(ids)}")
    for decision_id in done.let_go:
        warn(f"{decision_id}: accounts let go, a person has called them innocent meanwhile")
    for decision_id, accounts in done.left_out.items():
        why = "; ".join(sorted(set(accounts.values())))
        warn(f"{decision_id}: {len(accounts):,} accounts left out: {why}")
    for failure in done.failed:
        _complain(failure)


def _tell_enforced(done: Enforced | None) -> None:
    if done is None:
        return
    told, proposed = done.recorded, done.proposed
    say(
        f"look {done.look} under {done.policy_id}: {told.findings} findings, {told.cases} cases; "
        f"{proposed.decisions} decisions, {proposed.in_force:,} accounts in force, "
        f"{proposed.waiting:,} wait for people"
    )
    for one in done.kept_off:
        where = one.campaign_id or "no campaign"
        warn(f"{len(one.account_ids):,} accounts of {where} get nothing: {one.why}")
    if done.doubts:
        warn(f"{done.doubts:,} accounts under an effect are in doubt: findings `in_doubt`")
    for refusal in done.refusals:
        warn(f"{refusal.guard} stopped {refusal.stopped:,} accounts: {refusal.says}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(enforce), epilog=_EXAMPLES)(enforce)
