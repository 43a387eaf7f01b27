"""`stillwatch scan`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stillwatch.app.commands.options import (
    AccountField,
    AsJson,
    Format,
    Mapping,
    Seed,
    Since,
    Until,
    examples,
    page,
)
from stillwatch.app.commands.screen import say, say_json, warn
from stillwatch.app.progress import shown_progress
from stillwatch.app.requests import MAX_QUARANTINE, ScanOutcome, ScanRequest
from stillwatch.app.settings import read_key, read_settings, utc_now

EXIT_QUARANTINED = 3
"""Done, but too many records were left out: CONTRACT.md, section 2."""
_EXAMPLES = examples(
    "stillwatch scan logs/ --out monday",
    "stillwatch scan logs/ --out week --since 2026-11-16 --until 2026-11-23",
    "stillwatch scan gateway/ --out run --mapping ours.toml --account-field team",
    "zstdcat logs/*.zst | stillwatch scan - --out run --json > summary.json",
)


def scan(  # noqa: PLR0913  one parameter an option: the contract lists them
    traffic: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory of logs; `-` reads standard input.")
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="RESULT", help="Result directory; must not exist.")
    ],
    since: Since = None,
    until: Until = None,
    log_format: Format = None,
    mapping: Mapping = None,
    account_field: AccountField = None,
    retain_text: Annotated[
        bool, typer.Option("--retain-text", help="Keep a few prompts as exemplars in the report.")
    ] = False,
    max_quarantine: Annotated[
        float,
        typer.Option(min=0, max=1, help="Exit with 3 if a larger share of records is unreadable."),
    ] = MAX_QUARANTINE,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Find distillation campaigns in API logs, and the accounts behind them.

    DIR holds exchanges*.jsonl, .json or .parquet (plain, .gz or .zst), and, where you have them,
    accounts*, releases* and permissions*. RESULT appears when it is complete.
    """
    request = ScanRequest(
        traffic=traffic,
        out=out,
        format=log_format,
        mapping=mapping,
        account_field=account_field,
        since=since,
        until=until,
        retain_text=retain_text,
        max_quarantine=max_quarantine,
        seed=seed,
    )
    _check_request(request)
    outcome = _run(request)
    show_outcome(outcome, as_json=as_json)
    if outcome.quarantined_share > max_quarantine:
        warn(
            f"{outcome.quarantined_share:.2%} of the records were quarantined",
            hint=f"{out}/quarantine.parquet has file, line and reason of each",
        )
        raise typer.Exit(EXIT_QUARANTINED)


def _check_request(request: ScanRequest) -> None:
    from stillwatch.store.results import check_free  # noqa: PLC0415  brings Polars

    if request.since and request.until and request.since >= request.until:
        message = f"--since {request.since:%F %T} is not before --until {request.until:%F %T}"
        raise typer.BadParameter(message)
    check_free(request.out)


def _run(request: ScanRequest) -> ScanOutcome:
    from stillwatch.app.pipeline import run_scan  # noqa: PLC0415  brings every stage

    with shown_progress() as progress:
        return run_scan(
            request, settings=read_settings(), key=read_key(), now=utc_now(), progress=progress
        )


def show_outcome(outcome: ScanOutcome, *, as_json: bool) -> None:
    """Print a run for a machine or a person."""
    from stillwatch.app.commands.headline import headline, summarise  # noqa: PLC0415  brings Polars

    summary = summarise(outcome)
    if as_json:
        say_json(summary)
        return
    for line in headline(summary):
        say(line)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(scan), epilog=_EXAMPLES)(scan)
