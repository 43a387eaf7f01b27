"""Ingestion over HTTP, sustained: what is accepted a second, and how far behind the committer is.

    python bench/ingestion.py --seconds 60 --rate 21000

Starts a real server on loopback, the committer beside it, and a load generator, each a process of
its own (three processes on the machine's cores, of which one is the load). Prints accepted
exchanges and fsyncs a second, peak memory of each process, CPU seconds of each, and the committer's
lag: what had been committed when the load ended, and how long the rest took. `--rate 0` sends as
fast as answers come; `--no-commit` leaves the committer out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from stillwatch.store.lake import Lake
from stillwatch.store.segments import SegmentFolder

SERVER: Final = Path(__file__).parents[1] / "tests/e2e/ingestion_server.py"
LOAD: Final = Path(__file__).with_name("ingestion_load.py")
COMMAND: Final = (sys.executable, "-c", "from stillwatch.app.cli import main; main()")
TARGET: Final = 20_000
"""Exchanges a second, for 60 s on two cores: issue 7."""
_PATIENCE_S: Final = 600
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    """Peak resident memory of a process that runs, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_s(pid: int) -> float:
    """CPU seconds of a process that runs, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def committed(lake: Path) -> int:
    """Exchanges that the lake holds."""
    if not (lake / "lake.json").is_file():
        return 0
    return sum(one["rows"] for one in Lake(lake).files("observed"))


def run(asked: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Start all, load, and measure."""
    journal, lake = place / "journal", place / "lake"
    environment = os.environ | {"STILLWATCH_KEY": bytes(range(16)).hex(), "SEGMENT_AGE_S": "10"}
    server = subprocess.Popen(
        [sys.executable, SERVER, journal, lake], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None  # noqa: S101  it was asked for
    port = server.stdout.readline().strip()
    command = [*COMMAND, "commit", str(journal), "--lake", str(lake), "--every", str(asked.every)]
    committer = None
    if not asked.no_commit:
        committer = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        os.setpriority(os.PRIO_PROCESS, committer.pid, os.getpriority(os.PRIO_PROCESS, 0) + 5)
    time.sleep(asked.warm)
    load = [sys.executable, LOAD, port, "--seconds", str(asked.seconds), "--rate", str(asked.rate)]
    load += ["--connections", str(asked.connections), "--prompt-words", str(asked.prompt_words)]
    told = json.loads(subprocess.run(load, check=True, capture_output=True, text=True).stdout)
    told["committed"], ended = committed(lake), time.monotonic()
    told["waiting_mb"] = SegmentFolder(journal).waiting_bytes() / 2**20
    told["server_mb"], told["server_cpu_s"] = peak_mb(server.pid), cpu_s(server.pid)
    while committer and committed(lake) < told["accepted"]:
        if time.monotonic() - ended > _PATIENCE_S:
            break
        time.sleep(0.25)
    told["drained_s"] = time.monotonic() - ended
    if committer:
        told["committer_mb"], told["committer_cpu_s"] = (
            peak_mb(committer.pid),
            cpu_s(committer.pid),
        )
        committer.terminate()
        committer.wait(_PATIENCE_S)
    server.terminate()
    told |= json.loads(server.stdout.readline())
    server.wait(_PATIENCE_S)
    told["in_lake"] = committed(lake)
    return dict(told)


def show(told: dict[str, Any]) -> None:
    """Print the table."""
    seconds = told["seconds"]
    rate = told["accepted"] / seconds
    rows = [
        (
            "accepted exchanges/s",
            f"{rate:,.0f} (target {TARGET:,}: {'met' if rate >= TARGET else 'missed'})",
        ),
        (
            "exchanges · seconds · bytes each",
            f"{told['accepted']:,} · {seconds:.1f} · {told['bytes']:.0f}",
        ),
        ("refused requests", f"{told['refused']}"),
        ("milliseconds an answer, p50 · p99", f"{told['p50_ms']:.0f} · {told['p99_ms']:.0f}"),
        ("fsyncs/s", f"{told['journal']['fsyncs'] / seconds:.1f}"),
        ("MB/s to the disk", f"{told['journal']['written_bytes'] / 2**20 / seconds:.1f}"),
        ("server: peak MB · CPU s", f"{told['server_mb']:.0f} · {told['server_cpu_s']:.1f}"),
    ]
    if "committer_mb" in told:
        behind = told["accepted"] - told["committed"]
        rows += [
            (
                "committer: peak MB · CPU s",
                f"{told['committer_mb']:.0f} · {told['committer_cpu_s']:.1f}",
            ),
            (
                "committed when the load ended",
                f"{told['committed']:,} ({behind:,} behind, {told['waiting_mb']:.0f} MB)",
            ),
            ("seconds until all was committed", f"{told['drained_s']:.1f}"),
            (
                "committed exchanges/s over all",
                f"{told['in_lake'] / (seconds + told['drained_s']):,.0f}",
            ),
            ("lost or doubled", f"{told['accepted'] - told['in_lake']}"),
        ]
    print("| what | figure |\n|---|---|")
    for name, figure in rows:
        print(f"| {name} | {figure} |")


def main() -> None:
    """Run it once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=0, help="exchanges a second; 0 = unbounded")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--prompt-words", type=int, default=60)
    parser.add_argument("--every", type=float, default=5, help="seconds between appends")
    parser.add_argument("--warm", type=float, default=8, help="seconds before the load begins")
    parser.add_argument("--no-commit", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        show(run(asked, Path(name)))


if __name__ == "__main__":
    main()
