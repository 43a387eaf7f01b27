"""The run beside a group: when its accounts are there, how they keep time, whom the register knows.

Made once for all groups; reads `Traffic` and the register. Accounts stand for the run alike, an
even choice of them: one busy customer would be the calendar of all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from stillwatch.detect.rhythms.pace import Pace, measure_pace
from stillwatch.detect.traffic import F64, I64, Bools, Traffic
from stillwatch.domain.channels import told_limits

HOURS = 24
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Background:
    """What rhythms are shown of the whole run. Shapes: B accounts, D days, M of the register."""

    traffic: Traffic
    first_day: int
    """Days since the epoch of the first day that is read."""
    days: int
    account: I64
    """B: their codes, rising."""
    is_there: Bools
    """B x D x 24: whether an account sent anything in the hour."""
    pace: Pace
    """B: how they keep time."""
    created_s: F64
    """M: sign-ups of the register in seconds since the epoch, rising."""
    created_at: I64
    """A: the place of an account's own among them; -1 where it is not known."""
    stopped_s: F64
    """A: when an account was suspended or terminated; nan of the others."""
    pools: Mapping[str, int]
    """Public set -> how many items of it are known."""

    @property
    def starts_s(self) -> float:
        """When the run begins, in seconds since the epoch.

        Cost:    none.
        """
        return _seconds(self.traffic.population.begins)

    @property
    def ends_s(self) -> float:
        """When it ends.

        Cost:    none.
        """
        return _seconds(self.traffic.population.ends)

    def count_there(self, members: I64) -> F64:
        """Count the accounts that are there, a group's own left out.

        Grain:   D x 24.
        """
        others = ~np.isin(self.account, members)
        return np.asarray(self.is_there[others].sum(axis=0, dtype=np.float64))


def take_background(
    traffic: Traffic, register: pl.DataFrame, *, pools: Mapping[str, int]
) -> Background | None:
    """Take what stands for a run; None of a run without exchanges.

    Grain:   one. `register` is REGISTER.
    Cost:    a look at what is held of at most 2,048 accounts, and a sort of
             the register's sign-ups.
    """
    if not len(traffic.exchanges):
        return None
    hour = traffic.exchanges["hour"].to_numpy()
    sent = np.flatnonzero(np.diff(traffic.account_start))
    most = min(len(sent), told_limits.RHYTHM_ACCOUNTS_MAX)
    chosen = sent[np.arange(most) * len(sent) // most]
    rows = traffic.rows_of(chosen.astype(np.int32))
    rows = rows[traffic.is_sampled[rows]]
    last = int(hour.max()) // HOURS
    days = min(last - int(hour.min()) // HOURS + 1, told_limits.RHYTHM_DAYS_MAX)
    own = np.searchsorted(traffic.account_start, rows, side="right") - 1
    place = np.searchsorted(chosen, own)
    at = hour[rows] - (last - days + 1) * HOURS
    there = np.zeros((most, days * HOURS), np.bool_)
    there[place[at >= 0], at[at >= 0]] = True
    return Background(
        traffic=traffic,
        first_day=last - days + 1,
        days=days,
        account=chosen,
        is_there=there.reshape(most, days, HOURS),
        pace=measure_pace(place, read_seconds(traffic, rows), accounts=most),
        **_read_register(register, traffic.accounts),
        pools=pools,
    )


def read_seconds(traffic: Traffic, rows: I64) -> F64:
    """Read when exchanges were sent, in seconds since the epoch.

    Grain:   one per row given.
    """
    time = traffic.exchanges["time"].gather(rows).dt.epoch("us").to_numpy()
    return np.asarray(time / 1e6, np.float64)


def _read_register(register: pl.DataFrame, accounts: list[str]) -> dict[str, Any]:
    """Read sign-ups and stops; accounts that sent anything by their codes."""
    created, changed = (pl.col(c).dt.epoch("us") / 1e6 for c in ("created_at", "status_changed_at"))
    stopped = pl.when(pl.col("status").is_in(["suspended", "terminated"])).then(changed)
    said = register.select("account_id", created_s=created, stopped_s=stopped)
    signed = said.drop_nulls("created_s").sort("created_s", "account_id").with_row_index("place")
    sent = pl.DataFrame({"account_id": accounts}, schema={"account_id": pl.String})
    found = sent.join(said, on="account_id", how="left", maintain_order="left").join(
        signed.select("account_id", "place"), on="account_id", how="left", maintain_order="left"
    )
    return {
        "created_s": signed["created_s"].to_numpy(),
        "created_at": found["place"].cast(pl.Int64).fill_null(-1).to_numpy(),
        "stopped_s": found["stopped_s"].fill_null(np.nan).to_numpy(),
    }


def _seconds(at: dt.datetime | None) -> float:
    return (at - _EPOCH).total_seconds() if at else 0.0
