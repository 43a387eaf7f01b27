"""When in the day and the week a client sends: kinds of profiles, and how clients differ in them.

Reads windows of 10 minutes; gives hour profiles and the weekend habit to `clients`. The one idea:
there is a mean day and a few ways to depart from it (flat or peaked, early or late), and only
departures that come back on other days of the same client count as its habit. Deliberately
absent: a profile of weekend hours; half of the clients are too few to tell it from working days'.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import polars as pl
from scipy import special

from stillwatch_lab.fit.honest import Floats, HonestTraffic
from stillwatch_lab.fit.traces import KEY, SPAN_DAYS

HOURS: Final = 24
COMPONENTS: Final = 3
"""Ways in which a client's day departs from the mean day; further ones don't come back."""
STEPS: Final = 5
"""Equal parts of clients by amplitude and by each component."""
GRID: Final = 480
"""Steps of the hour table: three minutes."""
KINDS: Final = STEPS ** (COMPONENTS + 1)
"""Kinds of days in all."""
WEEK: Final = 7
_WINDOWS_MIN: Final = 144
_DAYS_MIN: Final = 5
"""A client with fewer windows or days shows its bouts, not its hours."""
_WEEK_SHARE_MIN: Final = 0.7
"""Share of days on which a client must be active to show its weekends."""
_FLOOR: Final = 0.02
"""Relative rate, to the mean hour or day, below which quiet is quiet."""
_WEEKEND_VARIANCE_MIN: Final = 0.01
_AMPLITUDE_MIN: Final = 0.3
"""Flatter days than this part of the usual say nothing of the form of a day."""
_KERNEL: Final = (1.0, 2.0, 1.0)
"""Weights of neighbouring hours."""


def find_first_weekday(windows: pl.DataFrame) -> int:
    """Find which weekday the trace begins on (0 = Monday) by where its two quietest days lie.

    Grain:   one number for the trace: nothing in the files says it.
    Source:  median over the clients that are active on most days, both weeks together.
    """
    daily = _daily_shares(windows)
    weekly = np.median(daily, axis=0).reshape(-1, WEEK).sum(axis=0)
    quiet = [weekly[at] + weekly[(at + 1) % WEEK] for at in range(WEEK)]
    return (5 - int(np.argmin(quiet))) % WEEK


def _daily_shares(windows: pl.DataFrame) -> Floats:
    sums = _tally(windows, pl.col("t_s") // 86_400, SPAN_DAYS)
    steady = (sums > 0).mean(axis=1) >= _WEEK_SHARE_MIN
    some = sums[steady]
    return np.asarray(some / some.sum(axis=1, keepdims=True))


def _tally(windows: pl.DataFrame, slot: pl.Expr, slots: int) -> Floats:
    """Sum rates by client (rows, in order of the key) and slot (columns)."""
    rows = windows.select(
        client=pl.struct(*KEY).rank("dense") - 1, slot=slot, rate="rate_rps"
    ).to_numpy()
    table = np.zeros((int(rows[:, 0].max()) + 1, slots))
    np.add.at(table, (rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)), rows[:, 2])
    return table


def measure_weekends(windows: pl.DataFrame, first_weekday: int) -> pl.DataFrame:
    """Measure by how much a client's weekend days exceed its other days.

    Grain:   one row per (model, client).
    Units:   weekend_log difference of the mean logarithms of daily volumes (not of their means:
             four days have fewer peaks than ten), drawn towards the middle by the noise of the
             client's days; the middle and the spread are those of clients with calm days.
    Nulls:   null for a client that is active on too few days.
    """
    sums = _tally(windows, pl.col("t_s") // 86_400, SPAN_DAYS)
    weekend = (np.arange(SPAN_DAYS) + first_weekday) % WEEK >= WEEK - 2
    steady = (sums > 0).mean(axis=1) >= _WEEK_SHARE_MIN
    low = _FLOOR * np.maximum(sums.mean(axis=1, keepdims=True), 1e-12)
    floored = np.log(np.maximum(sums, low))
    ratio = floored[:, weekend].mean(axis=1) - floored[:, ~weekend].mean(axis=1)
    spread = floored[:, ~weekend].var(axis=1) * (1 / weekend.sum() + 1 / (~weekend).sum())
    noise, some = spread[steady], ratio[steady]
    calm = noise <= np.median(noise)
    true = max(some[calm].var() - noise[calm].mean(), _WEEKEND_VARIANCE_MIN)
    shrunk = ratio.copy()
    middle = np.median(some[calm])
    shrunk[steady] = middle + np.sqrt(true / (true + noise)) * (some - middle)
    clients = windows.select(*KEY).unique().sort(*KEY)
    return clients.with_columns(
        pl.Series("weekend_log", np.where(steady, shrunk, np.nan)).fill_nan(None)
    )


def measure_hours(windows: pl.DataFrame) -> Floats:
    """Measure the share of each hour of the day in a client's requests.

    Grain:   one row per client that has enough windows on enough days, 24 columns.
    Units:   shares that add to 1; each day counts alike, whatever its volume.
    """
    return _hour_shares(_telling(windows), pl.lit(value=True))


def _telling(windows: pl.DataFrame) -> pl.DataFrame:
    """Keep clients that show their hours, with rates as shares of their day."""
    day = pl.col("t_s") // 86_400
    weight = pl.col("rate_rps") / pl.col("rate_rps").sum().over(*KEY, "day")
    seen = windows.with_columns(day=day).with_columns(rate_rps=weight)
    many = (pl.len() >= _WINDOWS_MIN) & (pl.col("day").n_unique() >= _DAYS_MIN)
    return seen.filter(many.over(KEY))


def _hour_shares(some: pl.DataFrame, days: pl.Expr) -> Floats:
    rates = some.with_columns(rate_rps=pl.when(days).then("rate_rps").otherwise(0.0))
    table = _tally(rates, pl.col("t_s") % 86_400 // 3_600, HOURS)
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1e-12))


def fit_profiles(windows: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Fit the mean day, the ways in which clients depart from it, and how pronounced days are.

    Bouts make any fortnight's hours uneven by chance. Two halves of a client's days (every
    second of its active days) share its habit and not the chance, so both the components and the
    amplitudes are those of products *between* the halves. Many clients run round the clock and
    some keep sharp hours: no normal law has that, so each has an amplitude of its own.

    Grain:   24 logarithms of relative rates; one row of 24 per component, scaled so that a
             standard normal score per client gives the clients' spread; STEPS amplitudes.
    """
    some = _telling(windows)
    turn = pl.col("day").rank("dense").over(KEY) % 2
    halves = [_smooth_logs(_hour_shares(some, turn == at)) for at in (0, 1)]
    power = np.maximum((halves[0] * halves[1]).sum(axis=1), 0.0)
    amplitude = np.sqrt(power / power.mean())
    kept = amplitude > _AMPLITUDE_MIN
    alike = [half[kept] / amplitude[kept][:, None] for half in halves]
    mean = (alike[0] + alike[1]).mean(axis=0) / 2
    one, other = (half - half.mean(axis=0) for half in alike)
    shared = (one.T @ other + other.T @ one) / (2 * max(len(one) - 1, 1))
    worths, vectors = np.linalg.eigh(shared)
    best = np.argsort(-worths)[:COMPONENTS]
    scaled = vectors[:, best].T * np.sqrt(np.maximum(worths[best], 0.0))[:, None]
    upright = scaled * np.where(scaled.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    return mean, upright, np.quantile(amplitude, (np.arange(STEPS) + 0.5) / STEPS)


def _smooth_logs(shares: Floats) -> Floats:
    steps = range(-(len(_KERNEL) // 2), len(_KERNEL) // 2 + 1)
    parts = [w * np.roll(shares, at, axis=1) for w, at in zip(_KERNEL, steps, strict=True)]
    smooth = np.maximum(np.sum(parts, axis=0) * HOURS / sum(_KERNEL), _FLOOR)
    logs = np.log(smooth)
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def spread_profiles(mean: Floats, components: Floats, amplitudes: Floats) -> Floats:
    """Give the profiles that clients have: each amplitude with five equal parts per component.

    Grain:   `KINDS` rows, equally frequent; shares that add to 1.
    """
    middles = special.ndtri((np.arange(STEPS) + 0.5) / STEPS)
    middles /= middles.std()
    axes = np.meshgrid(*[middles] * len(components), indexing="ij")
    scores = np.stack([axis.ravel() for axis in axes], axis=1)
    departures = (mean + scores @ components)[None] * amplitudes[:, None, None]
    profiles = np.exp(departures.reshape(-1, HOURS))
    return np.asarray(profiles / profiles.sum(axis=1, keepdims=True))


def tabulate_hours(traffic: HonestTraffic) -> Floats:
    """Tabulate clients' profiles, as `invert_profiles` does, on `GRID`, once.

    Grain:   one row per kind of day.
    """
    return _tabulate(traffic.mean_day, traffic.day_components, traffic.day_amplitudes)


@cache
def _tabulate(*figures: tuple[object, ...]) -> Floats:
    profiles = spread_profiles(*(np.array(part) for part in figures))
    return invert_profiles(profiles, GRID)


def invert_profiles(profiles: Floats, grid: int) -> Floats:
    """Tabulate, for each profile, the part of the day by which a share of its requests is sent.

    Grain:   one row per profile, `grid` + 1 columns for shares 0 to 1.
    Units:   parts of a day, 0 to 1; piecewise linear between full hours.
    """
    edges = np.arange(HOURS + 1) / HOURS
    shares = np.linspace(0.0, 1.0, grid + 1)
    below = np.concatenate([np.zeros((len(profiles), 1)), np.cumsum(profiles, axis=1)], axis=1)
    below /= below[:, -1:]
    return np.array([np.interp(shares, row, edges) for row in below])
