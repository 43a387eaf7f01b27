"""The sentence as one function: ingest, observe, link, detect, decide, act, report.

The rim calls the stages in their order, hands each the tables that it reads, and writes down what
came in and out of it. Nothing is decided here; nothing here knows how a stage works.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import narwhals as nw
import polars as pl

from stillwatch.act.outbox import deliver_effects, enqueue_effects
from stillwatch.app import late
from stillwatch.app.arrive import TEXTS, Arrived, take_in
from stillwatch.app.ledger_of_run import RunLedger, describe_input
from stillwatch.app.pool import Reading
from stillwatch.app.progress import Progress
from stillwatch.app.requests import ScanOutcome, ScanRequest, Source, TrafficCheck
from stillwatch.app.settings import read_mapping, read_replay_index, utc_now
from stillwatch.decide import decide
from stillwatch.domain import limits
from stillwatch.domain.families import CHANNEL_OF, QUEUE
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    EVIDENCE,
    EXCHANGES_OUT,
    GROUPS_OUT,
    HARVEST,
    PROFILE,
    QUARANTINE,
    TEMPLATES_OUT,
)
from stillwatch.domain.settings import Settings
from stillwatch.ingest import IngestSettings, find_traffic
from stillwatch.ingest.register import RegisterReading, read_register
from stillwatch.ingest.sources.files import TrafficFiles
from stillwatch.observe import count_traits, list_passages, load_tactics
from stillwatch.observe.echoes import find_echoes
from stillwatch.store.lake import Lake
from stillwatch.store.results import REPORT_FILE, ResultDraft, draft_result

_LAKE: Final = ".lake"
"""The run's own lake, inside the draft: it goes when the result is complete, or with the draft."""
TICKET_FILE: Final = "report.md"
_NOTHING_REFUSED: Final = "no exchange has the status of a refused request"


@dataclass(frozen=True)
class Run:
    """What every step of one run needs."""

    settings: Settings
    key: PseudonymKey
    ledger: RunLedger
    progress: Progress
    seed: int


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
    run = Run(settings, key, RunLedger(settings, now), progress, request.seed)
    with draft_result(request.out) as draft, _own_lake(draft) as lake:
        files = find_traffic(request.traffic)
        register = read_accounts(files, run)
        arrived = observe_traffic(files, request, lake, run)
        tied, linked = tie_accounts(arrived, register, run)
        detected = judge_accounts(arrived, tied, register, run)
        _note_power(linked, run)
        templates = _show_exemplars(arrived, tied, detected, request)
        arrived.quarantine = pl.concat([arrived.quarantine, register.quarantine])
        draft.write_table(PROFILE, tied.profiles)
        _write(draft, arrived, detected, templates, run)
        _conclude(draft, detected, templates, register, run)
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
    arrived: Arrived, register: RegisterReading, run: Run
) -> tuple[late.Tied, late.Linked]:
    """Collect traits and tie accounts by them."""
    with (
        run.ledger.stage("link", rows_in=arrived.counts["exchanges"]) as stage,
        run.progress.stage("link"),
    ):
        late.load_ahead()
        rows = arrived.observed()
        passages = list_passages(nw.from_native(rows), systems=arrived.systems())
        observed = count_traits(
            nw.from_native(rows),
            passages=passages,
            register=register.register,
            launches=register.launches,
            key=run.key,
        )
        echoes = find_echoes(nw.from_native(rows))
        linked = late.link_accounts(
            observed.traits,
            register=register.register,
            settings=run.settings.link,
            echoes=echoes,
            seed=run.seed,
        )
        stage.rows_out = len(linked.groups)
    counts = {"seeds": linked.seeds_tested, "candidate_groups": linked.candidates}
    run.ledger.counts.update(actors=linked.actors, **counts)
    for channel in observed.silent:
        reason = f"no exchange or account says anything of {CHANNEL_OF[channel].phrase}"
        run.ledger.stand_aside(f"channel {channel}", reason=reason)
    if not len(echoes.watched):
        run.ledger.stand_aside(f"channel {QUEUE.name}", reason=_NOTHING_REFUSED)
    tied = late.Tied(
        linked.groups, linked.members, passages, linked.evidence, observed.profiles, echoes
    )
    return tied, linked


def judge_accounts(
    arrived: Arrived, tied: late.Tied, register: RegisterReading, run: Run
) -> late.Detected:
    """Judge the groups and say of every account what it is."""
    with (
        run.ledger.stage("detect", rows_in=len(tied.groups)) as stage,
        run.progress.stage("detect"),
    ):
        exchanges = arrived.observed().select("row", *late.COLUMNS).collect()
        detected = late.detect_campaigns(
            exchanges,
            tied,
            register=late.Register(register.register, register.grants, register.launches),
            null=late.load_null(),
            settings=run.settings.detect,
        )
        stage.rows_out = len(detected.found.campaigns)
    run.ledger.counts["accounts"] = len(detected.accounts)
    return detected


