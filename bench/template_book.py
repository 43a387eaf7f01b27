"""Templates of simulated traffic: where each kind lands, how long ids last, what it all costs.

    python bench/template_book.py TRAFFIC... [--wheels WHEELS --data DATA]

For each directory that `stillwatch simulate` wrote: the readings of the spread test by what the
truth says of a template's accounts, the share of shingles that keep their id from one day to the
next (against naming a template by its smallest hash), and CPU seconds of the parts. With the wheels
of `tools/build_template_list.py` and the shared data: how often a listed text is known again, as it
is and changed, and how often a text from elsewhere is. The truth is read here and nowhere else.
"""

from __future__ import annotations

import argparse
import gzip
import re
import runpy
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import orjson
import polars as pl
import pyarrow as pa

from stillwatch.app.arrive import take_in
from stillwatch.app.pool import Reading
from stillwatch.app.progress import QuietProgress
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.ingest import IngestSettings, find_traffic
from stillwatch.ingest.register import read_register
from stillwatch.observe import load_tactics
from stillwatch.observe.content import ReplayIndex, sketch_texts
from stillwatch.observe.engines import collect_here
from stillwatch.observe.template_book import (
    ObservedDay,
    count_holdings,
    describe_population,
    measure_templates,
    observe_days,
)
from stillwatch.observe.template_book.form import load_shipped
from stillwatch.observe.template_book.public import recognise_public
from stillwatch.observe.template_book.spread import combine_covariates, measure_spread
from stillwatch.store.lake import Lake

KEY = PseudonymKey.from_bytes(bytes(range(16)))
PURE = 0.8
"""Share of a template's accounts that must be of one kind for it to be that kind's."""
COVERS = 0.2
"""Mean coverage from which it is a template; below it is a phrase."""
VERSIONS = 6
"""Accounts that fill a listed text's slots, each otherwise."""
SIZES, DRAWS = (10, 30, 60, 100, 300), 1_000
"""Random sets of accounts, to see how the null reads."""
READINGS = ("public", "mixed", "cohort", "open")


def read_traffic(place: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, float]:
    """Read a directory as a scan does; the CPU seconds of that are the last."""
    files, before = find_traffic(place), time.process_time()
    with tempfile.TemporaryDirectory() as folder, QuietProgress().stage("read") as stage:
        lake = Lake(Path(folder) / "lake", lasts=False)
        reading = Reading(IngestSettings(), KEY, load_tactics(), ReplayIndex())
        arrived = take_in(files, reading=reading, lake=lake, stage=stage)
        exchanges = arrived.observed().with_columns(pl.col("row").cast(pl.Int64)).collect()
        systems = arrived.systems()
    register = read_register(files, key=KEY).register
    return exchanges, systems, register, time.process_time() - before


def count_same(days: list[ObservedDay]) -> tuple[float, float]:
    """Share of shingles, by accounts, whose template has yesterday's id; and smallest hash."""
    same = total = np.zeros(2)
    for before, day in pairwise(days):
        told = [
            one.shingles.with_columns(
                pl.col("hash").min().over("place", "template_id").alias("smallest")
            )
            for one in (before, day)
        ]
        both = told[1].join(told[0], on=["place", "hash"], suffix="_before")
        accounts = both["accounts"].to_numpy()
        kept = [
            (both[name] == both[f"{name}_before"]).to_numpy()
            for name in ("template_id", "smallest")
        ]
        same = same + np.array([accounts[k].sum() for k in kept])
        total = total + accounts.sum()
    return tuple(same / np.maximum(total, 1))


def name_kinds(holdings: pl.DataFrame, place: Path) -> pl.DataFrame:
    """Say of each template whose accounts send it, by the truth."""
    truth = pl.read_csv(place / "truth/accounts.csv").select(
        "account_id",
        pl.when(pl.col("role") == "fraud")
        .then(pl.lit("campaign"))
        .otherwise(pl.col("role").str.strip_prefix("benign-"))
        .alias("kind"),
    )
    counted = holdings.join(truth, on="account_id").group_by("place", "template_id", "kind")
    kinds = counted.agg(pl.len().alias("own")).sort("own", "kind", descending=[True, False])
    return kinds.group_by("place", "template_id", maintain_order=True).agg(
        pl.when(pl.col("own").first() >= PURE * pl.col("own").sum())
        .then(pl.col("kind").first())
        .otherwise(pl.lit("several kinds"))
        .alias("kind")
    )


def report_null(people: pl.DataFrame) -> None:
    """Print how random sets of accounts read, by their size."""
    rng = np.random.default_rng(1)
    accounts = people["account_id"].to_numpy()
    drawn = [rng.choice(accounts, size, replace=False) for size in SIZES for _ in range(DRAWS)]
    held = pl.concat(
        pl.DataFrame({"account_id": own}).with_columns(template_id=pl.lit(f"{t:05d}"))
        for t, own in enumerate(drawn)
    ).join(people.select("account_id", "actor"), on="account_id")
    told = held.with_columns(place=pl.lit("prompt")).drop("account_id").unique()
    read = combine_covariates(measure_spread(told, population=people)).sort("template_id")
    for k, size in enumerate(SIZES):
        counts = read["reading"].slice(k * DRAWS, DRAWS).value_counts()
        shares = {name: count / DRAWS for name, count in counts.rows()}
        said = ", ".join(f"{name} {shares.get(name, 0):.2%}" for name in READINGS)
        print(f"  {DRAWS:,} random sets of {size}: {said}")


