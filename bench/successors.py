"""How soon a successor is recognised, and whether its predecessor is the right one.

Replays the traffic hour by hour from the first ban on: at each hour the product links and judges
what had been sent by then, with the register as it stood then (no account, stop or exchange of a
later hour), over a lake that was observed once. A successor is recognised in the first hour in
which it has the verdict `fraudulent`, or at least `suspect`, in a campaign; counted are the
requests that it had sent by then. Chance is one over the accounts that were stopped. `by time` is
the same pairing with nothing known but times. Run:
`python bench/successors.py --seeds 1 2 3 --scale 0.1`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from stillwatch.app import late
from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.pipeline import judge_accounts, run_ingest, tie_accounts
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import IngestRequest, Source
from stillwatch.app.settings import utc_now
from stillwatch.app.steps.opening import lake_to_watch
from stillwatch.app.steps.run import Run
from stillwatch.app.steps.window import Snapshot, Window, take_window
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.domain.tables import TRAIT
from stillwatch_lab.simulate import Output, simulate

KEY = PseudonymKey.from_bytes(bytes(range(16)))
HOURS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 24, 36, 48)
"""Hours after the first successor's first request at which the product looks."""
TARGET = 20
HEAD = """| seed | successors | predecessor right of named | by time | chance | said \
| median requests until fraudulent · suspect | within 20 | worst share of innocents called |
|---|---|---|---|---|---|---|---|---|"""


@dataclass
class Replay:
    """What one seed has shown."""

    sent: dict[str, list[dt.datetime]] = field(default_factory=dict)
    fraudulent: dict[str, int] = field(default_factory=dict)
    suspect: dict[str, int] = field(default_factory=dict)
    false: list[float] = field(default_factory=list)
    right: int = 0
    by_time: int = 0
    named: int = 0
    chance: float = 0.0
    said: float = 0.0


def as_of(window: Window, at: dt.datetime) -> tuple[Window, Snapshot]:
    """Hide everything that came after an instant."""
    rows = window.arrived.observed().select("row", "time").collect()
    later = rows.filter(pl.col("time") > at)["row"]
    dropped = pl.concat([window.arrived.dropped, later.cast(pl.UInt32)])
    counts = window.arrived.counts | {"exchanges": len(rows) - len(later)}
    past = pl.col("status_changed_at").is_null() | (pl.col("status_changed_at") <= at)
    register = window.snapshot.register.filter(pl.col("created_at") <= at).with_columns(
        pl.when(past).then("status").otherwise(pl.lit("active")).alias("status"),
        pl.when(past).then("status_changed_at").alias("status_changed_at"),
    )
    arrived = replace(window.arrived, dropped=dropped, counts=counts)
    return replace(window, arrived=arrived), replace(window.snapshot, register=register)


def look(window: Window, at: dt.datetime, *, by_time: bool = False) -> pl.DataFrame:
    """Give the accounts as the product judges them at an instant."""
    run = Run(Settings(), KEY, RunLedger(Settings(), utc_now()), QuietProgress(), 0)
    cut, snapshot = as_of(window, at)
    tied, _ = tie_accounts(cut.arrived, snapshot, run)
    if by_time:
        tied = replace(tied, traits=TRAIT.empty())
    return judge_accounts(cut.arrived, tied, snapshot, run).accounts


def replay(window: Window, told: pl.DataFrame) -> Replay:
    """Replay one seed; `told` is the truth: account_id, role, replaces."""
    heirs = told.drop_nulls("replaces").select("account_id", "replaces")
    exchanges = window.arrived.observed().select("account_id", "time").collect()
    own = exchanges.join(heirs, on="account_id").sort("time")
    seen = Replay()
    times = dict(own.group_by("account_id").agg("time").iter_rows())
    start = min(min(own_times) for own_times in times.values())
    accounts = pl.DataFrame()
    for hour in HOURS:
        at = start + dt.timedelta(hours=hour)
        accounts = look(window, at).join(told, on="account_id")
        called = accounts.filter(pl.col("verdict") == "fraudulent")
        seen.false.append(called.filter(pl.col("role") != "fraud").height / max(len(called), 1))
        for verdicts, noted in (
            (("fraudulent",), seen.fraudulent),
            (("fraudulent", "suspect"), seen.suspect),
        ):
            found = accounts.filter(
                pl.col("verdict").is_in(list(verdicts)), pl.col("campaign_id").is_not_null()
            )
            for name in set(found["account_id"]) & set(times):
                noted.setdefault(name, sum(one <= at for one in times[name]))
    named = accounts.drop_nulls("predecessor_account_id")
    seen.named = len(named)
    seen.right = named.filter(pl.col("predecessor_account_id") == pl.col("replaces")).height
    alone = look(window, at, by_time=True).join(told, on="account_id")
    seen.by_time = alone.filter(pl.col("predecessor_account_id") == pl.col("replaces")).height
    seen.said = float(named["predecessor_probability"].mean() or 0.0)
    stops = len(set(heirs["replaces"]))
    seen.chance = 1 / max(stops, 1)
    seen.sent = times
    return seen


def run_seed(seed: int, scale: float, scenario: str) -> Replay:
    """Simulate, ingest and replay one seed."""
    with tempfile.TemporaryDirectory() as place:
        logs, lake = Path(place, "logs"), Path(place, "lake")
        simulate(scenario, out=logs, scale=scale, seed=seed, output=Output("parquet"))
        said = {"settings": Settings(), "key": KEY, "now": utc_now(), "progress": QuietProgress()}
        run_ingest(IngestRequest(Source(logs), lake), **said)
        told = pl.read_csv(logs / "truth" / "accounts.csv", infer_schema=False).select(
            "account_id", "role", "replaces"
        )
        with lake_to_watch(lake, key=KEY) as opened:
            return replay(take_window(opened, days=None), told)


def _median(noted: dict[str, int], everybody: int) -> str:
    """Median requests, those never recognised counted as beyond all."""
    counts = [*noted.values(), *[10**9] * (everybody - len(noted))]
    middle = statistics.median(counts) if counts else float("nan")
    return "never" if middle >= 10**8 else f"{middle:.0f}"


def main() -> None:
    """Print one row a seed, and all seeds together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--scenario", default="demo")
    asked = parser.parse_args()
    late.compile_ahead()
    print(HEAD)
    everything = Replay()
    total = 0
    for seed in asked.seeds:
        seen = run_seed(seed, asked.scale, asked.scenario)
        n = len(seen.sent)
        print(_row(str(seed), seen, n), flush=True)
        for whole, part in (
            (everything.fraudulent, seen.fraudulent),
            (everything.suspect, seen.suspect),
        ):
            whole.update({f"{seed}-{name}": k for name, k in part.items()})
        everything.false += seen.false
        everything.right, everything.named = (
            everything.right + seen.right,
            everything.named + seen.named,
        )
        everything.by_time += seen.by_time
        everything.chance += seen.chance / len(asked.seeds)
        everything.said += seen.said / len(asked.seeds)
        total += n
    print(_row("all", everything, total))


def _row(name: str, seen: Replay, n: int) -> str:
    within = sum(k <= TARGET for k in seen.fraudulent.values())
    return (
        f"| {name} | {n} | {seen.right} of {seen.named} | {seen.by_time} "
        f"| {seen.chance:.0%} | {seen.said:.0%} "
        f"| {_median(seen.fraudulent, n)} · {_median(seen.suspect, n)} | {within} of {n} "
        f"| {max(seen.false, default=0):.1%} |"
    )


if __name__ == "__main__":
    main()