def _note_power(linked: late.Linked, run: Run) -> None:
    """Write down how small a campaign these data could have shown."""
    aside = {entry["check"] for entry in run.ledger.stood_aside}
    heard = {c.family for c in CHANNEL_OF.values() if f"channel {c.name}" not in aside}
    for entry in late.smallest_groups(
        linked.actors,
        seeds_tested=linked.seeds_tested,
        families=len(heard),
        settings=run.settings.link,
        q_max=run.settings.detect.link_q_max,
    ):
        run.ledger.power.append({"shares": entry.shares, "heads": entry.heads})


def _show_exemplars(
    arrived: Arrived, tied: late.Tied, detected: late.Detected, request: ScanRequest
) -> pl.DataFrame:
    """Give the campaigns' templates, with a few prompts of each where text is retained."""
    templates = detected.found.templates
    if not request.retain_text or not len(templates):
        return templates
    chosen = tied.passages.with_columns(
        template_id=pl.col("template").map_elements(
            lambda t: f"{t & 0xFFFFFFFFFFFFFFFF:016x}", return_dtype=pl.String
        )
    ).join(templates.select("template_id", "place"), on=["template_id", "place"])
    members = detected.found.exchanges.filter(pl.col("membership") >= 0.5).select("exchange_id")  # noqa: PLR2004  CONTRACT.md, section 4
    ids = arrived.observed().select("row", "exchange_id").collect()
    shown = (
        chosen.join(ids, on="row")
        .join(members, on="exchange_id")
        .join(arrived.lake.scan(TEXTS).collect(), on="exchange_id")
        .sort("exchange_id")
        .unique(["template_id", "place", "prompt"], keep="first", maintain_order=True)
        .group_by("template_id", "place", maintain_order=True)
        .agg(pl.col("prompt").head(limits.EXEMPLARS_PER_TEMPLATE).alias("exemplars"))
    )
    return TEMPLATES_OUT.conform(
        templates.drop("exemplars").join(shown, on=["template_id", "place"], how="left")
    )


def _write(
    draft: ResultDraft, arrived: Arrived, detected: late.Detected, templates: pl.DataFrame, run: Run
) -> None:
    found = detected.found
    for table, frame in (
        (ACCOUNTS_OUT, detected.accounts),
        (GROUPS_OUT, detected.groups),
        (CAMPAIGNS_OUT, found.campaigns),
        (EXCHANGES_OUT, found.exchanges),
        (EVIDENCE, detected.evidence),
        (HARVEST, found.harvest),
        (TEMPLATES_OUT, templates),
        (QUARANTINE, arrived.quarantine),
    ):
        draft.write_table(table, frame)
        run.ledger.files[table.name] = len(frame)
    arrived.duplicates.write_parquet(draft.place / "duplicates.parquet")


def _conclude(
    draft: ResultDraft,
    detected: late.Detected,
    templates: pl.DataFrame,
    register: RegisterReading,
    run: Run,
) -> None:
    """Decide, act and report."""
    with run.ledger.stage("decide", rows_in=len(detected.accounts)) as stage:
        decisions = decide(
            detected.accounts,
            register=register.register,
            settings=run.settings,
            now=run.ledger.started_at,
        )
        enqueue_effects(draft.place, decisions)
        deliver_effects(draft.place)
        stage.rows_out = len(decisions)
    with run.ledger.stage("report") as stage, run.progress.stage("report"):
        findings = late.Findings(
            accounts=detected.accounts,
            groups=detected.groups,
            campaigns=detected.found.campaigns,
            evidence=detected.evidence,
            harvest=detected.found.harvest,
            templates=templates,
            decisions=decisions,
            run=run.ledger.content(finished_at=utc_now()),
        )
        draft.write_bytes(REPORT_FILE, late.render_html(findings))
        draft.write_bytes(TICKET_FILE, late.render_markdown(findings))
        stage.rows_out = len(findings.campaigns)
    draft.write_json("run.json", run.ledger.content(finished_at=utc_now()))


def check_traffic(
    source: Source, *, settings: Settings, key: PseudonymKey, now: datetime, progress: Progress
) -> TrafficCheck:
    """Look at a traffic directory without judging anything; `now` is not asked for."""
    del now
    with progress.stage("check"):
        return late.look_at_traffic(source, settings=settings, key=key)
