"""How long it takes to open a lake of a day's appends, before it is compacted and after.

    python bench/lake_opening.py [--appends 2880] [--rows 20]

Every append is some rows of `observed` and what an ingest says of itself, as the service's
committer leaves them each half minute; opening is the check at the door, reading facts and looks,
and the window's ids. Prints a table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from stillwatch.app.steps.facts import IngestFacts, read_facts, read_looks
from stillwatch.domain.tables import OBSERVED
from stillwatch.store.appends import count_appends
from stillwatch.store.lake import Lake
from stillwatch.store.manifest import check_lake, make_lake
from stillwatch.store.upkeep import compact_lake, sweep_lake

DAY = datetime(2026, 11, 23, tzinfo=UTC)


def fill(lake: Lake, *, appends: int, rows: int) -> None:
    """Append small batches of one day."""
    for number in range(appends):
        at = DAY + timedelta(seconds=86_400 * number / appends)
        frame = pl.DataFrame(
            {
                "exchange_id": [f"x-{number}-{row}" for row in range(rows)],
                "account_id": [f"acct-{row}" for row in range(rows)],
                "time": [at] * rows,
                "record_hash": [number * rows + row for row in range(rows)],
                "source_file": [number] * rows,
                "source_line": list(range(1, rows + 1)),
                "hour": [0] * rows,
                "sketch": [list(range(32))] * rows,
            }
        )
        facts = IngestFacts(
            counts={"read": rows, "exchanges": rows, "quarantined": 0, "duplicates": 0},
            files=[{"file": f"{number:08d}.native", "sha256": "0" * 64, "records": rows}],
            digests={f"{number:08d}": f"{number:032x}"},
        )
        entry = lake.write(OBSERVED.name, OBSERVED.conform(frame))
        lake.commit([entry], {"ingest": facts.as_json()})


def seconds(work: Callable[[], object]) -> float:
    """Give the best of three."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def measure(place: Path) -> dict[str, float]:
    """Time what every look does before it looks."""
    lake = Lake(place, up_to=count_appends(place))
    keys = ("exchange_id", "time", "record_hash")
    return {
        "check at the door": seconds(lambda: check_lake(place, key_check=None)),
        "facts and looks": seconds(lambda: (read_facts(Lake(place)), read_looks(Lake(place)))),
        "ids of the day": seconds(lambda: lake.scan(OBSERVED.name).select(keys).collect()),
    }


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--appends", type=int, default=2_880)
    asked.add_argument("--rows", type=int, default=20)
    given = asked.parse_args()
    with TemporaryDirectory() as folder:
        place = Path(folder, "lake")
        make_lake(place, key_check=1)
        fill(Lake(place), appends=given.appends, rows=given.rows)
        before = measure(place)
        began = time.perf_counter()
        compact_lake(Lake(place), before="2026-12-01", at=DAY.isoformat())
        merged = time.perf_counter() - began
        sweep_lake(place, waits=True)
        after = measure(place)
    print(f"{given.appends:,} appends of {given.rows} rows; compacted in {merged:.2f} s")
    print("| what | before, s | after, s |\n|---|---|---|")
    for name, value in before.items():
        print(f"| {name} | {value:.3f} | {after[name]:.3f} |")


if __name__ == "__main__":
    main()
