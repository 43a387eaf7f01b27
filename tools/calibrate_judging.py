"""Fit the null of judging and the membership calibration, and write what ships with the package.

Honest tied groups come from the lab's `honest-groups` scenarios, of a week, a fortnight and six
weeks, four to one to one (permitted partners left out: they do harvest); how often a member is a
true one comes from its `trial` scenario. Neither is reported on, and both are read with their
truth, which only the lab and its calibration may do. Detection parameters are never fitted on a
campaign: the null is honest groups alone.

    python tools/calibrate_judging.py [--incidents 24] [--trials 3] [--first-seed 9001]
    python tools/calibrate_judging.py --check --first-seed 9501 [--incidents 12]

The second fits nothing: it counts how often honest groups of incidents that the shipped null has
not seen fall below a p-value.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.isotonic import IsotonicRegression

from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.pipeline import Run, observe_traffic, read_accounts, tie_accounts
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import ScanRequest
from stillwatch.app.settings import utc_now
from stillwatch.detect import Tied
from stillwatch.detect.honest_groups import (
    NAMES,
    cut_witnesses,
    fit_honest_null,
    load_null,
    save_null,
)
from stillwatch.detect.judge import Case, measure_groups
from stillwatch.detect.traffic import COLUMNS, arrange_traffic
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.ingest import find_traffic
from stillwatch.store.lake import Lake
from stillwatch_lab.simulate import simulate

SHIPPED = Path(__file__).parents[1] / "src" / "stillwatch" / "detect" / "honest_groups.json"
KEY = PseudonymKey(0x5711, 0x3A7C4)
"""Any key: figures don't depend on it."""
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
LEVELS = (0.1, 0.05, 0.01, 0.003, 0.001)
"""p-values below which honest groups are counted."""
PSEUDO_FALSE = 1.0
"""Untrue members added to the calibration, so that it never says certain."""


class Incident(NamedTuple):
    """One simulated incident, linked and measured."""

    tied: Tied
    measured: pl.DataFrame
    truth: pl.DataFrame


def work_through(scenario: str, seeds: range) -> Iterator[Incident]:
    """Simulate, link and measure one incident after another; nothing is kept on disk."""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            traffic = Path(folder) / "traffic"
            simulate(scenario, out=traffic, seed=seed)
            yield measure_incident(traffic, Path(folder) / "lake")
        print(f"{scenario} {seed} done", flush=True)


def work_through_honest(asked: argparse.Namespace) -> Iterator[Incident]:
    """Work through the incidents of honest groups, scenario after scenario."""
    for scenario, (offset, share) in HONEST.items():
        first = asked.first_seed + offset
        yield from work_through(scenario, range(first, first + round(share * asked.incidents)))


