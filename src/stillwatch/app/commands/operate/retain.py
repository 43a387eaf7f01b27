"""`stillwatch retain`: data that is too old goes, each kind after its own days."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING
from uuid import uuid4

import typer

from stillwatch.app.commands.audit import read_audit_key
from stillwatch.app.commands.operate.places import (
    OPERATOR,
    Actor,
    DryRun,
    LakeToTend,
    LedgerOption,
    ResultsOption,
)
from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.screen import say, say_json, show_table, warn
from stillwatch.app.settings import read_section, utc_now
from stillwatch.domain.settings import RetentionSettings

if TYPE_CHECKING:
    from datetime import datetime

    from stillwatch.app.operate.retaining import Retained

_EXAMPLES = examples(
    "STILLWATCH_RETENTION_EXCHANGES_DAYS=90 stillwatch retain lake/ --dry-run",
    "stillwatch retain lake/ --ledger ledger.db --results results/",
)


def retain(  # noqa: PLR0913  one parameter an option
    lake: LakeToTend,
    *,
    ledger: LedgerOption = None,
    results: ResultsOption = None,
    actor: Actor = OPERATOR,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let go of what is older than its days, for good, and say what and why.

    Days are set by kind: STILLWATCH_RETENTION_EXCHANGES_DAYS, …_DAY_COUNTS_DAYS, …_QUARANTINE_DAYS,
    …_EARLY_DAYS, …_CAMPAIGNS_DAYS, …_RESULTS_DAYS, …_TEXT_DAYS, …_LEDGER_TEXT_DAYS; 0, the default,
    keeps. Looks say from then on which days are gone.
    """
    from stillwatch.app.operate.retained_results import retain_results  # noqa: PLC0415  heavy
    from stillwatch.app.operate.retaining import Retained, retain_in_lake  # noqa: PLC0415  likewise

    settings, now = read_section("retention", RetentionSettings()), utc_now()
    told = Retained(now.isoformat(), dry_run)
    if not any(getattr(settings, one.name) for one in fields(settings)):
        warn("nothing goes: every kind is kept", hint="set STILLWATCH_RETENTION_EXCHANGES_DAYS")
    retain_in_lake(lake, told, settings=settings, now=now)
    if results is not None:
        retain_results(results, told, settings=settings, now=now)
    if ledger is not None:
        _retain_in_ledger(ledger, told, settings, actor, now)
    if as_json:
        say_json({"at": told.at, "is_dry_run": dry_run, "gone": told.lines})
        return
    if told.lines:
        columns = ("what", "rows #", "why", "days")
        show_table(columns, ([*_cells(one)] for one in told.lines))
    say("nothing was changed" if dry_run or not told.lines else "gone for good")


def _cells(one: dict[str, object]) -> tuple[object, ...]:
    return one["what"], f"{one['rows']:,}", one["why"], one.get("days", "")


def _retain_in_ledger(
    where: str, told: Retained, settings: RetentionSettings, actor: str, now: datetime
) -> None:
    """Let old texts of a ledger go, and write down what was done everywhere."""
    from datetime import timedelta  # noqa: PLC0415  beside the ledger's own half second

    from stillwatch.store.ledger import open_ledger  # noqa: PLC0415  likewise

    opened = open_ledger(where, key=read_audit_key())
    before = now - timedelta(days=settings.ledger_text_days)
    try:
        how = opened.try_out if told.is_dry_run else opened.write
        with how(actor=actor, now=now) as change:
            if settings.ledger_text_days:
                why = f"ledger_text_days = {settings.ledger_text_days}"
                for name, rows in change.fade_texts(before=before).items():
                    told.tell(f"texts of {name}", rows=rows, why=why)
            if told.lines:
                change.note_upkeep("retention.apply", uuid4().hex, told.figures())
    finally:
        opened.close()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(retain), epilog=_EXAMPLES)(retain)
