"""Fit the null of judging and the membership calibration, and write what ships with the package.

Honest tied groups come from the lab's `honest-groups` scenarios, of a week, a fortnight and six
weeks, four to one to one (permitted partners left out: they do harvest), and, of groups that
declare no owner, from `unowned-groups` and `card-groups` (kinds count alike); how often a member is
a true one, and what a campaign's p-values are like, comes from `trial`. None of them is reported
on, and all are read with their truth, which only the lab and its calibration may do. Detection
parameters are never fitted on a campaign: the null is honest groups alone; what is read off
campaigns decides what a probability says, and no p- or q-value.

    python tools/calibrate_judging.py --keep FOLDER [--incidents 24] [--trials 12]
    python tools/calibrate_judging.py --keep FOLDER --check --first-seed 9501 [--incidents 12]

The second fits nothing: it counts how often honest groups of incidents that the shipped null has
not seen fall below a p-value. Each incident's figures are kept in FOLDER, and one that is there is
not played again: empty it whenever what is measured has changed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.isotonic import IsotonicRegression

from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.pipeline import observe_traffic, read_accounts, tie_accounts
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import ScanRequest
from stillwatch.app.settings import utc_now
from stillwatch.app.steps.run import Run
from stillwatch.detect import Tied
from stillwatch.detect.honest_groups import (
    NAMES,
    HonestGroups,
    HonestNull,
    fit_honest_null,
    load_null,
    save_null,
    widen_by_run,
)
from stillwatch.detect.measure import Case, measure_groups
from stillwatch.detect.odds import fit_power
from stillwatch.detect.tails import KINDS
from stillwatch.detect.traffic import arrange_traffic
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.ingest import find_traffic
from stillwatch.store.lake import Lake
from stillwatch_lab.simulate import simulate

SHIPPED = Path(__file__).parents[1] / "src" / "stillwatch" / "detect" / "honest_groups.json"
KEY = PseudonymKey(0x5711, 0x3A7C4)
"""Any key: each incident draws another lot."""
NOT_HONEST = ("benign-partner", "fraud")
"""Roles whose groups harvest, permitted or not: no part of an honest null."""
PURE_SHARE = 0.8
"""Share of a tied group's accounts that must have its most frequent role."""
HONEST = {
    "honest-groups": (0, 1.0),
    "honest-groups-fortnight": (100, 0.25),
    "honest-groups-six-weeks": (100, 0.25),
}
"""Scenario -> what is added to the first seed, and its share of the incidents asked for."""
UNOWNED = {
    "unowned-groups": (200, 2.0),
    "unowned-groups-fortnight": (300, 1 / 12),
    "unowned-groups-six-weeks": (300, 1 / 12),
    "card-groups": (400, 1 / 6),
    "card-groups-fortnight": (500, 1 / 12),
    "card-groups-six-weeks": (500, 1 / 12),
}
"""The same, of kinds that declare nobody, and of customers' keys on one card."""
LEVELS = (0.1, 0.05, 0.01, 0.003, 0.001)
"""p-values below which honest groups are counted."""
PSEUDO_FALSE = 1.0
"""Untrue members added to the calibration, so that it never says certain."""


class Incident(NamedTuple):
    """One simulated incident, linked and measured."""

    tied: Tied
    measured: pl.DataFrame
    truth: pl.DataFrame


def play(scenario: str, seed: int) -> Incident:
    """Simulate, link and measure one incident; nothing is kept on disk."""
    with tempfile.TemporaryDirectory() as folder:
        traffic = Path(folder) / "traffic"
        simulate(scenario, out=traffic, seed=seed)
        return measure_incident(traffic, Path(folder) / "lake")


def play_once(
    scenario: str, seed: int, keep: Path, *, pick: Callable[[Incident], pl.DataFrame]
) -> pl.DataFrame:
    """Measure one incident, or read what was kept of it."""
    place = keep / f"{scenario}-{seed}.parquet"
    if not place.exists():
        picked = pick(play(scenario, seed))
        picked.write_parquet(place.with_suffix(".part"))
        place.with_suffix(".part").rename(place)
        print(f"{scenario} {seed}: {len(picked)} rows", flush=True)
    return pl.read_parquet(place)