def measure_incident(traffic: Path, lake: Path) -> Incident:
    """Run the stages up to judging, and hear the witnesses of every tied group."""
    settings = Settings()
    run = Run(settings, KEY, RunLedger(settings, utc_now()), QuietProgress(), 0)
    files = find_traffic(traffic)
    register = read_accounts(files, run)
    request = ScanRequest(traffic=traffic, out=lake)
    arrived = observe_traffic(files, request, Lake(lake), run)
    tied, _ = tie_accounts(arrived, register, run)
    exchanges = arrived.observed().select("row", *COLUMNS).collect()
    groups = tied.groups.filter(pl.col("link_q_value") <= settings.detect.link_q_max)
    arranged = arrange_traffic(exchanges, passages=tied.passages)
    case = Case(groups, tied.members, register.register)
    measured = measure_groups(arranged, case, settings=settings.detect)
    listed = traffic / "truth" / "accounts.csv"
    truth = pl.read_csv(listed, schema_overrides={"campaign": pl.String})
    rows = pl.DataFrame(
        [
            (name, size[0], size[1], *figures.tolist())
            for name, (_, _, figures, size) in zip(groups["group_id"], measured, strict=True)
        ],
        schema=["group_id", "accounts", "exchanges", *NAMES],
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


def compare_members(incident: Incident) -> pl.DataFrame:
    """Say of each member of a campaign's tied group whether it is one of that campaign."""
    named = incident.tied.members.join(incident.truth, on="account_id").join(
        incident.measured.select("group_id"), on="group_id"
    )
    main = named.group_by("group_id").agg(
        pl.col("campaign").drop_nulls().mode().sort().first().alias("main"),
        (pl.col("campaign").is_not_null().mean() >= PURE_SHARE).alias("guilty"),
    )
    return named.join(main.filter("guilty"), on="group_id").select(
        "weight_bits", (pl.col("campaign") == pl.col("main")).fill_null(value=False).alias("true")
    )


def calibrate_members(pairs: pl.DataFrame) -> tuple[list[float], list[float]]:
    """Fit the share of true members as a rising function of total bits, by isotonic regression."""
    bits = pairs["weight_bits"].to_numpy()
    bits = np.append(bits, bits.min())
    true = np.append(pairs["true"].to_numpy().astype(np.float64), 0.0)
    weight: npt.NDArray[np.float64] = np.append(np.ones(len(pairs)), PSEUDO_FALSE)
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(bits, true, sample_weight=weight)
    most = 1 - PSEUDO_FALSE / (len(pairs) + PSEUDO_FALSE)
    knots = fitted.X_thresholds_.tolist()
    return knots, np.minimum(fitted.y_thresholds_, most).tolist()


def check_null(honest: pl.DataFrame) -> None:
    """Print how many honest groups fall below each p-value under the shipped null, and who do."""
    null = load_null()
    sizes = [honest[name].to_numpy().astype(np.float64) for name in ("accounts", "exchanges")]
    z = null.standardise(honest.select(NAMES).to_numpy(), *sizes)
    p = null.p_values(null.combine(cut_witnesses(z)))
    for level in LEVELS:
        expected = level * len(p)
        print(f"p <= {level:<6}: {int(np.sum(p <= level)):4d} of {len(p)}, {expected:.1f} expected")
    low = honest.with_columns(p=pl.Series(p)).filter(pl.col("p") <= max(LEVELS)).sort("p")
    print(low.group_by("role").agg(pl.len(), pl.col("p").min()).sort("p"))


def main() -> None:
    """Fit and write, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=24)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=9001)
    parser.add_argument("--figures", type=Path, help="also write every group's figures (Parquet)")
    parser.add_argument("--check", action="store_true", help="fit nothing, count p-values")
    asked = parser.parse_args()
    honest = pl.concat([keep_honest(i) for i in work_through_honest(asked)])
    if asked.figures:
        honest.write_parquet(asked.figures)
    if asked.check:
        check_null(honest)
        return
    seeds = range(asked.first_seed, asked.first_seed + asked.trials)
    pairs = pl.concat([compare_members(i) for i in work_through("trial", seeds)])
    fit_and_write(honest, pairs)


def fit_and_write(honest: pl.DataFrame, pairs: pl.DataFrame) -> None:
    """Fit the null and the membership calibration, and write what ships."""
    null = fit_honest_null(
        honest.select(NAMES).to_numpy(),
        accounts=honest["accounts"].to_numpy().astype(np.float64),
        exchanges=honest["exchanges"].to_numpy().astype(np.float64),
        members=calibrate_members(pairs),
    )
    SHIPPED.write_bytes(save_null(null) + b"\n")
    print(honest.group_by("role").agg(pl.len(), *(pl.col(n).mean().round(3) for n in NAMES)))
    true = int(pairs["true"].sum())
    print(f"{len(honest)} honest tied groups; {true} of {len(pairs)} members are true ones")
    tail = f"from {null.tail_start:.2f}, scale {null.tail_scale:.2f}, shape {null.tail_shape:.2f}"
    print(f"tail {tail}; written to {SHIPPED.name}")


if __name__ == "__main__":
    main()
