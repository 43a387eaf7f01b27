"""The two ends of a watch: the window that is opened, and what is written of it.

Around the stages that `watch` shares with `scan`: reads a lake's window and notes what came with
it; writes a result like a scan's, with campaigns under their lasting ids and their history, and
then the look itself into the lake.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import polars as pl

from stillwatch.app import late
from stillwatch.app.arrive import OBSERVED
from stillwatch.app.requests import Beforehand, WatchRequest
from stillwatch.app.steps.collect import write_background
from stillwatch.app.steps.conclude import conclude, write_tables
from stillwatch.app.steps.days import CountedWindow
from stillwatch.app.steps.history import follow_campaigns, remember_look
from stillwatch.app.steps.run import Run
from stillwatch.app.steps.window import Window, rows_by_day, take_window
from stillwatch.domain import service_limits
from stillwatch.domain.lake_tables import HISTORY
from stillwatch.ingest.snapshots import SAID, JoinedGrants, join_grants
from stillwatch.store.lake import Lake
from stillwatch.store.results import ResultDraft

_NEVER_MEET: Final = "pseudonyms under two keys never meet"


def open_window(lake: Lake, request: WatchRequest, run: Run) -> Window:
    """Open the window that was asked for, and note what is in it.

    Raises:
        NothingToRead: the lake holds no exchange.
        LakeDamaged: a file of the window can't be read.
    """
    with run.ledger.stage("window") as stage, run.progress.stage("window"):
        window = take_window(lake, days=request.window_days)
        stage.rows_out = window.arrived.counts["exchanges"]
    window = _permit(window, request.beforehand, run)
    ledger = run.ledger
    ledger.counts.update(window.arrived.counts)
    ledger.nulled.update(window.arrived.nulled)
    ledger.inputs.extend(window.arrived.inputs)
    for name, frame in (
        ("account register", window.snapshot.register),
        ("release pivot", window.snapshot.launches),
    ):
        if not len(frame):
            ledger.stand_aside(name, reason="no ingest of this lake has brought such a file")
    for gone in window.gone:
        if days := sorted(gone.rows.get(OBSERVED, {})):
            reason = f"{gone.of(OBSERVED):,} of {days[0]} to {days[-1]} have left by {gone.why}"
            ledger.stand_aside("exchanges that are gone", reason=reason)
    _tell_other_key(lake, run)
    return window


def _permit(window: Window, beforehand: Beforehand | None, run: Run) -> Window:
    """Join permissions that were ingested with the ledger's, and note whence each came."""
    said = pl.DataFrame(schema=SAID) if beforehand is None else beforehand.said
    joined = join_grants(window.snapshot.grants, said=said)
    if beforehand is not None and beforehand.problem:
        reason = f"the shipped one is reported: {beforehand.problem}"
        run.ledger.stand_aside("policy", reason=reason)
    if not len(joined.grants):
        nobody = "" if beforehand is None else ", and the ledger has none in force"
        reason = f"no ingest of this lake has brought such a file{nobody}"
        if len(window.snapshot.grants):
            reason = "the ledger has revoked what was ingested"
        run.ledger.stand_aside("permissions", reason=reason)
    run.ledger.permissions = {
        "as_of_entry": None if beforehand is None else beforehand.as_of,
        "counted": len(joined.grants),
        "set_aside": joined.set_aside,
        "from": _tell_origins(joined, window)[: service_limits.PERMISSIONS_TOLD_MAX],
    }
    return replace(window, snapshot=replace(window.snapshot, grants=joined.grants))


def _tell_origins(joined: JoinedGrants, window: Window) -> list[dict[str, Any]]:
    """Say where permissions came from: by scope what was ingested, by id what the ledger says."""
    brought = [n for n, one in enumerate(window.ingests, start=1) if one.has_permissions]
    scopes = joined.ingested.group_by("scope").len("permissions").sort("scope")
    lake = {"from": "lake", "ingest": max(brought, default=None)}
    ledger = joined.said.select("permission_id", "scope")
    return [
        *({**lake, **row} for row in scopes.to_dicts()),
        *({"from": "ledger", **row} for row in ledger.to_dicts()),
    ]


def _tell_other_key(lake: Lake, run: Run) -> None:
    """Say what stands aside because it came under another pseudonym key."""
    if not lake.since:
        return
    seen, every = rows_by_day(lake), rows_by_day(Lake(lake.place, up_to=lake.up_to))
    rest = {day: rows - seen.get(day, 0) for day, rows in every.items()}
    days = sorted(day for day, rows in rest.items() if rows)
    if days:
        says = f"{sum(rest.values()):,} of {days[0]} to {days[-1]}: {_NEVER_MEET}"
        run.ledger.stand_aside("exchanges under the pseudonym key before", reason=says)


def conclude_watch(  # noqa: PLR0913, PLR0917  all that the stages have left
    draft: ResultDraft,
    lake: Lake,
    window: Window,
    tied: late.Tied,
    detected: late.Detected,
    counted: CountedWindow,
    run: Run,
) -> None:
    """Follow campaigns, write the result, and remember the look.

    Raises:
        CountsDisagree: some record was lost, or counted twice.
    """
    assert tied.telling is not None  # noqa: S101  a watch counts day by day
    with run.ledger.stage("follow", rows_in=len(detected.found.campaigns)) as stage:
        followed = follow_campaigns(lake, window, detected, tied.telling, run)
        stage.rows_out = len(followed.noted.history)
    run.ledger.watch = {
        "look": followed.look.look,
        "is_new_look": followed.is_new,
        "window": [window.days[0], window.days[-1]],
        "days": len(window.days),
        "days_counted": counted.days_counted,
        "days_kept": counted.days_kept,
        "ingests": len(window.ingests),
        "campaigns": followed.tell(),
    }
    _keep_standings(draft, followed.detected, run)
    templates = followed.detected.found.templates
    write_background(draft, window.arrived, tied, window.snapshot)
    draft.write_table(HISTORY, followed.history)
    run.ledger.files[HISTORY.name] = len(followed.history)
    write_tables(draft, window.arrived, followed.detected, templates, run)
    conclude(draft, followed.detected, templates, window.snapshot.register, run)
    remember_look(lake, followed)


def _keep_standings(draft: ResultDraft, detected: late.Detected, run: Run) -> None:
    """Write how groups stand, for the ledger that answers come from; without one, nothing."""
    if run.answered is None:
        return
    run.ledger.answers = detected.answers
    named = detected.groups.select("group_id", pl.col("campaign_id").alias("lasting"))
    standings = detected.standings.join(named, on="group_id", how="left", maintain_order="left")
    frame = late.STANDING.conform(standings.with_columns(campaign_id="lasting"))
    draft.write_table(late.STANDING, frame)
    run.ledger.files[late.STANDING.name] = len(frame)
