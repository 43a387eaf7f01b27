"""`stillwatch diff`: what changed between two runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.results.changes import Changes, Snapshot, compare
from stillwatch.app.commands.screen import say, say_json, show_table
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT
from stillwatch.store.results import read_result

SHOWN_MAX = 50
"""Accounts listed on a terminal, a screenful; `--json` lists all."""
_EXAMPLES = examples(
    "stillwatch diff sunday monday",
    "stillwatch diff sunday monday --json | jq .campaigns",
)


def diff(
    before: Annotated[Path, typer.Argument(metavar="RESULT", help="The earlier result.")],
    after: Annotated[Path, typer.Argument(metavar="RESULT", help="The later result.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say what changed between two runs: accounts, campaigns, counts."""
    changes = compare(_read_snapshot(before), _read_snapshot(after))
    if as_json:
        say_json(asdict(changes))
    else:
        _show(changes)


def _read_snapshot(place: Path) -> Snapshot:
    result = read_result(place)
    return Snapshot(
        accounts=result.table(ACCOUNTS_OUT),
        campaigns=result.table(CAMPAIGNS_OUT),
        counts=result.run().get("counts", {}),
    )


def _show(changes: Changes) -> None:
    moved = [one for one in changes.campaigns if one["change"] != "same"]
    if not (changes.verdicts or moved or changes.counts):
        say("nothing changed")
        return
    if moved:
        show_table(
            ("campaign", "before", "after", "accounts before #", "accounts after #"),
            [
                (
                    one["change"],
                    one["before"] or "",
                    one["after"] or "",
                    one["accounts_before"] or 0,
                    one["accounts_after"] or 0,
                )
                for one in moved
            ],
        )
        say()
    if changes.verdicts:
        _show_verdicts(changes)
    if changes.counts:
        show_table(
            ("count", "before #", "after #"),
            [(one["count"], f"{one['before']:,}", f"{one['after']:,}") for one in changes.counts],
        )


def _show_verdicts(changes: Changes) -> None:
    moves = Counter((one["before"], one["after"]) for one in changes.verdicts)
    for (before, after), count in moves.most_common():
        say(f"{count:,} accounts: {before} -> {after}")
    say()
    show_table(
        ("account", "before", "after", "campaign"),
        [
            (one["account_id"], one["before"], one["after"], one["campaign_id"] or "")
            for one in changes.verdicts[:SHOWN_MAX]
        ],
    )
    if len(changes.verdicts) > SHOWN_MAX:
        say(f"… and {len(changes.verdicts) - SHOWN_MAX:,} more; --json lists all")
    say()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(diff), epilog=_EXAMPLES)(diff)
