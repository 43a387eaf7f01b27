"""A lake as a test would fill it, and everything that a reader finds in one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from stillwatch.store.lake import Lake
from stillwatch.store.manifest import make_lake
from stillwatch.store.partition import day_of

KEY = 17
NOW = "2026-11-30T08:00:00+00:00"
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
TABLES = ("observed", "register", "campaign_heads")


def die_after(steps: int) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Give what makes calls count as steps, together, and the one after so many of them die."""
    left = [steps]

    def dying(done: Callable[..., object]) -> Callable[..., object]:
        def die_in_time(*given: object, **named: object) -> object:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return done(*given, **named)

        return die_in_time

    return dying


def new_lake(place: Path) -> Lake:
    """Make an empty lake."""
    make_lake(place, key_check=KEY)
    return Lake(place)


def append(lake: Lake, *, days: list[int], number: int) -> None:
    """Append a row for each day, one of the register, and a look's."""
    accounts = [f"acct-{(number + day) % 3}" for day in days]
    observed = pl.DataFrame(
        {
            "exchange_id": [f"x-{number}-{place}" for place in range(len(days))],
            "account_id": accounts,
            "time": [FIRST + timedelta(days=day, minutes=number) for day in days],
        },
        schema_overrides={"time": pl.Datetime("us", "UTC")},
    )
    register = pl.DataFrame({"account_id": [f"acct-{number % 3}"], "plan": [f"plan-{number}"]})
    heads = pl.DataFrame({"campaign_id": ["c-1"], "account_id": [f"acct-{number % 2}"]})
    entries = [lake.write("observed", observed), lake.write("register", register)]
    lake.commit([e for e in entries if e["files"]], {"ingest": {"counts": {"read": len(days)}}})
    lake.commit([lake.write("campaign_heads", heads)], {"look": {"look": number}})


def seen(lake: Lake) -> dict[str, Any]:
    """Give all that a reader of a lake can find, in the order in which it finds it."""
    days = [str(day) for day in lake.days("observed")]
    rows = {day: sum(f["rows"] for f in lake.files("observed") if day_of(f) == day) for day in days}
    return {
        "appends": list(lake.appends()),
        "rows": rows,
        "of_a_day": {day: lake.read("observed", days=[day]).rows() for day in days},
        "observed": sorted(lake.read("observed").rows()),
        **{table: lake.read(table).rows() for table in TABLES[1:]},
    }
