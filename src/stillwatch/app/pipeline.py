"""The sentence as one function: ingest, observe, link, detect, decide, act, report.

The rim calls the stages in their order, hands each the tables that it reads, and writes down what
came in and out of it. Nothing is decided here; nothing here knows how a stage works.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import polars as pl

from stillwatch.app import late
from stillwatch.app.arrive import Arrived, take_in
from stillwatch.app.ledger_of_run import RunLedger, describe_input
from stillwatch.app.pool import Reading
from stillwatch.app.progress import Progress
from stillwatch.app.requests import (
    IngestRequest,
    ScanOutcome,
    ScanRequest,
    Source,
    TrafficCheck,
    WatchRequest,
)
from stillwatch.app.settings import read_mapping, read_replay_index, utc_now
from stillwatch.app.steps.collect import collect_traits, hold_beside, write_background
from stillwatch.app.steps.conclude import (
    conclude,
    note_power,
    note_silence,
    show_exemplars,
    write_tables,
)
from stillwatch.app.steps.days import count_window
from stillwatch.app.steps.facts import IngestFacts, read_facts
from stillwatch.app.steps.keep import move_in, pass_by_known
from stillwatch.app.steps.opening import lake_to_fill, lake_to_watch
from stillwatch.app.steps.run import Run
from stillwatch.app.steps.window import Snapshot
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.ingest import IngestSettings, find_traffic
from stillwatch.ingest.register import RegisterReading, read_register
from stillwatch.ingest.sources.files import TrafficFiles
from stillwatch.observe import load_tactics
from stillwatch.observe.day_counts import DayCounts
from stillwatch.store.lake import Lake
from stillwatch.store.results import ResultDraft, draft_result

_LAKE: Final = ".lake"
"""The run's own lake, inside the draft: it goes when the result is complete, or with the draft."""


def run_scan(
    request: ScanRequest,
    *,
    settings: Settings,
    key: PseudonymKey,
    now: datetime,
    progress: Progress,
) -> ScanOutcome:
    """Scan a traffic directory and leave a complete result, or nothing.

    Raises:
        StillwatchError: the input can't be used, the result is in the way, or a bound was met.
    """
    late.compile_ahead()
    run = Run(settings, key, RunLedger(settings, now), progress, request.seed, request.policy)
    with draft_result(request.out) as draft, _own_lake(draft) as lake:
        files = find_traffic(request.traffic)
        register = read_accounts(files, run)
        arrived = observe_traffic(files, request, lake, run)
        tied, linked = tie_accounts(arrived, register, run)
        detected = judge_accounts(arrived, tied, register, run)
        note_power(linked, run)
        templates = detected.found.templates
        if request.retain_text:
            templates = show_exemplars(arrived, tied, detected)
        arrived.quarantine = pl.concat([arrived.quarantine, register.quarantine])
        write_background(draft, arrived, tied, register)
        write_tables(draft, arrived, detected, templates, run)
        conclude(draft, detected, templates, register.register, run)
    content = run.ledger.content(finished_at=utc_now())
    return ScanOutcome(request.out, content, run.ledger.quarantined_share())


def run_ingest(
    request: IngestRequest,
    *,
    settings: Settings,
    key: PseudonymKey,
    now: datetime,
    progress: Progress,
) -> IngestFacts:
    """Add a traffic directory to a lasting lake: all of it, or nothing.

    Raises:
        StillwatchError: the input or the lake can't be used, or a bound was met.
    """
    run = Run(settings, key, RunLedger(settings, now), progress, 0)
    files = find_traffic(request.source.traffic)
    with lake_to_fill(request.lake, key=key) as (lake, passing):
        new = pass_by_known(files, request.source, read_facts(lake))
        arrived = None
        if new.files.exchanges:
            late.compile_ahead()
            arrived = observe_traffic(new.files, request.as_scan(), passing, run)
        return move_in(arrived, read_accounts(files, run), lake, new)


def run_watch(
    request: WatchRequest,
    *,
    settings: Settings,
    key: PseudonymKey,
    now: datetime,
    progress: Progress,
) -> ScanOutcome:
    """Look at the last days of a lake and leave a complete result, or nothing.

    What is found is what a scan of these days finds, but for names, and what people answered.

    Raises:
        StillwatchError: the lake can't be used, the result is in the way, or a bound was met.
    """
    from stillwatch.app.steps import watching  # noqa: PLC0415  brings every stage

    run = Run(settings, key, RunLedger(settings, now), progress, request.seed, *request.rules)
    with draft_result(request.out) as draft, lake_to_watch(request.lake, key=key) as lake:
        late.load_ahead()
        window = watching.open_window(lake, request, run)
        with run.ledger.stage("count") as stage, run.progress.stage("count"):
            counted = count_window(window.arrived)
            stage.rows_out = counted.days_counted
        tied, linked = tie_accounts(window.arrived, window.snapshot, run, counts=counted.counts)
        detected = judge_accounts(window.arrived, tied, window.snapshot, run)
        note_power(linked, run)
        watching.conclude_watch(draft, lake, window, tied, detected, counted, run)
    content = run.ledger.content(finished_at=utc_now())
    return ScanOutcome(request.out, content, run.ledger.quarantined_share())


