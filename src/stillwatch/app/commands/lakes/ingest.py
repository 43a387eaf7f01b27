"""`stillwatch ingest`: logs into a lasting lake, as often as there are new ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.app.commands.lakes.places import LakeToFill
from stillwatch.app.commands.options import (
    AccountField,
    AsJson,
    Format,
    Mapping,
    MaxQuarantine,
    examples,
    page,
)
from stillwatch.app.commands.screen import say, say_json, warn, warn_of_damage
from stillwatch.app.progress import shown_progress
from stillwatch.app.requests import EXIT_QUARANTINED, MAX_QUARANTINE, IngestRequest, Source
from stillwatch.app.settings import read_key, read_settings, utc_now

if TYPE_CHECKING:
    from stillwatch.app.steps.facts import IngestFacts

_EXAMPLES = examples(
    "stillwatch ingest logs/2026-11-23/ --lake lake/",
    "stillwatch ingest gateway/ --lake lake/ --mapping ours.toml --account-field team",
    "zstdcat logs/*.zst | stillwatch ingest - --lake lake/",
)


def ingest(  # noqa: PLR0913  one parameter an option
    traffic: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory of logs; `-` reads standard input.")
    ],
    *,
    lake: LakeToFill,
    log_format: Format = None,
    mapping: Mapping = None,
    account_field: AccountField = None,
    max_quarantine: MaxQuarantine = MAX_QUARANTINE,
    as_json: AsJson = False,
) -> None:
    """Add API logs to a lake, which `watch` looks at day by day.

    Prompts become sketches at the door, as in a scan. A file that was ingested before is passed by,
    a record that is there already counts as a duplicate; all of an ingest is there, or none.
    """
    from stillwatch.app.late import start_compiling  # noqa: PLC0415  brings Numba

    start_compiling()
    from stillwatch.app.pipeline import run_ingest  # noqa: PLC0415  brings every stage

    with shown_progress() as progress:
        told = run_ingest(
            IngestRequest(Source(traffic, log_format, mapping, account_field), lake),
            settings=read_settings(),
            key=read_key(),
            now=utc_now(),
            progress=progress,
        )
    if as_json:
        say_json({"lake": str(lake), **told.as_json()})
    else:
        _show(told, lake)
        warn_of_damage(told.files)
    share = told.counts["quarantined"] / max(told.counts["read"], 1)
    if share > max_quarantine:
        warn(
            f"{share:.2%} of the records were quarantined",
            hint=f'`stillwatch sql {lake} "FROM quarantine"` has each with its reason',
        )
        raise typer.Exit(EXIT_QUARANTINED)


def _show(told: IngestFacts, lake: Path) -> None:
    counts = told.counts
    span = f", {told.first[:16]} to {told.last[:16]} UTC" if told.first and told.last else ""
    say(f"{counts['exchanges']:,} new exchanges{span}, into {lake}")
    left_out = [f"{counts[n]:,} {n}" for n in ("duplicates", "quarantined") if counts[n]]
    if left_out:
        say(f"of {counts['read']:,} records read: {', '.join(left_out)}")
    if told.files_known:
        say(f"files passed by, since they were ingested before: {told.files_known}")
    say(f"next: stillwatch watch {lake} --out RESULT")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(ingest), epilog=_EXAMPLES)(ingest)