def play_honest(scenario: str, seed: int, keep: Path) -> pl.DataFrame:
    """Measure the honest groups of one incident."""
    return play_once(scenario, seed, keep, pick=keep_honest)


def gather_honest(
    scenarios: Mapping[str, tuple[int, float]], asked: argparse.Namespace
) -> pl.DataFrame:
    """Measure honest groups, incident by incident, `--workers` of them at a time."""
    incidents = [
        (scenario, asked.first_seed + offset + number, asked.keep)
        for scenario, (offset, share) in scenarios.items()
        for number in range(round(share * asked.incidents))
    ]
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        return pl.concat(list(pool.map(play_honest, *zip(*incidents, strict=True))))


def measure_incident(traffic: Path, lake: Path) -> Incident:
    """Run the stages up to judging, and hear the witnesses of every tied group."""
    settings = Settings()
    run = Run(settings, KEY, RunLedger(settings, utc_now()), QuietProgress(), 0)
    files = find_traffic(traffic)
    register = read_accounts(files, run)
    request = ScanRequest(traffic=traffic, out=lake)
    arrived = observe_traffic(files, request, Lake(lake), run)
    tied, _ = tie_accounts(arrived, register, run)
    groups = tied.groups.filter(pl.col("link_q_value") <= settings.detect.link_q_max)
    members = frozenset(tied.members["account_id"])
    arranged = arrange_traffic(arrived.observed(), passages=tied.passages, tied=members)
    case = Case(groups, tied.members, register.register, echoes=tied.echoes)
    measured = measure_groups(arranged, case, settings=settings.detect)
    listed = traffic / "truth" / "accounts.csv"
    truth = pl.read_csv(listed, schema_overrides={"campaign": pl.String})
    rows = pl.DataFrame(
        [
            (name, *size, *figures.tolist())
            for name, (_, _, figures, size) in zip(groups["group_id"], measured, strict=True)
        ],
        schema=["group_id", "accounts", "exchanges", "paid", *NAMES],
        orient="row",
    )
    return Incident(tied, rows, truth)


def keep_honest(incident: Incident) -> pl.DataFrame:
    """Keep the groups that are purely of one honest role."""
    roles = (
        incident.tied.members.join(incident.truth, on="account_id")
        .group_by("group_id", "role")
        .len()
        .with_columns(share=pl.col("len") / pl.col("len").sum().over("group_id"))
        .filter((pl.col("share") >= PURE_SHARE) & ~pl.col("role").is_in(NOT_HONEST))
    )
    return incident.measured.join(roles.select("group_id", "role"), on="group_id")


def keep_trial(incident: Incident) -> pl.DataFrame:
    """Keep every tied group: whether it is a campaign, and which of its members are of that one."""
    named = incident.tied.members.join(incident.truth, on="account_id")
    told = named.group_by("group_id").agg(
        (pl.col("campaign").is_not_null().mean() >= PURE_SHARE).alias("guilty"),
        pl.col("weight_bits").alias("bits"),
        pl.col("campaign").eq_missing(pl.col("campaign").drop_nulls().mode().sort().first())
        .alias("true"),
    )  # fmt: skip
    return incident.measured.join(told, on="group_id")


def play_trial(seed: int, keep: Path) -> pl.DataFrame:
    """Measure the groups of one trial."""
    return play_once("trial", seed, keep, pick=keep_trial)


def judge_campaigns(trial: pl.DataFrame, *, null: HonestNull) -> npt.NDArray[np.float64]:
    """Give the p-values of one trial's campaigns, as a run of it alone would."""
    groups = arrange(trial)
    z = null.standardise(groups.figures, groups.accounts, groups.exchanges)
    score = null.combine(null.cut(widen_by_run(z, median=null.median)))
    return np.asarray(null.p_values(score, groups.standing)[trial["guilty"].to_numpy()])