def report_traffic(place: Path) -> None:
    """Print the three tables of one directory."""
    exchanges, systems, register, reading_s = read_traffic(place)
    rows, seconds = nw.from_native(exchanges.lazy()), [time.process_time()]
    days = list(observe_days(rows, systems=systems))
    seconds.append(time.process_time())
    cover = pl.concat([day.cover for day in days])
    holdings = collect_here(count_holdings(nw.from_native(cover.lazy())))
    people = describe_population(rows, register=register)
    figures, _ = measure_templates(holdings, population=people)
    seconds.append(time.process_time())
    told = pl.concat([day.shingles for day in days]).unique(["place", "template_id", "hash"])
    known = recognise_public(told, public=load_shipped(), key=KEY)
    seconds.append(time.process_time())
    found, spread, listed = np.diff(seconds)
    print(f"\n{place.name}: {len(exchanges):,} exchanges, {len(figures):,} templates")
    print(
        f"  CPU s: read {reading_s:.1f}, book {found:.2f}, spread {spread:.2f}, list {listed:.2f}"
    )
    by_book, by_hash = count_same(days)
    print(f"  same as the day before: id {by_book:.2%}, smallest hash {by_hash:.2%}")
    print(f"  known from the list: {len(known)}")
    report_null(people)
    kinds = figures.join(name_kinds(holdings, place), on=["place", "template_id"])
    size = (
        pl.when(pl.col("coverage") >= COVERS).then(pl.lit("template")).otherwise(pl.lit("phrase"))
    )
    table = (
        kinds.group_by(size.alias("size"), "kind")
        .agg(
            pl.len().alias("n"),
            pl.col("actors").median().cast(pl.Int64).alias("median"),
            pl.col("actors").max().alias("largest"),
            *((pl.col("reading") == name).sum().alias(name) for name in READINGS),
        )
        .sort("size", "kind", descending=[True, False])
    )
    for row in table.iter_rows():
        print("  | " + " | ".join(str(cell) for cell in row) + " |")


def know_again(texts: list[str], change: Callable[[str], str] = str, *, times: int = 1) -> float:
    """Share of texts that the list knows by what all but one of some changed versions share."""
    parts = []
    for _ in range(times):
        changed = pa.array([change(text) for text in texts], pa.large_string())
        sketches = sketch_texts(changed, key=KEY).column("sketch").to_pylist()
        parts.append(pl.DataFrame({"hash": sketches}).with_row_index("n"))
    shingles = pl.concat(parts).explode("hash").drop_nulls().group_by("n", "hash").agg(pl.len())
    named = shingles.filter(pl.col("len") >= max(times - 1, 1)).select(
        pl.lit("system").alias("place"), pl.format("{}", "n").alias("template_id"), "hash"
    )
    return len(recognise_public(named, public=load_shipped(), key=KEY)) / len(texts)


def report_list(wheels: Path, data: Path) -> None:
    """Print how often a listed text is known, and one of other origin."""
    tool: dict[str, Any] = runpy.run_path("tools/build_template_list.py")
    texts = [text for name in tool["WHEELS"] for text in tool["read_wheel"](wheels / name)]
    others = [_read(path) for path in sorted((data / "prompts").glob("*/*.jsonl.gz"))]
    rng = np.random.default_rng(1)
    names = [f"{chr(97 + k % 26)}ord{k}" for k in range(500)]

    def fill(text: str) -> str:
        return re.sub(r"\{[^{}]*\}+", lambda _: " ".join(rng.choice(names, 3)), text)

    def add(text: str) -> str:
        return f"{fill(text)} {' '.join(rng.choice(names, 20))}"

    def cut(text: str) -> str:
        words = text.split()
        return " ".join(words[: len(words) * 2 // 3])

    print(f"\nlisted texts ({len(texts)}) known again")
    print(f"  as they are: {know_again(texts):.1%}")
    print(f"  the first two thirds: {know_again(texts, cut):.1%}")
    print(f"  slots filled, six ways: {know_again(texts, fill, times=VERSIONS):.1%}")
    print(f"  and twenty words of each: {know_again(texts, add, times=VERSIONS):.1%}")
    for name, pool in others:
        print(f"  elsewhere, {name}: {know_again(pool):.3%} of {len(pool):,}")


def _read(path: Path) -> tuple[str, list[str]]:
    with gzip.open(path, "rb") as lines:
        return path.stem.split(".")[0], [orjson.loads(line)["text"] for line in lines]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("traffic", type=Path, nargs="*")
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    for place in given.traffic:
        report_traffic(place)
    if given.wheels and given.data:
        report_list(given.wheels, given.data)


if __name__ == "__main__":
    main()
