"""How fast the lab writes traffic, how large it is, and what a worker holds in memory.

    python bench/simulate_speed.py --scenarios innocent coding-13m swarm-28m --scales 0.2

Each row is `simulate` in a process of its own, from its start to its end: imports, drawing, writing
and the truth. CPU time is that of all its processes, so CPU per exchange tells something on a busy
machine too, where seconds don't. Peak memory is the kernel's, of the largest worker. The traffic is
deleted after each row.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from scan_speed import RSS_UNIT, run_cold

PER_S_MIN: Final = 100_000
"""Exchanges a second on two cores: issue 4."""
PEAK_GB_MAX: Final = 1.2
"""Memory of a worker that the lab promises."""
CODE: Final = """
import json, resource, sys, time
from pathlib import Path
from stillwatch_lab.simulate import Output, simulate

if __name__ == "__main__":
    scenario, scale, file_format, workers, out = sys.argv[1:]
    made = simulate(
        scenario,
        out=Path(out),
        scale=float(scale),
        seed=1,
        output=Output(file_format, int(workers)),
    )
    who = resource.RUSAGE_SELF if workers == "1" else resource.RUSAGE_CHILDREN
    peak = resource.getrusage(who).ru_maxrss
    print(json.dumps({"exchanges": made.exchanges, "size": made.size_bytes, "peak": peak}))
"""
FORMATS: Final = ("parquet", "jsonl", "jsonl.zst")
HEADER: Final = (
    "| scenario | scale | format | workers | exchanges | seconds | exchanges/s | CPU s "
    "| CPU us an exchange | on disk GB | bytes an exchange | peak GB of a worker |\n"
    f"|---|{'---:|' * 11}"
)


class Case(NamedTuple):
    """What is simulated, and how."""

    scenario: str
    scale: float
    file_format: str
    workers: int


def measure(case: Case, *, folder: Path | None) -> str:
    """Simulate once and give a row; a `!` marks a figure beyond its bar."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        code, answer = Path(place) / "run.py", Path(place) / "answer.json"
        code.write_text(CODE)
        command = [sys.executable, code, *map(str, case), Path(place) / "traffic"]
        run = run_cold(command, output=answer)
        made = json.loads(answer.read_text().splitlines()[-1])
    exchanges, size = made["exchanges"], made["size"]
    per_s, peak_gb = exchanges / run.wall_s, made["peak"] * RSS_UNIT / 1e9
    slow = "!" if case.workers > 1 and per_s < PER_S_MIN else ""
    large = "!" if peak_gb > PEAK_GB_MAX else ""
    return (
        f"| {case.scenario} | {case.scale:g} | {case.file_format} | {case.workers} "
        f"| {exchanges:,} | {run.wall_s:.1f} | {per_s:,.0f}{slow} | {run.cpu_s:.1f} "
        f"| {1e6 * run.cpu_s / exchanges:.1f} | {size / 1e9:.2f} | {size / exchanges:.0f} "
        f"| {peak_gb:.2f}{large} |"
    )


def list_cases(given: argparse.Namespace) -> Iterator[Case]:
    """List the rows in the order of the table."""
    for case in product(given.scenarios, given.scales, given.formats, given.workers):
        yield Case(*case)


def main() -> None:
    """Print the table, a row as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenarios", nargs="+", default=["innocent", "coding-13m", "swarm-28m"])
    parser.add_argument("--scales", nargs="+", type=float, default=[0.2])
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--workers", nargs="+", type=int, default=[2])
    parser.add_argument("--folder", type=Path, help="where to write (50 GB for a scale of 1)")
    given = parser.parse_args()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the beginning, {today}")
    print(
        f"bars: {PER_S_MIN:,} exchanges/s, {PEAK_GB_MAX:g} GB; ! is beyond\n\n{HEADER}", flush=True
    )
    for case in list_cases(given):
        print(measure(case, folder=given.folder), flush=True)


if __name__ == "__main__":
    main()