def calibrate_members(pairs: pl.DataFrame) -> tuple[list[float], list[float]]:
    """Fit the share of true members as a rising function of total bits, by isotonic regression."""
    bits = pairs["bits"].to_numpy()
    bits = np.append(bits, bits.min())
    true = np.append(pairs["true"].to_numpy().astype(np.float64), 0.0)
    weight: npt.NDArray[np.float64] = np.append(np.ones(len(pairs)), PSEUDO_FALSE)
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(bits, true, sample_weight=weight)
    most = 1 - PSEUDO_FALSE / (len(pairs) + PSEUDO_FALSE)
    knots = fitted.X_thresholds_.tolist()
    return knots, np.minimum(fitted.y_thresholds_, most).tolist()


def arrange(honest: pl.DataFrame) -> HonestGroups:
    """Give the figures and sizes of groups as the null wants them."""
    names = ("accounts", "exchanges", "paid")
    sizes = (honest[name].to_numpy().astype(np.float64) for name in names)
    return HonestGroups(honest.select(NAMES).to_numpy(), *sizes)


def leave_out_owners(unowned: pl.DataFrame) -> pl.DataFrame:
    """Leave out groups of unowned kinds that happen to have an owner: too few to stand for such."""
    _, owned, _ = arrange(unowned).standing.may_be()
    return unowned.filter(pl.Series(~owned))


def check_null(honest: pl.DataFrame) -> None:
    """Print how many honest groups fall below each p-value under the shipped null, and who do."""
    null, groups = load_null(), arrange(honest)
    told = honest.with_columns(
        p=pl.Series(null.p_values(null.score(groups), groups.standing)),
    )
    may_be = zip(KINDS, groups.standing.may_be(), strict=True)
    for kind, rows in (("all", told), *((kind, told.filter(pl.Series(m))) for kind, m in may_be)):
        for level in LEVELS:
            below, expected = rows.filter(pl.col("p") <= level).height, level * rows.height
            print(f"{kind}: p <= {level}: {below} of {rows.height}, {expected:.1f} expected")
    low = told.filter(pl.col("p") <= max(LEVELS)).sort("p")
    print(low.group_by("role").agg(pl.len(), pl.col("p").min()).sort("p"))


def main() -> None:
    """Fit and write, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=24)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--first-seed", type=int, default=9001)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, required=True, help="a folder: one file an incident")
    parser.add_argument("--check", action="store_true", help="fit nothing, count p-values")
    asked = parser.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    honest, unowned = gather_honest(HONEST, asked), gather_honest(UNOWNED, asked)
    if asked.check:
        check_null(honest)
        print("\nkinds that declare nobody, besides:")
        check_null(unowned)
        return
    seeds = range(asked.first_seed, asked.first_seed + asked.trials)
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool:
        trials = list(pool.map(play_trial, seeds, [asked.keep] * len(seeds)))
    fit_and_write(honest, unowned, trials)


def fit_and_write(honest: pl.DataFrame, unowned: pl.DataFrame, trials: list[pl.DataFrame]) -> None:
    """Fit the null and both calibrations, and write what ships."""
    campaigns = pl.concat(trials).filter("guilty")
    pairs = campaigns.select("bits", "true").explode("bits", "true")
    groups = arrange(pl.concat([honest, leave_out_owners(unowned)]))
    null = fit_honest_null(groups, members=calibrate_members(pairs))
    p = np.concatenate([judge_campaigns(trial, null=null) for trial in trials])
    null = replace(null, power=fit_power(p))
    SHIPPED.write_bytes(save_null(null) + b"\n")
    told = pl.concat([honest, unowned])
    print(told.group_by("role").agg(pl.len(), *(pl.col(n).mean().round(3) for n in NAMES)))
    true = int(pairs["true"].sum())
    print(f"{null.groups} honest tied groups; {true} of {len(pairs)} members are true ones")
    for kind, (start, scale, shape) in zip(KINDS, null.tails, strict=True):
        print(f"{kind}: from {start:.2f}, scale {scale:.2f}, shape {shape:.2f}")
    levels = {level: int(np.sum(p <= level)) for level in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)}
    print(f"{len(p)} campaigns, of which at most p: {levels}; power {null.power:.4f}")
    print(f"written to {SHIPPED.name}")


if __name__ == "__main__":
    main()
