"""Simulate a scenario into a traffic directory with ground truth.

Reads scenarios; writes `exchanges*`, `accounts`, `releases`, `permissions` and `truth/` as
CONTRACT.md, section 1 and 3, say. The one idea: workers draw shards, then finish files, and nobody
has more than one of either in memory. What is written depends on scenario, scale and seed alone,
byte for byte, however many workers there are. Absent: a clock, and anything that detection knows.
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Final, Literal

import numpy as np
import polars as pl

from stillwatch.domain.errors import InputError
from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.cohorts.casting import Casting
from stillwatch_lab.cohorts.wording import adopt_systems
from stillwatch_lab.identity import Identity
from stillwatch_lab.scenarios import Scenario, choose
from stillwatch_lab.scene import Scene
from stillwatch_lab.shards import Cohort, Shard, hire_workers, number_shards
from stillwatch_lab.text import mix
from stillwatch_lab.text.pools import list_sources
from stillwatch_lab.traffic.draw import count_sent, draw_traffic
from stillwatch_lab.write import (
    describe_accounts,
    finish_file,
    join_truth,
    open_directory,
    set_down,
    write_accounts,
    write_campaigns,
    write_records,
)

FileFormat = Literal["parquet", "jsonl", "jsonl.zst"]

FILE_EXCHANGES: Final = 200_000
"""Exchanges that a file is meant to hold on average, and a worker to have in memory: 0.6 GB. The
busiest hours have up to 1.8 times as many: files are stretches of time."""
_FILE_LEAST: Final = 100_000
"""Exchanges below which a file isn't worth its while."""
_FILES_LEAST: Final = 8
"""Files that workers have to share where there is enough for each: no core waits for the last."""
_LOST_ORG_PER_MILLE: Final = 350
"""Accounts of a thousand whose log names no organisation although the register does."""
_PER_MILLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Output:
    """How a simulation is written; what it says of the scenario is the same in any."""

    file_format: FileFormat = "parquet"
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written."""

    scenario: str
    out: Path
    accounts: int
    exchanges: int
    campaigns: dict[str, int]
    """Accounts of each campaign."""
    harvest: dict[str, int]
    """Exchanges of each campaign's harvest."""
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Job:
    """What every worker needs to know."""

    scene: Scene
    seeds: tuple[int, int]
    identity: Identity
    place: Path
    files: int
    file_format: FileFormat


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What comes back of a shard: its accounts and permissions; of a later part, counts alone."""

    owner: int
    accounts: pl.DataFrame | None
    grants: tuple[dict[str, object], ...]
    sent: pl.Series
    plan: Plan | None = None


def simulate(
    scenario: str | Scenario,
    *,
    out: Path,
    scale: float = 1.0,
    seed: int = 0,
    output: Output | None = None,
) -> Summary:
    """Write a scenario's traffic and truth to the directory `out`; one of the catalogue by name.

    Order:   exchanges by time, over all files; accounts by id.
    Cost:    linear in exchanges, 15 us of a core each, and a millisecond and a half for each shard
             in each file, which tells beyond a scale of 1. A worker holds one shard or one file:
             it has a gigabyte at its peak, 0.25 GB of that code and words (docs/lab/speed.md).

    Raises:
        InputError: there is no such scenario, scale or workers aren't positive, `out` exists, or
            the scene's directory holds no real texts.
    """
    output = output or Output()
    chosen = _choose(scenario, scale=scale, workers=output.workers)
    seeds = (seed, zlib.crc32(chosen.name.encode()))
    rng = np.random.default_rng(seeds)
    identity = Identity(int(rng.integers(2**62)))
    shards = list(number_shards(chosen.cast(rng, chosen.scene, Casting(scale, chosen.asked))))
    files = count_files(sum(shard.exchanges for shard in shards))
    with open_directory(out) as place:
        job = _Job(chosen.scene, seeds, identity, place, files, output.file_format)
        with hire_workers(output.workers) as run:
            drawn = list(run(partial(_draw_shard, job), enumerate(shards)))
            counts = list(run(partial(_finish_file, job), range(files)))
        accounts = _gather_accounts(drawn)
        join_truth(place, files)
        write_accounts(place, accounts)
        write_campaigns(place, [each.plan for each in drawn if each.plan], chosen.scene)
        write_records(place / "permissions.jsonl", [g for each in drawn for g in each.grants])
        write_records(place / "releases.jsonl", chosen.scene.releases())
        size = sum(f.stat().st_size for f in place.rglob("*") if f.is_file())
    return _summarise(chosen.name, out, accounts, counts, size)


def count_files(exchanges: float) -> int:
    """Say among how many files exchanges are divided: by their number alone."""
    shared = min(_FILES_LEAST, ceil(exchanges / _FILE_LEAST))
    return max(1, shared, ceil(exchanges / FILE_EXCHANGES))


def _choose(scenario: str | Scenario, *, scale: float, workers: int) -> Scenario:
    if not scale > 0:
        message = f"--scale is {scale}"
        raise InputError(message, hint="a scale is above 0; 1 is the scenario's own size")
    if workers < 1:
        message = f"--workers is {workers}"
        raise InputError(message, hint="one worker or more")
    chosen = choose(scenario) if isinstance(scenario, str) else scenario
    if chosen.scene.data:
        list_sources(chosen.scene.data)
    return chosen


_latest: dict[tuple[_Job, int], Cohort] = {}
"""The cohort that this worker drew last: its next part asks for the same one."""


def _draw_cohort(job: _Job, shard: Shard) -> Cohort:
    """Draw a cohort by its number, the same in every part."""
    key = (job, shard.owner)
    if key not in _latest:
        _latest.clear()
        cohort = shard.draw(np.random.default_rng([*job.seeds, 1, shard.owner]), job.scene)
        if job.scene.data:
            rng = np.random.default_rng([*job.seeds, 3, shard.owner])
            people = adopt_systems(rng, cohort.people, job.scene.data)
            cohort = replace(cohort, people=people)
        _latest[key] = cohort
    return _latest[key]


def _draw_shard(job: _Job, numbered: tuple[int, Shard]) -> _Drawn:
    number, shard = numbered
    cohort = _draw_cohort(job, shard)
    people = cohort.people
    rng = np.random.default_rng([*job.seeds, 2, number])
    frame = draw_traffic(rng, cohort, job.scene, shard=shard)
    sent = pl.Series("exchanges", count_sent(frame, people.height))
    names = job.identity.name_accounts(shard.owner, people.height)
    named = _name_rows(frame, people, names)
    set_down(job.place, named, shard=number, files=job.files, scene=job.scene)
    if shard.part:
        return _Drawn(shard.owner, None, (), sent)
    described = describe_accounts(people, names, sent)
    return _Drawn(shard.owner, described, cohort.grants, sent, cohort.plan)


def _name_rows(frame: pl.DataFrame, people: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    luck = mix(people["voice"].to_numpy()) % np.uint64(_PER_MILLE) >= _LOST_ORG_PER_MILLE
    logged = pl.select(pl.when(pl.Series(luck)).then(people["org_id"]).alias("org_id")).to_series()
    account = frame["account"]
    return frame.with_columns(
        names.gather(account).alias("account_id"), logged.gather(account).alias("org_id")
    ).drop("account")


def _finish_file(job: _Job, number: int) -> dict[str, int]:
    return finish_file(job.place, number, identity=job.identity, file_format=job.file_format)


def _gather_accounts(drawn: list[_Drawn]) -> list[pl.DataFrame]:
    """Add up what every part of a cohort sent, in the accounts that its first part describes."""
    sent: dict[int, pl.Series] = {}
    for each in drawn:
        before = sent.get(each.owner)
        sent[each.owner] = each.sent if before is None else before + each.sent
    return [
        each.accounts.with_columns(sent[each.owner].alias("exchanges")).filter("is_account")
        for each in drawn
        if each.accounts is not None
    ]


def _summarise(
    scenario: str,
    out: Path,
    accounts: list[pl.DataFrame],
    counts: list[dict[str, int]],
    size_bytes: int,
) -> Summary:
    campaigns = Counter(pl.concat(accounts)["campaign"].drop_nulls().to_list())
    harvest = Counter[str]()
    for count in counts:
        harvest.update(count)
    exchanges = harvest.pop("")
    return Summary(
        scenario,
        out,
        sum(frame.height for frame in accounts),
        exchanges,
        dict(campaigns),
        {name: harvest[name] for name in campaigns},
        len(counts),
        size_bytes,
    )
