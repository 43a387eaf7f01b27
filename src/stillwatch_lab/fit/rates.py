"""How much a client sends, and how unevenly: volume, active days, bouts, spread of the rate.

Reads windows of 10 minutes (of real clients, or of replayed ones); gives one row per client to
`clients`. The one idea: a rate is taken apart into days, bouts within the day and the level of
each bout, so that a client can be made smaller without losing its shape. Absent: hours
(`rhythm`) and gaps between requests (`bursts`).
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import polars as pl
from scipy import special

from stillwatch_lab.fit.honest import Floats
from stillwatch_lab.fit.traces import KEY, SPAN_DAYS, WINDOW_S

DAY_WINDOWS: Final = 144
_HALVINGS: Final = 200
"""Steps of the search for a factor: below the last bit of a double."""
_PAIRS_MIN: Final = 20
"""Neighbouring windows from which on their correlation is believed."""
_WINDOWS_MIN: Final = 6
"""Windows from which on a spread of the rate is believed."""
_DAYS_MIN: Final = 3
_BOUT_MAX: Final = 144.0
"""Windows: a level that lasts for more than a day is the client's own."""
_SIGMA_MIN: Final = 0.05
_CHANCE_MAX: Final = 0.25
"""Part of the variance of days that bouts may account for: with one or two bouts a day the formula
says too much. Without this bound the drawn days of the fitted half differ too little."""


def measure_rates(windows: pl.DataFrame) -> pl.DataFrame:
    """Measure volume and unevenness of each client.

    Grain:   one row per (model, client).
    Units:   volume_log natural logarithm of requests per day of the trace; active_days and
             day_share are shares; bout_windows counts windows that keep a level, break_share is
             the part of bouts after which a window is empty.
    Nulls:   a spread is null where too few windows or days would testify.
    Order:   by (model, client).
    """
    frame = _with_levels(windows.sort(*KEY, "t_s"))
    joined = _totals(frame)
    for part in (_bouts(frame), _spreads(frame)):
        joined = joined.join(part, on=KEY, how="left")
    return _without_bouts(joined).sort(*KEY)


def _with_levels(windows: pl.DataFrame) -> pl.DataFrame:
    """Add each window's level: the log rate that its day and, if many tell, its hour leave over."""
    window, hour = pl.col("t_s") // WINDOW_S, pl.col("t_s") % 86_400 // 3_600
    frame = windows.with_columns(
        day=pl.col("t_s") // 86_400, window=window, hour=hour, log=pl.col("rate_rps").log()
    ).with_columns(opens=(window.diff().over(KEY) != 1).fill_null(value=True))
    frame = frame.with_columns(level=pl.col("log") - pl.col("log").mean().over(*KEY, "day"))
    many = pl.len().over(KEY) >= DAY_WINDOWS * 2
    by_hour = pl.when(many).then(pl.col("level").mean().over(*KEY, "hour")).otherwise(0.0)
    return frame.with_columns(level=pl.col("level") - by_hour)


def _without_bouts(habits: pl.DataFrame) -> pl.DataFrame:
    """Take from the spread of days what bouts of random level and length bring about anyway."""
    bouts = DAY_WINDOWS * pl.col("day_share") / pl.col("bout_windows")
    shape = level_shape(habits["rate_sigma"].fill_null(_SIGMA_MIN).to_numpy())
    squares = pl.Series(2.0 + 2.0 / shape)
    chance = ((squares - 1 - pl.col("day_share")) / bouts.clip(1.0)).log1p()
    spread = pl.col("volume_sigma") ** 2
    left = pl.max_horizontal(spread - chance, spread * (1 - _CHANCE_MAX)).sqrt()
    return habits.with_columns(day_sigma=left)


def level_shape(sigma: Floats) -> Floats:
    """Give the gamma law's shape whose logarithm has a spread; levels are drawn from it.

    Grain:   one per value.
    Source:  the variance of the logarithm is the trigamma function, tabulated and turned round.
             Log-normal levels were tried: their median window lies too far below the mean.
    """
    spread, shape = _level_table()
    return np.asarray(np.exp(np.interp(np.log(sigma), spread, shape)))


