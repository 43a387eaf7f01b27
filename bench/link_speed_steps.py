"""The steps of `link_speed.py`, each a process of its own: observe traffic, link and detect it.

    python link_speed_steps.py observe TRAFFIC FOLDER     leaves the run's lake in FOLDER
    python link_speed_steps.py link TRAFFIC FOLDER        prints seconds and peak memory, as JSON
    python link_speed_steps.py hub HOLDERS VALUES         links made-up traits, prints CPU seconds

`observe` and `link` call the steps of `run_scan` one by one, so that what is measured is what a
scan does between *observe* and *decide*. `LINK_SPEED_PROFILE=N` makes `link` list the N functions
that took longest, by their own time, on the standard error.
"""

from __future__ import annotations

import cProfile
import json
import os
import pickle
import pstats
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from scan_speed import RSS_UNIT
from stillwatch.app import late
from stillwatch.app.arrive import Arrived
from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.pipeline import (
    Run,
    judge_accounts,
    observe_traffic,
    read_accounts,
    tie_accounts,
)
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import ScanRequest
from stillwatch.app.settings import utc_now
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.domain.tables import REGISTER, TRAIT
from stillwatch.ingest import find_traffic
from stillwatch.store.lake import Lake

KEY: Final = PseudonymKey(0x5711, 0x3A7C4)
"""Any key: figures don't depend on it."""
ACCOUNTS: Final = 500_000
"""Accounts of the made-up table: issue 6."""
CHANNELS: Final = {"address": 150_000, "subnet": 60_000, "template": 20_000, "parameters": 400}
"""Channels of the made-up table, and how many values each has: nobody is tied."""
HUB: Final = "client"
"""Channel of the values whose holders are counted."""


def start_run() -> Run:
    """Begin a run at the settings of `scan`."""
    settings = Settings()
    return Run(settings, KEY, RunLedger(settings, utc_now()), QuietProgress(), 0)


def observe(traffic: Path, folder: Path) -> None:
    """Observe traffic into a lake, and keep what linking needs to know of it."""
    run, place = start_run(), folder / "lake"
    request = ScanRequest(traffic=traffic, out=folder / "result")
    arrived = observe_traffic(find_traffic(traffic), request, Lake(place, lasts=False), run)
    told = (arrived.counts, arrived.quarantine, arrived.duplicates, arrived.dropped)
    (folder / "arrived.pickle").write_bytes(pickle.dumps(told))


def link(traffic: Path, folder: Path) -> None:
    """Link and detect what was observed."""
    told = pickle.loads((folder / "arrived.pickle").read_bytes())  # noqa: S301  our own file
    counts, quarantine, duplicates, dropped = told
    lake = Lake(folder / "lake", lasts=False)
    arrived = Arrived(lake, counts, {}, [], quarantine, duplicates, dropped)
    run = start_run()
    register = read_accounts(find_traffic(traffic), run)

    began = [time.process_time()]

    def tie_and_judge() -> None:
        tied, _ = tie_accounts(arrived, register, run)
        began.append(time.process_time())
        judge_accounts(arrived, tied, register, run)
        began.append(time.process_time())

    _profile(tie_and_judge, int(os.environ.get("LINK_SPEED_PROFILE", "0")))
    stages = {stage.stage: stage for stage in run.ledger.stages}
    said: dict[str, Any] = {
        "exchanges": counts["exchanges"],
        "accounts": run.ledger.counts["accounts"],
        "seeds": run.ledger.counts["seeds"],
        "groups": stages["link"].rows_out,
        "link_cpu_s": began[1] - began[0],
        "detect_cpu_s": began[2] - began[1],
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 1e9,
    }
    for name in ("link", "detect"):
        said[f"{name}_s"] = stages[name].seconds
        said[f"{name}_peak_gb"] = stages[name].peak_bytes / 1e9
    print(json.dumps(said))


def _profile(work: Callable[[], None], most: int) -> None:
    if not most:
        work()
        return
    with cProfile.Profile() as watched:
        work()
    stats = pstats.Stats(watched, stream=sys.stderr)
    stats.sort_stats("tottime").print_stats(most)
    stats.sort_stats("cumulative").print_stats(most)


def make_traits(holders: int, values: int) -> pl.DataFrame:
    """Make up traits of half a million accounts, of which some hold one of some values more.

    Grain:   one row per account and channel; `holders` accounts, evenly over `values` values.
    """
    rng = np.random.default_rng(1)
    names = np.array([f"a{k:06d}" for k in range(ACCOUNTS)])
    parts = [
        pl.DataFrame({"account_id": names, "value": rng.integers(0, n, ACCOUNTS)}).with_columns(
            channel=pl.lit(channel)
        )
        for channel, n in CHANNELS.items()
    ]
    if holders:
        picked = names[rng.permutation(ACCOUNTS)[:holders]]
        value = pl.DataFrame({"account_id": picked, "value": np.arange(holders) % values})
        parts.append(value.with_columns(channel=pl.lit(HUB)))
    return TRAIT.conform(pl.concat(parts).with_columns(share=pl.lit(1.0)))


def link_hub(holders: int, values: int) -> None:
    """Link made-up traits, twice: kernels are loaded in the first, the second counts."""
    settings, cpu_s = Settings(), 0.0
    traits = make_traits(holders, max(values, 1))
    for _ in range(2):
        began = time.process_time()
        late.link_accounts(traits, register=REGISTER.empty(), settings=settings.link)
        cpu_s = time.process_time() - began
    print(json.dumps({"cpu_s": cpu_s}))


def main() -> None:
    """Run one step."""
    step, *given = sys.argv[1:]
    if step == "hub":
        link_hub(int(given[0]), int(given[1]))
        return
    steps = {"observe": observe, "link": link}
    steps[step](Path(given[0]), Path(given[1]))


if __name__ == "__main__":
    main()
