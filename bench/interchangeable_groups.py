"""Whom interchangeability finds, and which honest groups it fires on: groups of the lab, by truth.

    python bench/interchangeable_groups.py --work DIR [--calibrate 10] [--test 4] [--page OUT]
    python bench/interchangeable_groups.py --work DIR --prepare INCIDENT ...   # some, beforehand

Simulates honest groups and, in a fortnight, 120 heads of each preset's plan, observes them, and
keeps in DIR what was sketched. One half of the honest incidents is the null, the other is reported;
no campaign is looked at before. Groups are the truth's, and hold all traffic of their accounts:
nothing was linked or unmixed. The truth says who belongs together, and what kind they are.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from stillwatch.app.arrive import take_in
from stillwatch.app.pool import Reading
from stillwatch.app.progress import QuietProgress
from stillwatch.detect.interchangeability import HonestShares, calibrate_shares, sketch_accounts
from stillwatch.detect.interchangeability.dimensions import DIMENSIONS, measure_shares
from stillwatch.detect.interchangeability.honest import Shares, Size
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.ingest import IngestSettings, find_traffic
from stillwatch.observe import load_tactics
from stillwatch.observe.content import ReplayIndex
from stillwatch.store.lake import Lake
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.presets import PRESET_PLANS
from stillwatch_lab.scenarios import Scenario, choose
from stillwatch_lab.scenarios.cast import cast_plans
from stillwatch_lab.scene import FORTNIGHT
from stillwatch_lab.simulate import simulate

HEADS = 120
COLUMNS = ("account_id", "hour", "embedding", "parameters_hash", "capability")
DISPATCHED = (
    "load-balanced", "open-keys", "resale", "relay", "key-pool", "card-keys", "fleet", "card-fleet",
)  # fmt: skip
"""Honest kinds whose accounts share one dispatcher."""
PARTNERS = ("partner", "partner-over-budget")
"""They harvest, with permission: shown, and in no null."""
LEVEL = 0.05
SIZES = ((10, 0), (20, 0), (50, 0), (100, 0), (20, 40), (50, 40), (100, 40), (50, 15))
"""Heads, and exchanges of each that are kept (0: all)."""
DRAWS = 20


def cast_campaigns(rng, scene, _casting, *, name):  # noqa: ANN001, ANN201  types as any scenario has them
    """Cast one preset's campaign alone, with few heads, at its own rate a head."""
    plan = replace(PRESET_PLANS[name], heads=HEADS, banned=0.0)
    return cast_plans(scene, 1.0, plans=(plan,), exits=draw_vpn_exits(rng))


def choose_scenario(incident: str) -> Scenario:
    """Give the scenario of an incident, `name:seed`."""
    name = incident.split(":", maxsplit=1)[0]
    if name in PRESET_PLANS:
        return Scenario(f"heads of {name}", FORTNIGHT, partial(cast_campaigns, name=name))
    return choose(name)


def observe_incident(incident: str, work: Path) -> pl.DataFrame:
    """Simulate and observe an incident, or read what was kept: COLUMNS, group and kind."""
    kept = work / f"{incident.replace(':', '-')}.parquet"
    if kept.exists():
        return pl.read_parquet(kept)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        traffic = Path(folder) / "traffic"
        simulate(choose_scenario(incident), out=traffic, seed=int(incident.split(":")[1]))
        lake = Lake(Path(folder) / "lake", lasts=False)
        reading = Reading(IngestSettings(), PseudonymKey(5, 7), load_tactics(), ReplayIndex())
        with QuietProgress().stage("observe") as stage:
            arrived = take_in(find_traffic(traffic), reading=reading, lake=lake, stage=stage)
        types = {"campaign": pl.String, "group": pl.String}
        truth = pl.read_csv(traffic / "truth" / "accounts.csv", schema_overrides=types)
        named = truth.select("account_id", group=pl.coalesce("campaign", "group")).drop_nulls()
        frame = arrived.observed().select(COLUMNS).collect().join(named, on="account_id")
    frame.write_parquet(kept)
    print(f"{incident}: {frame['group'].n_unique()} groups, {len(frame):,} exchanges", flush=True)
    return frame


Group = tuple[str, Shares, Shares, Size]
"""Kind, shares, shares inside capabilities, size."""


def measure_groups(frame: pl.DataFrame) -> Iterator[Group]:
    """Sketch and measure every group of an incident that has ten accounts."""
    for (name,), own in frame.group_by("group", maintain_order=True):
        if own["account_id"].n_unique() >= 10:
            yield re.sub(r"-\d+$", "", str(name)), *measure(own)


def measure(own: pl.DataFrame) -> tuple[Shares, Shares, Size]:
    """Sketch and measure one group."""
    sketch = sketch_accounts(own, speciality="capability")
    inside = measure_shares(sketch, inside=True)
    return measure_shares(sketch), inside, sketch.count_exchanges()


