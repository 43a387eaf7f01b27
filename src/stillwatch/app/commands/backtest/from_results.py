"""History from finished results: each is a look, at the end of the traffic that it saw.

Reads `accounts`, `campaigns`, `profiles` and what was reverted of each result; the register comes
from the traffic directory, where one is named, because a result holds none of it. Traffic is known
by days: what came after an effect on its own day can't be told from what came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from stillwatch.act.gateway_table import read_reversals
from stillwatch.app.commands.backtest.history import History
from stillwatch.app.settings import parse_instant
from stillwatch.decide.backtest import TRAFFIC, Look
from stillwatch.decide.policy.subjects import SPARED, Known
from stillwatch.domain.errors import NotAResult
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT, PROFILE
from stillwatch.domain.tables import REGISTER
from stillwatch.ingest import find_traffic
from stillwatch.ingest.register import read_register
from stillwatch.store.results import Result, read_result

_DAY_HOURS: Final = 24.0
_NO_REGISTER: Final = (
    "no register (--register DIR): programme, account_age, protected and revenue are unknown"
)
_BY_DAYS: Final = "traffic is known by days: the rest of the day of an effect is not counted"


def history_of_results(
    places: Sequence[Path], *, register: Path | None, key: PseudonymKey
) -> History:
    """Read results as looks, the earliest first.

    Raises:
        NotAResult: one of them is none.
        InputError: the register's directory can't be used.
    """
    results = [read_result(place) for place in places]
    profiles = [_profiles(one) for one in results]
    accounts = REGISTER.empty()
    if register is not None:
        accounts = read_register(find_traffic(register), key=key).register
    spared = _reverted(places)
    looks = [
        _look(one, profile, Known(register=accounts, spared=spared, **_tables(one)))
        for one, profile in zip(results, profiles, strict=True)
    ]
    in_time = sorted(zip(looks, profiles, strict=True), key=lambda pair: pair[0].at)
    notes = (_BY_DAYS, *(() if register else (_NO_REGISTER,)))
    return History([look for look, _ in in_time], _traffic([p for _, p in in_time]), notes)


def _tables(result: Result) -> dict[str, pl.DataFrame]:
    return {"accounts": result.table(ACCOUNTS_OUT), "campaigns": result.table(CAMPAIGNS_OUT)}


def _profiles(result: Result) -> pl.DataFrame:
    try:
        return result.table(PROFILE)
    except NotAResult:
        return PROFILE.empty()  # results of other tools hold the promised tables alone


def _look(result: Result, profiles: pl.DataFrame, known: Known) -> Look:
    last_hour = profiles["last_hour"].max()
    if isinstance(last_hour, int):
        at = datetime.fromtimestamp(0, UTC) + timedelta(hours=last_hour + 1)
    else:
        at = _stated(result.run(), known.campaigns)
    return Look(at, known, result.place.name)


def _stated(run: dict[str, Any], campaigns: pl.DataFrame) -> datetime:
    last = campaigns["last_seen"].max()
    return last if isinstance(last, datetime) else parse_instant(str(run["started_at"]))


def _traffic(profiles: list[pl.DataFrame]) -> pl.DataFrame:
    """Put account-days together; of a day that several results saw, the latest saw most."""
    days = pl.concat(profiles).unique(["account_id", "day"], keep="last", maintain_order=True)
    parts = days.with_columns(
        from_at=pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        hours=pl.lit(_DAY_HOURS),
    )
    return TRAFFIC.conform(parts)


def _reverted(places: Sequence[Path]) -> pl.DataFrame:
    rows = [
        {"account_id": one["account_id"], "at": parse_instant(one["reverted_at"])}
        for place in places
        for one in read_reversals(place).values()
    ]
    return pl.DataFrame(rows, schema=SPARED)
