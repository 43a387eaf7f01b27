"""Simulate a scenario into a traffic directory with ground truth.

Reads scenarios, cohorts and traffic; writes `exchanges*`, `accounts`, `releases`, `permissions` and
`truth/` as CONTRACT.md, section 1 and 3, say. The one idea: cohort by cohort, so that memory is
bounded, and atomically: the directory that exists is complete. What it writes depends on scenario,
scale and seed alone, byte for byte. Absent: a clock, and anything that detection knows.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import polars as pl

from stillwatch.domain.errors import InputError
from stillwatch.domain.tables import EXCHANGE
from stillwatch_lab.scenarios import SCENARIOS, Cohort, Scenario
from stillwatch_lab.scene import BEGINNING, Scene
from stillwatch_lab.text import mix
from stillwatch_lab.traffic.arrivals import draw_arrivals
from stillwatch_lab.traffic.failures import add_failures
from stillwatch_lab.traffic.harvests import draw_harvest, write_harvest
from stillwatch_lab.traffic.prompts import draft, write_prompts
from stillwatch_lab.traffic.requests import render_requests
from stillwatch_lab.write import Writer

FileFormat = Literal["parquet", "jsonl"]

PART_EXCHANGES: Final = 500_000
"""Exchanges in one file, and in memory: about half a gigabyte."""
_LOST_ORG_SHARE: Final = 0.35
"""Share of accounts whose log names no organisation although the register does."""


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


def simulate(
    scenario: str,
    *,
    out: Path,
    scale: float = 1.0,
    seed: int = 0,
    file_format: FileFormat = "parquet",
) -> Summary:
    """Write a scenario's traffic and truth to the directory `out`.

    Order:   exchanges by time within a file; accounts by id.
    Cost:    linear in exchanges; memory is bounded by PART_EXCHANGES.

    Raises:
        InputError: there is no such scenario, the scale isn't positive, or `out` exists.
    """
    chosen = _choose(scenario, scale=scale)
    rng = np.random.default_rng([seed, zlib.crc32(scenario.encode())])
    identity = Identity(int(rng.integers(2**62)))
    with Writer(out, file_format=file_format) as writer:
        for part in _parts(rng, chosen, scale=scale, writer=writer, identity=identity):
            writer.write_exchanges(part)
        writer.write_releases(chosen.scene.releases())
    return Summary(scenario, out, **writer.totals())


def _choose(scenario: str, *, scale: float) -> Scenario:
    if scenario not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        message = f"there is no scenario {scenario!r}"
        raise InputError(message, hint=f"the lab knows {known}")
    if not scale > 0:
        message = f"--scale is {scale}"
        raise InputError(message, hint="a scale is above 0; 1 is the scenario's own size")
    return SCENARIOS[scenario]


class Identity:
    """Gives out identifiers: scattered numbers that say nothing of role or order."""

    def __init__(self, base: int) -> None:
        self._base = base
        self.accounts = 0
        self._exchanges = 0

    def name_accounts(self, count: int) -> pl.Series:
        """Name the next accounts."""
        keys = mix(np.arange(self.accounts, self.accounts + count) + self._base)
        self.accounts += count
        return pl.Series("account_id", [f"acct_{key:016x}" for key in keys.tolist()])

    def name_exchanges(self, count: int) -> pl.Series:
        """Name the next exchanges."""
        start = self._exchanges + self._base // 2
        keys = pl.Series("exchange_id", mix(np.arange(start, start + count)))
        self._exchanges += count
        return ("ex_" + keys.cast(pl.String)).alias("exchange_id")


def _parts(
    rng: np.random.Generator,
    chosen: Scenario,
    *,
    scale: float,
    writer: Writer,
    identity: Identity,
) -> Iterator[pl.DataFrame]:
    """Draw cohort after cohort, and give their traffic in parts of bounded size."""
    waiting: list[pl.DataFrame] = []
    for cohort in chosen.cast(rng, chosen.scene, scale):
        names = identity.name_accounts(cohort.people.height)
        writer.add_accounts(cohort.people, names, grants=cohort.grants)
        waiting.append(
            _name_rows(rng, cohort.people, _draw_traffic(rng, cohort, chosen.scene), names)
        )
        if sum(frame.height for frame in waiting) >= PART_EXCHANGES:
            yield _finish(pl.concat(waiting), identity)
            waiting = []
    if waiting:
        yield _finish(pl.concat(waiting), identity)


def _draw_traffic(rng: np.random.Generator, cohort: Cohort, scene: Scene) -> pl.DataFrame:
    """Draw a cohort's exchanges: everybody's own, and the harvest where there is a plan."""
    people, plan = cohort.people, cohort.plan
    frames = []
    arrivals = add_failures(rng, draw_arrivals(rng, people, scene), passes_on=False)
    if arrivals.height:
        prompts = write_prompts(rng, people, draft(rng, people, arrivals))
        frames.append(_rendered(rng, people, arrivals, prompts.gather(arrivals["text"])))
    if plan:
        drawn = draw_harvest(rng, plan, people, scene)
        prompts = write_harvest(rng, plan, drawn.height)
        queue = add_failures(rng, drawn, passes_on=True)
        workers = people.with_columns(pl.lit(1.0).alias("turns"), pl.lit(0).alias("end_users"))
        harvest = _rendered(rng, workers, queue, prompts.gather(queue["text"]))
        frames.append(harvest.with_columns(pl.lit(plan.name).alias("campaign")))
    return pl.concat(frames)


def _rendered(
    rng: np.random.Generator, people: pl.DataFrame, arrivals: pl.DataFrame, prompts: pl.Series
) -> pl.DataFrame:
    frame = render_requests(rng, people, arrivals, prompts)
    return frame.with_columns(pl.lit(None, pl.String).alias("campaign"))


def _name_rows(
    rng: np.random.Generator, people: pl.DataFrame, frame: pl.DataFrame, names: pl.Series
) -> pl.DataFrame:
    tells = pl.Series(rng.random(people.height) >= _LOST_ORG_SHARE)
    logged = pl.select(pl.when(tells).then(people["org_id"]).alias("org_id")).to_series()
    account = frame["account"]
    return frame.with_columns(
        names.gather(account).alias("account_id"), logged.gather(account).alias("org_id")
    ).drop("account")


def _finish(frame: pl.DataFrame, identity: Identity) -> pl.DataFrame:
    """Sort a part by time, name its exchanges and spell its instants."""
    ordered = frame.sort("at_s", maintain_order=True)
    moment = pl.lit(BEGINNING) + pl.duration(microseconds=(pl.col("at_s") * 1e6).cast(pl.Int64))
    named = ordered.with_columns(
        identity.name_exchanges(ordered.height),
        moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").alias("time"),
    )
    return pl.concat([EXCHANGE.conform(named), named.select(pl.col("campaign"))], how="horizontal")