def draw_heads(
    frame: pl.DataFrame, rng: np.random.Generator, heads: int, each: int
) -> pl.DataFrame:
    """Draw some heads of a campaign, and of each some exchanges."""
    names = frame["account_id"].unique().sort().to_numpy()
    own = frame.filter(pl.col("account_id").is_in(rng.choice(names, heads, replace=False).tolist()))
    if not each:
        return own
    order = pl.Series("order", rng.permutation(len(own)))
    shuffled = own.with_columns(order).sort("order").drop("order")
    return shuffled.group_by("account_id", maintain_order=True).head(each)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Set a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


Nulls = tuple[HonestShares, HonestShares, HonestShares]
"""All honest groups; people alone; all, inside capabilities."""


def calibrate(groups: list[Group]) -> Nulls:
    """Calibrate the three nulls."""
    honest = [g for g in groups if g[0] not in PARTNERS]
    people = [g for g in honest if g[0] not in DISPATCHED]
    return (
        calibrate_shares([(g[1], g[3]) for g in honest]),
        calibrate_shares([(g[1], g[3]) for g in people]),
        calibrate_shares([(g[2], g[3]) for g in honest]),
    )


def rank(group: Group, nulls: Nulls) -> list[float]:
    """Give p: each dimension and together, then together among people, then inside."""
    among = nulls[0].rank(group[1], group[3])
    people, inside = nulls[1].rank(group[1], group[3]), nulls[2].rank(group[2], group[3])
    return [*among.values(), people["together"], inside["together"]]


def show_kinds(groups: list[Group], nulls: Nulls) -> str:
    """Show honest groups that the null has not seen, by kind."""
    kinds: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        kinds[group[0]].append(group)
        if group[0] not in PARTNERS:
            kinds["**all honest**"].append(group)
    rows = []
    for kind, own in sorted(kinds.items()):
        sizes = np.median([(g[3][0], g[3][1] / g[3][0]) for g in own], axis=0)
        shares = [np.nanmedian([g[1][name].share for g in own] + [np.nan]) for name in DIMENSIONS]
        fired = (np.array([rank(g, nulls) for g in own]) <= LEVEL).mean(axis=0)
        cells = [f"{x:.0f}" for x in sizes] + [f"{x:.3f}" for x in shares]
        rows.append([kind, str(len(own)), *cells, *(f"{x:.2f}" for x in fired)])
    named = [f"share: {name}" for name in DIMENSIONS] + [f"p: {name}" for name in DIMENSIONS]
    head = ["kind", "groups", "accounts", "exchanges each", *named]
    return table([*head, "p: together", "p: together, among people", "p: inside"], rows)


def show_power(campaigns: dict[str, pl.DataFrame], nulls: Nulls) -> str:
    """Show how often heads of each campaign are found, by how many there are."""
    rng, rows = np.random.default_rng(3), []
    for name, frame in campaigns.items():
        for heads, each in SIZES:
            drawn = [draw_heads(frame, rng, heads, each) for _ in range(DRAWS)]
            groups = [("", *measure(own)) for own in drawn]
            p = np.array([rank(g, nulls) for g in groups])
            sent = np.median([g[3][1] / g[3][0] for g in groups])
            shares = [np.nanmedian([g[1][d].share for g in groups] + [np.nan]) for d in DIMENSIONS]
            found = [*(p <= LEVEL).mean(axis=0), (p[:, 4] <= 0.01).mean()]
            cells = [str(heads), f"{sent:.0f}", *(f"{x:.3f}" for x in shares)]
            rows.append([name, *cells, *(f"{x:.2f}" for x in found)])
    named = [f"share: {name}" for name in DIMENSIONS] + [f"p: {name}" for name in DIMENSIONS]
    last = ["p: together", "p: together, among people", "p: inside", "together at 0.01"]
    return table(["preset", "heads", "exchanges each", *named, *last], rows)


def main() -> None:
    """Simulate, calibrate, report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--calibrate", type=int, default=10)
    parser.add_argument("--test", type=int, default=4)
    parser.add_argument("--prepare", nargs="*")
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    if given.prepare:
        for incident in given.prepare:
            observe_incident(incident, given.work)
        return

    def list_honest(first: int, count: int) -> list[Group]:
        names = [f"honest-groups{'-fortnight' * (at % 2)}:{first + at}" for at in range(count)]
        return [g for name in names for g in measure_groups(observe_incident(name, given.work))]

    null = list_honest(9601, given.calibrate)
    nulls = calibrate(null)
    honest = list_honest(9701, given.test)
    campaigns = {name: observe_incident(f"{name}:1", given.work) for name in PRESET_PLANS}
    text = "\n".join(
        [
            f"{len(null)} groups calibrate, {len(honest)} are reported.\n",
            show_kinds(honest, nulls),
            show_power(campaigns, nulls),
        ]
    )
    print(text)
    if given.page:
        given.page.write_text(text)


if __name__ == "__main__":
    main()