@contextmanager
def _own_lake(draft: ResultDraft) -> Iterator[Lake]:
    place = draft.place / _LAKE
    try:
        yield Lake(place, lasts=False)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def read_accounts(files: TrafficFiles, run: Run) -> RegisterReading:
    """Read the register, releases and permissions; what is missing stands aside."""
    with run.ledger.stage("read") as stage, run.progress.stage("register"):
        register = read_register(files, key=run.key)
        stage.rows_in = sum(counts.read for counts in register.counts.values())
        stage.rows_out = len(register.register)
    for kind, counts in register.counts.items():
        run.ledger.counts[f"{kind}_read"] = counts.read
        run.ledger.counts[f"{kind}_quarantined"] = counts.quarantined
        run.ledger.nulled.update({f"{kind}.{name}": n for name, n in counts.nulled.items()})
    run.ledger.counts["accounts_duplicates"] = register.duplicates["accounts"]
    run.ledger.inputs.extend(describe_input(each, dialect="native") for each in register.inputs)
    for name, frame in (
        ("account register", register.register),
        ("permissions", register.grants),
        ("release pivot", register.launches),
    ):
        if not len(frame):
            run.ledger.stand_aside(name, reason="the traffic directory has no such file")
    return register


def observe_traffic(files: TrafficFiles, request: ScanRequest, lake: Lake, run: Run) -> Arrived:
    """Read and observe the exchanges into the run's lake, and settle which stay."""
    ingest = IngestSettings(
        format=request.format,
        mapping=read_mapping(request.mapping),
        account_field=request.account_field,
        since=request.since,
        until=request.until,
        retain_text=request.retain_text,
    )
    replay = read_replay_index(run.settings.observe.replay_index)
    reading = Reading(ingest, run.key, load_tactics(), replay)
    with run.ledger.stage("observe") as stage, run.progress.stage("observe") as shown:
        arrived = take_in(files, reading=reading, lake=lake, stage=shown)
        stage.rows_in, stage.rows_out = arrived.counts["read"], arrived.counts["exchanges"]
    run.ledger.counts.update(arrived.counts, replay_items=replay.items)
    run.ledger.nulled.update(arrived.nulled)
    run.ledger.inputs.extend(arrived.inputs)
    return arrived


def tie_accounts(
    arrived: Arrived,
    register: RegisterReading | Snapshot,
    run: Run,
    *,
    counts: DayCounts | None = None,
) -> tuple[late.Tied, late.Linked]:
    """Collect traits and tie accounts by them; `counts` were made day by day, for a watch."""
    with (
        run.ledger.stage("link", rows_in=arrived.counts["exchanges"]) as stage,
        run.progress.stage("link"),
    ):
        late.load_ahead()
        sent, observed, echoes = collect_traits(arrived, register, key=run.key, counts=counts)
        linked = late.link_accounts(
            observed.traits,
            register=register.register,
            settings=run.settings.link,
            echoes=echoes,
            seed=run.seed,
        )
        stage.rows_out = len(linked.groups)
    tried = {"seeds": linked.seeds_tested, "candidate_groups": linked.candidates}
    run.ledger.counts.update(actors=linked.actors, **tried)
    note_silence(observed.silent, run, refused=len(echoes.watched) > 0)
    found = (linked.groups, linked.members, sent.passages, linked.evidence, observed.profiles)
    told, kept = (observed.traits, linked.members), run.settings.observe
    return late.Tied(*found, echoes, *hold_beside(*told, kept, is_followed=bool(counts))), linked


def judge_accounts(
    arrived: Arrived, tied: late.Tied, register: RegisterReading | Snapshot, run: Run
) -> late.Detected:
    """Judge the groups and say of every account what it is."""
    known = (register.register, register.grants, register.launches)
    with (
        run.ledger.stage("detect", rows_in=len(tied.groups)) as stage,
        run.progress.stage("detect"),
    ):
        detected = late.detect_campaigns(
            arrived.observed(),
            tied,
            register=late.Register(*known, run.answered),
            null=late.load_null(),
            settings=run.settings.detect,
        )
        stage.rows_out = len(detected.found.campaigns)
    run.ledger.counts["accounts"] = len(detected.accounts)
    return detected


def check_traffic(
    source: Source, *, settings: Settings, key: PseudonymKey, now: datetime, progress: Progress
) -> TrafficCheck:
    """Look at a traffic directory without judging anything; `now` is not asked for."""
    del now
    with progress.stage("check"):
        return late.look_at_traffic(source, settings=settings, key=key)
