"""Letting results go by age, and text of customers in those that stay.

Results of a folder go as wholes, when their run began too long ago; the one that `newest.json`
names stays, for gateways and people follow it. A result that is named by itself loses text alone.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.app.operate.erased_results import Cleaning, clean_result, find_results
from stillwatch.app.operate.retaining import WHY, Ages, Retained
from stillwatch.domain.settings import RetentionSettings
from stillwatch.store.results import Result

_NO_TEXT: Final = pl.Series([], dtype=pl.String)


def retain_results(
    place: Path, told: Retained, *, settings: RetentionSettings, now: datetime
) -> None:
    """Let go of old results of a folder, and of old text in those that stay; the newest stays."""
    ages = Ages(settings, now)
    newest = ResultsFolder(place).newest()
    results = find_results(place)
    if settings.results_days and place not in results:
        first = ages.first_instant(settings.results_days)
        old = [one for one in results if _made_at(one) < _given(first) and one != newest]
        told.tell("results", rows=len(old), why=f"results_days = {settings.results_days}")
        for one in old if not told.is_dry_run else []:
            shutil.rmtree(one)
        results = [one for one in results if one not in old]
    if settings.text_days:
        cleaning = Cleaning(None, _NO_TEXT, told.at, WHY)
        first = ages.first_instant(settings.text_days)
        for one in results:
            if _made_at(one) < _given(first):
                rows = sum(clean_result(one, cleaning, is_dry_run=told.is_dry_run).values())
                why = f"text_days = {settings.text_days}"
                told.tell(f"text in {one.name}", rows=rows, why=why)


def _given(instant: datetime | None) -> datetime:
    assert instant is not None  # noqa: S101  asked for only where days are set
    return instant


def _made_at(result: Path) -> datetime:
    """Say when a result was made: its run says so."""
    began = str(Result(result).run().get("started_at") or "9999-12-31")
    instant = datetime.fromisoformat(began)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