@cache
def _level_table() -> tuple[Floats, Floats]:
    shape = np.geomspace(0.05, 1e4, 4_000)[::-1]
    return np.log(special.polygamma(1, shape)) / 2, np.log(shape)


def _totals(frame: pl.DataFrame) -> pl.DataFrame:
    days = pl.col("day").n_unique()
    requests = pl.col("rate_rps").sum() * WINDOW_S
    return frame.group_by(KEY).agg(
        volume_log=(requests / SPAN_DAYS).log(),
        active_windows=pl.len(),
        active_days=days / SPAN_DAYS,
        day_share=pl.len() / (DAY_WINDOWS * days),
    )


def _bouts(frame: pl.DataFrame) -> pl.DataFrame:
    """Give the mean length of a stretch of one level: a run, or shorter where levels change."""
    follows = ~pl.col("opens")
    pairs = frame.with_columns(product=pl.col("level") * pl.col("level").shift(1).over(KEY))
    together = pl.col("product").filter(follows).mean() / (pl.col("level") ** 2).mean()
    believed = follows.sum() >= _PAIRS_MIN
    lasting = pl.when(believed).then(1.0 / (1.0 - together.clip(0.0, 1.0 - 1.0 / _BOUT_MAX)))
    measured = pairs.group_by(KEY).agg(
        run_windows=pl.len() / pl.col("opens").sum(), lasting=lasting.first()
    )
    bout = pl.min_horizontal("run_windows", "lasting").clip(1.0, _BOUT_MAX)
    return measured.select(
        *KEY, "run_windows", bout_windows=bout, break_share=bout / pl.col("run_windows")
    )


def _spreads(frame: pl.DataFrame) -> pl.DataFrame:
    """Give the spread of levels within days and hours, and of days among themselves."""
    enough = pl.len() >= _WINDOWS_MIN
    level = frame.group_by(KEY).agg(
        total_sigma=pl.when(enough).then(pl.col("log").std()).first(),
        rate_sigma=pl.when(enough).then(pl.col("level").std().clip(_SIGMA_MIN)).first(),
    )
    daily = frame.group_by(*KEY, "day").agg(pl.col("rate_rps").sum().log().alias("total"))
    days = daily.group_by(KEY).agg(
        volume_sigma=pl.when(pl.len() >= _DAYS_MIN).then(pl.col("total").std()).first()
    )
    return level.join(days, on=KEY, how="left")


def scale_rates(
    clients: pl.DataFrame, *, mean_per_run: float, days: float, share_max: float
) -> pl.DataFrame:
    """Scale the clients to a mean, and hold everybody under a share of the whole.

    Real API customers send millions; a provider's many accounts send a few requests. The shape
    (how unequal they are) is kept, the mean is the caller's: each rate is multiplied by one
    factor and cut at the bound, and the factor is the one at which the mean after the cut is met.

    Grain:   as given; `rate_per_day` is replaced.
    Units:   mean_per_run in requests of a client over the whole run of `days`.
    Nulls:   none.

    Raises:
        ValueError: fewer clients than can share the whole under the bound.
    """
    count = clients.height
    if not count or share_max * count < 1.0:
        message = f"{count} clients can't each stay under {share_max} of their sum"
        raise ValueError(message)
    rates = clients["rate_per_day"].to_numpy().astype(np.float64)
    mean = mean_per_run / days
    scaled = _scale(rates, mean=mean, cap=share_max * mean * count)
    return clients.with_columns(rate_per_day=scaled)


def _scale(rates: Floats, *, mean: float, cap: float) -> Floats:
    low, high = 0.0, max(1.0, 2.0 * cap / rates.min())
    for _ in range(_HALVINGS):
        factor = (low + high) / 2
        short = np.minimum(rates * factor, cap).mean() < mean
        low, high = (factor, high) if short else (low, factor)
    return np.asarray(np.minimum(rates * high, cap))
