"""What each figure that is told of tied groups would be worth, if it were heard: AUC, and company.

    python bench/timing.py --keep FOLDER honest-groups:41001 trial:41001 phantom:41101:0.05 …

Each incident is played once (scenario, seed, scale), its figures and witnesses are kept in FOLDER,
and a file that is there is not played again. Campaigns are groups of which four fifths are one
campaign's; honest groups are split as judging's tails are. AUC: how often a campaign's figure is
further towards guilt than an honest group's, a half where it says nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from scipy.stats import rankdata, spearmanr

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import calibrate_judging as calibrate
from stillwatch.app.settings import read_replay_index
from stillwatch.detect.honest_groups import NAMES
from stillwatch.detect.rhythms import RHYTHMS, tell_rhythms
from stillwatch.detect.tails import KINDS
from stillwatch_lab.simulate import simulate

GUILTY: Final = {
    "schedule_variance": 1, "within_day_variance": -1, "common_silences": 1, "pool_order": 1,
    "dealt_items": 1, "repeats_cross": 1, "creation_dispersion": -1, "creation_spacing": -1,
    "no_night": -1, "steady_gaps": -1, "rotation": -1, "ban_answered": 1, "address_handed_over": 1,
}  # fmt: skip
"""Figure -> the end that a campaign would be at."""


def tell_incident(kept: dict[str, Any]) -> pl.DataFrame:
    """Tell the figures of an incident's tied groups, beside witnesses, sizes and the truth."""
    groups = kept["measured"]["group_id"].to_list()
    cores = {
        name: (measured[0], measured[1])
        for name, measured in zip(groups, kept["unmixed"], strict=True)
    }
    pools = {one.name: len(one.sizes) for one in read_replay_index("shipped").sources}
    told = tell_rhythms(cores, kept["traffic"], kept["register"], pools=pools)
    ratio = told.with_columns(
        figure=pl.when(pl.col("channel").str.ends_with("_p_value"))
        .then("observed")
        .otherwise(((pl.col("observed") + 0.01) / (pl.col("expected") + 0.01)).log(2))
    )
    wide = ratio.pivot(on="channel", index="subject_id", values="figure")
    named = kept["members"].join(kept["truth"], on="account_id")
    is_guilty = pl.col("campaign").is_not_null()
    roles = named.group_by("group_id").agg(
        guilty=is_guilty.mean() >= calibrate.PURE_SHARE,
        mixed=is_guilty.any(),
        role=pl.col("role").mode().sort().first(),
    )
    return (
        kept["measured"].join(roles, on="group_id")
        .join(wide, left_on="group_id", right_on="subject_id", how="left")
    )  # fmt: skip


def play(scenario: str, seed: int, scale: float) -> pl.DataFrame:
    """Simulate, link and measure one incident, and tell its figures."""
    kept: dict[str, Any] = {}
    arrange, measure = calibrate.arrange_traffic, calibrate.measure_groups

    def arranged(*args: Any, **named: Any) -> Any:  # noqa: ANN401  passed on as they come
        kept["traffic"] = arrange(*args, **named)
        return kept["traffic"]

    def measured(traffic: Any, case: Any, **named: Any) -> Any:  # noqa: ANN401
        found = measure(traffic, case, **named)
        kept["register"] = case.register
        kept["unmixed"] = [(codes, unmixed.membership) for codes, unmixed, *_ in found]
        return found

    calibrate.arrange_traffic, calibrate.measure_groups = arranged, measured  # type: ignore[assignment]  for this run
    try:
        with tempfile.TemporaryDirectory() as folder:
            traffic = Path(folder) / "traffic"
            simulate(scenario, out=traffic, seed=seed, scale=scale)
            incident = calibrate.measure_incident(traffic, Path(folder) / "lake")
    finally:
        calibrate.arrange_traffic, calibrate.measure_groups = arrange, measure
    kept |= {"measured": incident.measured, "truth": incident.truth}
    return tell_incident(kept | {"members": incident.tied.members})


def rank_areas(guilty: pl.Series, honest: pl.Series, sign: int) -> float:
    """Give the area under the curve; nan where either is silent."""
    a, b = (sign * one.drop_nulls().to_numpy() for one in (guilty, honest))
    if not len(a) or not len(b):
        return float("nan")
    ranks = rankdata(np.concatenate([a, b]))[: len(a)].sum()
    return float((ranks - len(a) * (len(a) + 1) / 2) / (len(a) * len(b)))


def print_table(told: pl.DataFrame) -> None:
    """Print a row a figure: who is heard, areas by kind, low p-values, and its company."""
    guilty = told.filter("guilty")
    honest = told.filter(~pl.col("guilty"), ~pl.col("mixed"), pl.col("role") != "benign-partner")
    kinds = calibrate.arrange(honest).standing.may_be()
    counted = ", ".join(f"{m.sum()} {kind}" for kind, m in zip(KINDS, kinds, strict=True))
    print(f"{len(guilty)} campaigns, {len(honest)} honest groups ({counted})")
    head = ("figure", "heard: campaigns / honest", "AUC all", *KINDS)
    print(f"| {' | '.join(head)} | p ≤ 0.05: campaigns / honest | goes with |")
    print("|---|" + "---|" * (4 + len(KINDS)))
    for name in (rhythm.name for rhythm in RHYTHMS):
        if name not in told.columns:
            print(f"| `{name}` | 0 / 0 |" + " |" * (3 + len(KINDS)))
            continue
        areas = [honest, *(honest.filter(pl.Series(m)) for m in kinds)]
        shown = [f"{rank_areas(guilty[name], one[name], GUILTY[name]):.2f}" for one in areas]
        heard = (
            f"{len(guilty) - guilty[name].null_count()} / {len(honest) - honest[name].null_count()}"
        )
        low = [one[f"{name}_p_value"].drop_nulls().to_numpy() <= 0.05 for one in (guilty, honest)]
        share = " / ".join(f"{one.mean():.2f}" if len(one) else "-" for one in low)
        print(
            f"| `{name}` | {heard} | {' | '.join(shown)} | {share} | {find_company(honest, name)} |"
        )


def find_company(honest: pl.DataFrame, name: str) -> str:
    """Name the two witnesses that it goes with most, among honest groups (Spearman)."""
    found = []
    for witness in NAMES:
        both = honest.select(name, witness).fill_nan(None).drop_nulls()
        if len(both) >= 20 and both[name].n_unique() > 1 and both[witness].n_unique() > 1:
            found.append((float(spearmanr(both[name], both[witness]).statistic), witness))
    most = sorted(found, key=lambda one: -abs(one[0]))[:2]
    return ", ".join(f"{witness} {r:+.2f}" for r, witness in most) or "-"


def main() -> None:
    """Play what is missing, and print the table of all that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("incidents", nargs="*", help="SCENARIO:SEED[:SCALE]")
    parser.add_argument("--keep", type=Path, required=True, help="a folder: one file an incident")
    asked = parser.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    for incident in asked.incidents:
        scenario, seed, scale = (*incident.split(":"), "1")[:3]
        place = asked.keep / f"{scenario}-{seed}.parquet"
        if not place.exists():
            play(scenario, int(seed), float(scale)).write_parquet(place)
            print(f"{place.name} kept", flush=True)
    files = sorted(asked.keep.glob("*.parquet"))
    print_table(pl.concat([pl.read_parquet(one) for one in files], how="diagonal_relaxed"))


if __name__ == "__main__":
    main()
