"""Stillwatch beside what a practitioner would take today, on the same traffic, in one table.

    python -m venv .venv-peers && .venv-peers/bin/pip install -r bench/requirements-peers.txt
    python bench/peers.py --keep runs/peers --python .venv-peers/bin/python > docs/peers.md
        [--scenarios coding-13m ghost ...] [--scale 0.05] [--seeds 1] [--timeout 900]

Each peer is a script in `bench/peers/` that reads the traffic directory in a process of its own,
and never the truth. Its thresholds are then chosen by the truth, for each scenario anew: the best
F1 over accounts, and the best recall with at most 1 % of those called innocent. Stillwatch has its
own thresholds and is told nothing. A process that isn't done in time is ended: a time-out is a
result. Each peer of each incident leaves one JSON file in `--keep`; what is there isn't run again.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from peers_tables import render_page
from scan_speed import RSS_UNIT, run_cold

PEERS: Final = (
    "volume",
    "shared_ip",
    "splink_register",
    "cosharing_leiden",
    "coordination_toolkit",
)
OURS: Final = "stillwatch"
FOLDER: Final = Path(__file__).with_name("peers")
STILLWATCH: Final = Path(sys.executable).with_name("stillwatch")
KEY: Final = "5711a7c4" * 4
"""Any key: figures don't depend on it."""
STEPS: Final = 10
"""Thresholds a decade: the next is a quarter more."""
SCORE_MOST: Final = 10**6
THRESHOLDS: Final = tuple(sorted({round(10 ** (n / STEPS)) for n in range(6 * STEPS + 1)}))
Cell = dict[str, Any]


def run_bounded(command: Sequence[str | Path], timeout_s: float) -> Cell:
    """Run a process to its end or to the time-out, and say what it used; its end is its group's."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=said,
            start_new_session=True,
            env={**os.environ, "STILLWATCH_KEY": KEY},
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        clock = threading.Timer(timeout_s, end)
        clock.start()
        _, status, used = os.wait4(process.pid, 0)
        clock.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        said.seek(0)
        words = said.read().decode(errors="replace")
    if process.returncode and not late.is_set():
        sys.exit(f"{command[1]} failed:\n{words[-2000:]}")
    return {
        "timed_out": late.is_set(),
        "seconds": seconds,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_gb": used.ru_maxrss * RSS_UNIT / 1e9,
    }


def run_peer(peer: str, traffic: Path, asked: argparse.Namespace) -> Cell:
    """Run one peer on traffic and count it at every threshold."""
    truth = read_truth(traffic)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        if peer == OURS:
            used = run_bounded([STILLWATCH, "scan", traffic, "--out", out], asked.timeout)
            rows = None if used["timed_out"] else read_ours(out)
        else:
            script = FOLDER / f"{peer}.py"
            used = run_bounded([asked.python, script, traffic, out], asked.timeout)
            rows = None if used["timed_out"] else pl.read_parquet(out)
        points = [] if rows is None else list(count_points(rows, truth))
    return {"peer": peer, **used, "points": points}


def read_truth(traffic: Path) -> pl.DataFrame:
    """Read who is of which campaign, of accounts that sent anything."""
    listed = pl.read_csv(traffic / "truth" / "accounts.csv", infer_schema=False)
    sent = listed.filter(pl.col("exchanges").cast(pl.Int64) > 0)
    is_guilty = pl.col("role") == "fraud"
    return sent.select("account_id", campaign=pl.when(is_guilty).then("campaign"))


def read_ours(result: Path) -> pl.DataFrame:
    """Give the accounts called `fraudulent` in the form in which peers write theirs."""
    accounts = pl.read_parquet(result / "accounts.parquet")
    return accounts.filter(pl.col("verdict") == "fraudulent").select(
        pl.lit("its own").alias("setting"),
        "account_id",
        pl.col("campaign_id").rank("dense").cast(pl.Int64).alias("cluster"),
        pl.lit(1.0).alias("score"),
    )


def count_points(rows: pl.DataFrame, truth: pl.DataFrame) -> Iterator[Cell]:
    """Count those called at every threshold of every setting, against the truth."""
    guilty = truth["campaign"].count()
    known = rows.join(truth, on="account_id", how="left")
    for (setting,), own in known.group_by("setting", maintain_order=True):
        most = float(own["score"].max() or 0.0)  # type: ignore[arg-type]  a number
        for least in (t for t in THRESHOLDS if t <= most):
            called = own.filter(pl.col("score") >= least)
            found = called.drop_nulls("campaign")
            yield {
                "setting": setting,
                "at_least": least,
                "called": called.height,
                "right": found.height,
                "guilty": guilty,
                "in_one_piece": measure_pieces(found),
            }


def measure_pieces(found: pl.DataFrame) -> float | None:
    """Give the largest share of a campaign's found accounts in one cluster; campaigns alike."""
    if not found.height or found["cluster"].null_count() == found.height:
        return None
    shares = found.group_by("campaign", "cluster").len()
    largest = shares.group_by("campaign").agg(pl.col("len").max() / pl.col("len").sum())
    return float(largest["len"].mean())  # type: ignore[arg-type]  a number


def run_missing(asked: argparse.Namespace) -> None:
    """Run what has no file: an incident is simulated once for all peers that lack it."""
    for scenario in asked.scenarios:
        for seed in asked.seeds:
            places = {p: place_cell(asked, scenario, seed, p) for p in (OURS, *asked.peers)}
            missing = {peer: place for peer, place in places.items() if not place.exists()}
            if not missing:
                continue
            with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
                traffic = Path(folder, "traffic")
                command = [STILLWATCH, "simulate", scenario, "--out", traffic, "--seed", str(seed)]
                run_cold([*command, "--scale", str(asked.scale)])
                for peer, place in missing.items():
                    cell = run_peer(peer, traffic, asked)
                    cell |= {"scenario": scenario, "seed": seed, "scale": asked.scale}
                    draft = place.with_suffix(".part")
                    draft.write_text(json.dumps(cell))
                    draft.rename(place)
                    print(f"{place.stem}: {cell['seconds']:.0f} s", file=sys.stderr, flush=True)


def place_cell(asked: argparse.Namespace, scenario: str, seed: int, peer: str) -> Path:
    """Give the file of one peer on one incident."""
    place: Path = asked.keep / f"{scenario}-{asked.scale:g}-{seed}-{peer}.json"
    return place


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", type=Path, required=True, help="one JSON file a peer")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="has the peers")
    scenarios = ("february-24k", "swarm-28m", "proxy-20k", "ghost", "phantom", "innocent")
    parser.add_argument("--scenarios", nargs="+", default=list(scenarios))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds of a peer")
    parser.add_argument("--folder", type=Path, help="where traffic is written")
    return parser.parse_args()


def main() -> None:
    """Run what has not been run, and print the page."""
    asked = parse_arguments()
    asked.keep.mkdir(parents=True, exist_ok=True)
    run_missing(asked)
    cells = [
        json.loads(place_cell(asked, scenario, seed, peer).read_text())
        for scenario in asked.scenarios
        for peer in (OURS, *asked.peers)
        for seed in asked.seeds
    ]
    command = (
        "python bench/peers.py --keep runs/peers --python .venv-peers/bin/python --scenarios "
        f"{' '.join(asked.scenarios)} --scale {asked.scale:g} --seeds "
        f"{' '.join(map(str, asked.seeds))} --timeout {asked.timeout:g}"
    )
    print(render_page(cells, command=command))


if __name__ == "__main__":
    main()
