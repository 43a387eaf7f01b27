"""History from a lake: its days looked at again, as earlier looks saw them or evening by evening.

A lake remembers which campaigns its looks found, and not what they said of each account; it keeps
the exchanges, so that every look can be had again: the same days, the same ingests, the same
verdicts. Each costs a watch. Nothing is written but counts of days, which are kept anyway.

Blind spot: without looks, days are replayed with all ingests and the register as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.app import late
from stillwatch.app.commands.backtest.history import History
from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.pipeline import judge_accounts, tie_accounts
from stillwatch.app.progress import Progress
from stillwatch.app.settings import utc_now
from stillwatch.app.steps.days import count_window
from stillwatch.app.steps.facts import read_looks
from stillwatch.app.steps.opening import lake_to_watch
from stillwatch.app.steps.run import Run
from stillwatch.app.steps.window import Window, settle_window, take_window
from stillwatch.decide.backtest import TRAFFIC, Look
from stillwatch.decide.policy.subjects import Known
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.limits import BACKTEST_LOOKS_MAX
from stillwatch.domain.settings import Settings
from stillwatch.store.lake import Lake

_BY_EVENINGS: Final = (
    "days are replayed with all that was ever ingested of them, and the register as it is now"
)
_NO_LOOKS: Final = "nobody has looked at this lake: its days are replayed, one look an evening"


@dataclass(frozen=True)
class _Past:
    """One look that is to be had again."""

    name: str
    up_to: int
    """The append that it still saw."""
    days: tuple[str, ...]
    since: int
    """The last append under another pseudonym key."""


def history_of_lake(
    place: Path, *, by_day: bool, settings: Settings, key: PseudonymKey, progress: Progress
) -> History:
    """Look at a lake again: as its looks did, or at the evening of each of its days.

    Raises:
        LakeError: there is none, or it is damaged, of another version or another key.
        NothingToRead: it holds no exchange.
        LimitExceeded: more looks than limits.BACKTEST_LOOKS_MAX.
    """
    with lake_to_watch(place, key=key) as lake:
        whole = take_window(lake, days=None)
        past = [] if by_day else list(_earlier_looks(lake, whole.days))
        notes = [] if past or by_day else [_NO_LOOKS]
        if not past:
            past, notes = _evenings(lake, whole.days), [*notes, _BY_EVENINGS]
        if len(past) > BACKTEST_LOOKS_MAX:
            raise LimitExceeded(name="BACKTEST_LOOKS_MAX", bound=BACKTEST_LOOKS_MAX, met=len(past))
        late.load_ahead()
        with progress.stage("looks", total=len(past)) as stage:
            looks = []
            for one in past:
                looks.append(_look_again(place, one, settings=settings, key=key, progress=progress))
                stage.advance()
        return History(sorted(looks, key=lambda look: look.at), _traffic(whole), tuple(notes))


def _earlier_looks(lake: Lake, held: Sequence[str]) -> Iterator[_Past]:
    """List the looks of which there are days, under today's key; others can't be had again."""
    ingested = [number for number, about in lake.appends() if "ingest" in about]
    for one in read_looks(lake):
        up_to = ingested[one.ingests - 1] if one.ingests else 0
        days = tuple(day for day in one.window if day in held)
        if days and up_to > lake.since:
            yield _Past(f"look {one.look}", up_to, days, lake.since)


def _evenings(lake: Lake, days: Sequence[str]) -> list[_Past]:
    appends = sum(1 for _ in lake.appends())
    return [_Past(day, appends, tuple(days[: n + 1]), lake.since) for n, day in enumerate(days)]


def _look_again(
    place: Path, past: _Past, *, settings: Settings, key: PseudonymKey, progress: Progress
) -> Look:
    """Tie and judge the accounts of some days, as a watch does."""
    run = Run(settings, key, RunLedger(settings, utc_now()), progress, 0)
    window = settle_window(Lake(place, up_to=past.up_to, since=past.since), days=past.days)
    run.ledger.counts.update(window.arrived.counts)
    counted = count_window(window.arrived)
    tied, _ = tie_accounts(window.arrived, window.snapshot, run, counts=counted.counts)
    detected = judge_accounts(window.arrived, tied, window.snapshot, run)
    known = Known(detected.accounts, detected.found.campaigns, window.snapshot.register)
    last = window.arrived.observed().select(pl.col("time").max()).collect().item()
    return Look(last, known, past.name)


def _traffic(window: Window) -> pl.DataFrame:
    """Count what each account sent, hour by hour.

    Grain:   TRAFFIC, one row per account and hour.
    """
    hours = (
        window.arrived.observed()
        .group_by("account_id", pl.col("time").dt.truncate("1h").alias("from_at"))
        .agg(
            pl.len().cast(pl.Int64).alias("exchanges"),
            pl.col("output_tokens").fill_null(0).sum(),
        )
        .with_columns(hours=pl.lit(1.0))
        .collect()
    )
    return TRAFFIC.conform(hours.sort("account_id", "from_at"))
