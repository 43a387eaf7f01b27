"""`stillwatch scan`: the main job, and its outcome in a few lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stillwatch.app.commands.options import (
    AccountField,
    AsJson,
    Format,
    Judging,
    Mapping,
    MaxQuarantine,
    Since,
    Until,
    examples,
    page,
    takes_judging,
)
from stillwatch.app.commands.screen import say, say_json, warn, warn_of_damage
from stillwatch.app.progress import shown_progress
from stillwatch.app.requests import EXIT_QUARANTINED, MAX_QUARANTINE, ScanOutcome, ScanRequest
from stillwatch.app.settings import read_key, read_settings, utc_now

_PERCENT = ".2%"
_SHOWN = (
    "campaign_id", "kind", "grade", "accounts", "exchanges", "output_tokens", "q_value", "summary",
)  # fmt: skip
"""What a summary says of a campaign."""
_APART = {"found": "", "to_look_at": "to look at: ", "permitted": "permitted: "}
"""What stands before the summary of a campaign, by its grade."""
_EXAMPLES = examples(
    "stillwatch scan logs/ --out monday",
    "stillwatch scan logs/ --out week --since 2026-11-16 --until 2026-11-23",
    "stillwatch scan gateway/ --out run --mapping ours.toml --account-field team",
    "zstdcat logs/*.zst | stillwatch scan - --out run --json > summary.json",
)


@takes_judging
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
    max_quarantine: MaxQuarantine = MAX_QUARANTINE,
    as_json: AsJson = False,
    judging: Judging,
) -> None:
    """Find distillation campaigns in API logs, and the accounts behind them.

    DIR holds exchanges*.jsonl, .json or .parquet (plain, .gz or .zst), and, where you have them,
    accounts*, releases* and permissions*. RESULT appears when it is complete.
    """
    from stillwatch.app.late import start_compiling  # noqa: PLC0415  brings Numba

    start_compiling()
    from stillwatch.app.steps.policies import read_policy  # noqa: PLC0415  brings Polars

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
        seed=judging.seed,
        policy=read_policy(judging.policy),
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
    summary = _summarise(outcome)
    if as_json:
        say_json(summary)
        return
    for line in _word(summary):
        say(line)
    warn_of_damage(summary["run"].get("inputs", ()))


def _summarise(outcome: ScanOutcome) -> dict[str, Any]:
    """Give the machine's summary of a run: `scan --json` prints it."""
    import polars as pl  # noqa: PLC0415  `--help` can do without

    from stillwatch.domain.results import (  # noqa: PLC0415  brings Polars
        ACCOUNTS_OUT,
        CAMPAIGNS_OUT,
        GROUPS_OUT,
        VERDICTS,
    )
    from stillwatch.report.summary import summarise_headline  # noqa: PLC0415  brings the report
    from stillwatch.store.results import REPORT_FILE, read_result  # noqa: PLC0415  brings Polars

    result = read_result(outcome.result)
    accounts, groups = result.table(ACCOUNTS_OUT), result.table(GROUPS_OUT)
    found = dict(accounts.group_by("verdict").len().iter_rows())
    headline = summarise_headline(result.table(CAMPAIGNS_OUT), accounts)
    graded = headline.campaigns
    return {
        "result": str(outcome.result),
        "report": str(outcome.result / REPORT_FILE),
        "verdicts": {verdict: found.get(verdict, 0) for verdict in VERDICTS},
        "headline": headline.title,
        "campaigns_by_grade": {grade: len(rows) for grade, rows in graded.items()},
        "campaigns": [{n: row[n] for n in _SHOWN} for rows in graded.values() for row in rows],
        "tied_groups": groups.height,
        "tied_groups_let_be": groups.filter(pl.col("campaign_id").is_null()).height,
        "quarantined_share": outcome.quarantined_share,
        "run": outcome.run,
    }


def _word(summary: dict[str, Any]) -> list[str]:
    """Word the summary for a person."""
    verdicts, counts = summary["verdicts"], summary["run"].get("counts", {})
    named = ", ".join(f"{n:,} {verdict}" for verdict, n in verdicts.items() if verdict != "clear")
    title = summary["headline"]
    exchanges, accounts = counts.get("exchanges", 0), sum(verdicts.values())
    seen, let_be = summary["tied_groups"], summary["tied_groups_let_be"]
    lines = [
        f"{title}{',' if ',' in title else ''} in {exchanges:,} exchanges of {accounts:,} accounts",
        *(
            f"  {one['campaign_id']}  {_APART[one['grade']]}{one['summary']}"
            for one in summary["campaigns"]
        ),
        f"accounts: {named}; {verdicts['clear']:,} clear",
        f"tied groups: {seen:,} seen, {let_be:,} let be as no campaign",
    ]
    if left_out := _left_out(summary):
        lines.append(left_out)
    aside = len(summary["run"].get("stood_aside", []))
    if aside:
        lines.append(f"checks that stood aside for want of data: {aside} (run.json says why)")
    return [*lines, f"report: {summary['report']}"]


def _left_out(summary: dict[str, Any]) -> str:
    counts = summary["run"].get("counts", {})
    parts = [
        f"{counts[name]:,} {name.replace('_', ' ')}"
        for name in ("quarantined", "duplicates", "outside_window")
        if counts.get(name)
    ]
    share = format(summary["quarantined_share"], _PERCENT)
    return f"records left out: {', '.join(parts)} ({share} quarantined)" if parts else ""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(scan), epilog=_EXAMPLES)(scan)
