"""How long a scan takes, against a plain conversion of the same file to Parquet, in one run.

    python bench/scan_speed.py --sizes 250k 1M 4M --cold-jit

Each size is written once (native JSONL records of about 800 B, own made-up words, templates and
shared traits so that there is something to link), then read by two cold processes: Polars turning
it into Parquet, and `stillwatch scan`. `observe` counts everything from the start of the process to
the end of that stage: imports, JIT and reading too. Peak memory is the kernel's, of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

CONVERT: Final = "import sys, polars as pl; pl.scan_ndjson(sys.argv[1]).sink_parquet(sys.argv[2])"
WRITER: Final = Path(__file__).with_name("scan_speed_traffic.py")
UNITS: Final = {"k": 1_000, "M": 1_000_000}
OBSERVE_RATIO_MAX: Final = 3.0
"""Times the conversion: issue 3."""
SCAN_RATIO_MAX: Final = 8.0
"""Times the conversion: issue 3."""
PEAK_GB_MAX: Final = 4.0
"""Gigabytes: issue 3."""
RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024
"""Bytes in which the system counts the peak (getrusage(2))."""
HEADER: Final = (
    "exchanges      MB   convert s   GB   observe s      x    scan s      x   GB   stages"
)


class Run(NamedTuple):
    """What one cold process took."""

    wall_s: float
    peak_gb: float
    cpu_s: float


class Figures(NamedTuple):
    """One row of the table."""

    exchanges: int
    megabytes: float
    convert: Run
    scan: Run
    stages: list[dict[str, float | str]]
    before_s: float
    """From the start of the process to that of the run."""

    @property
    def observe_s(self) -> float:
        """Seconds from the start of the process to the end of `observe`."""
        ended = {stage["stage"]: float(stage["ended_s"]) for stage in self.stages}
        return self.before_s + ended["observe"]


def run_cold(
    command: Sequence[str | Path],
    *,
    environment: dict[str, str] | None = None,
    output: Path | None = None,
) -> Run:
    """Run a process to its end and ask the kernel what it used; `output` takes what it prints.

    Raises:
        SystemExit: it failed; its last words are printed.
    """
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stdout=said, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = said.read()
    if process.returncode:
        sys.exit(f"{command[0]} failed:\n{words.decode(errors='replace')[-2000:]}")
    if output is not None:
        output.write_bytes(words)
    return Run(wall_s, used.ru_maxrss * RSS_UNIT / 1e9, used.ru_utime + used.ru_stime)


def measure(exchanges: int, *, folder: Path, cold_jit: bool) -> Figures:
    """Write the traffic of one size, convert it, scan it."""
    traffic, result = folder / "traffic", folder / "result"
    run_cold([sys.executable, WRITER, str(exchanges), traffic])
    logs = traffic / "exchanges.jsonl"
    convert = run_cold([sys.executable, "-c", CONVERT, logs, folder / "plain.parquet"])
    environment = {"STILLWATCH_KEY": "00" * 16}
    if cold_jit:
        environment["NUMBA_CACHE_DIR"] = str(folder / "jit")
    stillwatch = Path(sys.executable).with_name("stillwatch")
    launched = time.time()
    scan = run_cold([stillwatch, "scan", traffic, "--out", result], environment=environment)
    told = json.loads((result / "run.json").read_text())
    before_s = datetime.fromisoformat(told["started_at"]).timestamp() - launched
    megabytes = logs.stat().st_size / 1e6
    return Figures(exchanges, megabytes, convert, scan, told["stages"], before_s)


def render(row: Figures) -> str:
    """Write one row; a `!` marks a figure beyond its bar."""
    observe_ratio = row.observe_s / row.convert.wall_s
    scan_ratio = row.scan.wall_s / row.convert.wall_s

    def flag(value: float, bar: float) -> str:
        return "!" if value > bar else " "

    return (
        f"{row.exchanges:>9,} {row.megabytes:7,.0f} {row.convert.wall_s:11.2f} "
        f"{row.convert.peak_gb:4.1f} {row.observe_s:11.2f} {observe_ratio:5.1f}"
        f"{flag(observe_ratio, OBSERVE_RATIO_MAX)} {row.scan.wall_s:8.2f} {scan_ratio:5.1f}"
        f"{flag(scan_ratio, SCAN_RATIO_MAX)} {row.scan.peak_gb:4.1f}"
        f"{flag(row.scan.peak_gb, PEAK_GB_MAX)} "
        + " ".join(f"{stage['stage']} {float(stage['seconds']):.1f}" for stage in row.stages)
    )


def parse_size(text: str) -> int:
    """Read `250k` or `1M`."""
    return int(float(text.rstrip("kM")) * UNITS.get(text[-1], 1))


def main() -> None:
    """Print the table, a row as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", nargs="+", type=parse_size, default=[250_000, 1_000_000])
    parser.add_argument("--cold-jit", action="store_true", help="compile every kernel anew")
    parser.add_argument("--folder", type=Path, help="where to work (1.9 GB a million exchanges)")
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, JIT {'cold' if given.cold_jit else 'as it is cached'}")
    print(
        f"bars: observe {OBSERVE_RATIO_MAX:g} x, scan {SCAN_RATIO_MAX:g} x, {PEAK_GB_MAX:g} GB; "
        "! is beyond"
    )
    print(HEADER, flush=True)
    for size in given.sizes:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            row = measure(size, folder=Path(folder), cold_jit=given.cold_jit)
        print(render(row), flush=True)


if __name__ == "__main__":
    main()
