"""What a new day costs: ingest and watch, day after day, against one scan of it all.

Simulates a scenario, splits its log by day, and takes the days in one by one with a look after
each. Ingest should cost the day; of a look, `count` the day (others are kept), the rest the
window's sketches: passages, groups, judging. The last line is one scan of all days. Everything runs
in one process, kernels compiled before the first line. Run:
`python bench/watch_speed.py --scenario demo --scale 0.3`, `--window-days 3` for a moving window.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from stillwatch.app import late
from stillwatch.app.pipeline import run_ingest, run_scan, run_watch
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import IngestRequest, ScanRequest, Source, WatchRequest
from stillwatch.app.settings import utc_now
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch_lab.simulate import Output, simulate

KEY = PseudonymKey.from_bytes(bytes(range(16)))
REGISTER = ("accounts.jsonl", "permissions.jsonl", "releases.jsonl")
STAGES = ("window", "count", "link", "detect", "follow", "report")


def said() -> dict[str, Any]:
    """What every run is told."""
    return {"settings": Settings(), "key": KEY, "now": utc_now(), "progress": QuietProgress()}


def split_by_day(logs: Path, place: Path) -> list[tuple[Path, int]]:
    """Write a directory a day, the register in each: (directory, exchanges)."""
    rows = pl.read_parquet(logs / "exchanges-*.parquet")
    days = rows.with_columns(pl.col("time").str.slice(0, 10).alias("day")).partition_by(
        "day", as_dict=True, include_key=False
    )
    made = []
    for (day,), own in sorted(days.items()):
        folder = place / str(day)
        folder.mkdir(parents=True)
        own.write_parquet(folder / "exchanges.parquet")
        for name in REGISTER:
            shutil.copy(logs / name, folder)
        made.append((folder, own.height))
    return made


def timed_stages(run: dict[str, Any]) -> dict[str, float]:
    """Seconds by stage."""
    return {one["stage"]: one["seconds"] for one in run["stages"]}


def main() -> None:
    """Print one row a day, and the scan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="demo")
    parser.add_argument("--scale", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--window-days", type=int, default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        logs, lake = place / "logs", place / "lake"
        output = Output("parquet")
        simulate(asked.scenario, out=logs, scale=asked.scale, seed=asked.seed, output=output)
        late.compile_ahead().result()
        warm = place / "warm"
        run_scan(ScanRequest(logs, warm), **said())
        print(f"| day | its exchanges | window's | ingest s | {' s | '.join(STAGES)} s | look s |")
        print("|---" * (5 + len(STAGES)) + "|")
        total = 0
        for folder, count in split_by_day(logs, place / "days"):
            total += count
            began = time.perf_counter()
            run_ingest(IngestRequest(Source(folder), lake), **said())
            taken = time.perf_counter() - began
            began = time.perf_counter()
            request = WatchRequest(lake, place / f"r-{folder.name}", asked.window_days)
            run = run_watch(request, **said()).run
            looked = time.perf_counter() - began
            stages = timed_stages(run)
            cells = " | ".join(f"{stages[one]:.2f}" for one in STAGES)
            held = run["counts"]["exchanges"]
            print(
                f"| {folder.name} | {count:,} | {held:,} | {taken:.2f} | {cells} | {looked:.2f} |"
            )
        began = time.perf_counter()
        run = run_scan(ScanRequest(logs, place / "scan"), **said()).run
        stages = timed_stages(run)
        whole = time.perf_counter() - began
        print(f"one scan of {total:,}: {whole:.2f} s, of it observe {stages['observe']:.2f} s")


if __name__ == "__main__":
    main()
