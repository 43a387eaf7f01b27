"""`stillwatch commit`: what the service has acknowledged, into a lake, again and again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.app.commands.lakes.places import LakeToFill
from stillwatch.app.commands.options import AccountField, AsJson, examples, page
from stillwatch.app.commands.screen import complain, say, say_json
from stillwatch.app.settings import read_key, read_settings

if TYPE_CHECKING:
    from stillwatch.app.loops.committing import Committed
    from stillwatch.domain.errors import StillwatchError

EVERY_S = 30.0
"""Seconds between two appends: each is some files, which every look opens."""
_EXAMPLES = examples(
    "stillwatch commit journal/ --lake lake/          [dim]# beside the service, for good[/dim]",
    "stillwatch commit journal/ --lake lake/ --once   [dim]# what waits now[/dim]",
)


def commit(  # noqa: PLR0913  one parameter an option
    journal: Annotated[
        Path, typer.Argument(metavar="JOURNAL", help="Folder in which the service keeps segments.")
    ],
    *,
    lake: LakeToFill,
    every: Annotated[
        float, typer.Option("--every", min=0.1, help="Seconds between two appends to the lake.")
    ] = EVERY_S,
    once: Annotated[bool, typer.Option("--once", help="Commit what waits now, and end.")] = False,
    account_field: AccountField = None,
    as_json: AsJson = False,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Commit what the service has acknowledged to a lake, until it is told to end.

    Segments are read as `ingest` reads files, and deleted when the lake has them. Killed at any
    moment it loses nothing and doubles nothing.
    """
    from stillwatch.app.loops.committing import Committer  # noqa: PLC0415  brings every stage
    from stillwatch.app.loops.rounds import Ending, go_round  # noqa: PLC0415  likewise
    from stillwatch.store.segments import SegmentFolder  # noqa: PLC0415  likewise

    committer = Committer(SegmentFolder(journal), lake, read_key(), read_settings(), account_field)

    def work() -> bool:
        done = committer.commit_waiting()
        if done is not None:
            _show(done, as_json=as_json)
        return done is not None and done.left > 0

    if once:
        while work():
            pass
        return
    ending = Ending()
    ending.at_signals()
    if with_parent:
        ending.with_input()
    go_round(work, every_s=every, ending=ending, complain=_complain)


def _complain(failure: StillwatchError | OSError) -> None:
    complain(failure, hint=getattr(failure, "hint", ""))


def _show(done: Committed, *, as_json: bool) -> None:
    counts = done.facts.counts
    if as_json:
        told = {
            "segments": done.segments,
            "damaged": done.damaged,
            "left": done.left,
            "early": done.early,
        }
        say_json({**told, "counts": counts})
        return
    left_out = [f"{counts[n]:,} {n}" for n in ("duplicates", "quarantined") if counts[n]]
    beside = f" ({', '.join(left_out)})" if left_out else ""
    say(f"{counts['exchanges']:,} new exchanges of {done.segments} segments{beside}")
    if done.early:
        say(f"{done.early} new accounts carry traits of known campaigns: table early_findings")
    if done.damaged:
        complain(f"{done.damaged} segments were damaged; what of them was sound is committed")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(commit), epilog=_EXAMPLES)(commit)
