"""Who sends: the habits of clients, fitted as one table, and clients drawn from it.

Reads what `rates`, `rhythm`, `bursts` and `lengths` measure of each client; gives `HonestTraffic`,
and one row per drawn client to the draws. The one idea: each habit keeps its own quantiles, and
normal scores with one correlation matrix make habits go together (busy clients are steady ones).
Absent: the requests.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from scipy import special

from stillwatch_lab.fit.bursts import measure_bursts
from stillwatch_lab.fit.honest import (
    HABITS,
    LEVELS,
    Floats,
    HonestTraffic,
    load_honest_traffic,
)
from stillwatch_lab.fit.lengths import fit_shape, fit_token_correlation, measure_lengths
from stillwatch_lab.fit.rates import measure_rates
from stillwatch_lab.fit.rhythm import (
    KINDS,
    find_first_weekday,
    fit_profiles,
    measure_weekends,
)
from stillwatch_lab.fit.traces import KEY, Traces

_PAIRS_MIN: Final = 15
"""Clients that have both habits, below which they are taken as unrelated."""
_EIGEN_MIN: Final = 1e-3
"""Pairwise correlations needn't make a matrix: smaller eigenvalues are lifted to this."""


def measure_clients(traces: Traces, first_weekday: int) -> pl.DataFrame:
    """Measure all habits of all clients.

    Grain:   one row per (model, client), the habits of `HABITS` in columns.
    Nulls:   a habit that the client's traffic is too short or too thin to show.
    Order:   by (model, client).
    """
    frame = measure_rates(traces.windows)
    for part in (
        measure_weekends(traces.windows, first_weekday),
        measure_bursts(traces.windows),
        measure_lengths(traces.tokens),
    ):
        frame = frame.join(part, on=KEY, how="left")
    return frame.sort(*KEY)


def fit_traffic(traces: Traces, *, gap_law: str = "weibull") -> HonestTraffic:
    """Fit everything that the draws need.

    Grain:   one set of figures for the given half.
    Cost:    a second for a hundred clients.
    Source:  `docs/lab/fit.md`.
    """
    habits = measure_clients(traces, find_first_weekday(traces.windows))
    volume = _centred(habits)
    mean_day, components, amplitudes = fit_profiles(traces.windows)
    levels, inputs = fit_shape(traces.tokens, "input")
    longest = [
        max(max(row) for row in traces.tokens[side].to_list()) for side in ("input", "output")
    ]
    quantiles = {name: _quantiles(habits[name]) for name in HABITS[1:]}
    return HonestTraffic(
        volume=(float(np.median(habits["volume_log"].to_numpy())), float(volume.std())),
        quantiles=quantiles,
        correlation=_rows(_correlate(habits.with_columns(volume_log=volume))),
        mean_day=tuple(mean_day.tolist()),
        day_components=_rows(components),
        day_amplitudes=tuple(amplitudes.tolist()),
        token_levels=tuple(levels.tolist()),
        input_shape=tuple(inputs.tolist()),
        output_shape=tuple(fit_shape(traces.tokens, "output")[1].tolist()),
        token_correlation=fit_token_correlation(traces.services) if traces.services else 0.0,
        token_max=(float(longest[0]), float(longest[1])),
        gap_law=gap_law,
    )


def _centred(habits: pl.DataFrame) -> Floats:
    """Give volumes about the mean of their model: models differ in size, clients in shape."""
    own = pl.col("volume_log") - pl.col("volume_log").mean().over("model")
    return habits.select(own).to_series().to_numpy()


def _quantiles(values: pl.Series) -> tuple[float, ...]:
    return tuple(np.quantile(values.drop_nulls().to_numpy(), LEVELS).tolist())


def _rows(table: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in table.tolist())


def _correlate(habits: pl.DataFrame) -> Floats:
    table = habits.select(pl.col(name).cast(pl.Float64).fill_null(np.nan) for name in HABITS)
    values = table.to_numpy()
    matrix = np.eye(len(HABITS))
    for i in range(len(HABITS)):
        for j in range(i):
            matrix[i, j] = matrix[j, i] = _agreement(values[:, i], values[:, j])
    worths, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.maximum(worths, _EIGEN_MIN)) @ vectors.T
    size = np.sqrt(np.diag(lifted))
    return np.asarray(lifted / np.outer(size, size))


def _agreement(one: Floats, other: Floats) -> float:
    """Give the correlation of normal scores that has the same rank correlation."""
    from scipy import stats  # noqa: PLC0415  half a second, and simulations never fit

    both = ~(np.isnan(one) | np.isnan(other))
    if both.sum() < _PAIRS_MIN or min(np.ptp(one[both]), np.ptp(other[both])) == 0:
        return 0.0
    rank = float(stats.spearmanr(one[both], other[both]).statistic)
    return float(2 * np.sin(np.pi / 6 * rank))


def draw_clients(
    rng: np.random.Generator,
    n: int,
    traffic: HonestTraffic | None = None,
    *,
    busy: Floats | None = None,
) -> pl.DataFrame:
    """Draw clients, each with habits of its own.

    Grain:   one row per client.
    Units:   `rate_per_day` requests, at the size of the real customers (see `scale_rates`);
             active_days and day_share shares of days and of a day; bout_windows of 10 minutes;
             `profile` which of the equally frequent kinds of days; others as
             `docs/lab/fit.md` says. `busy` is how much each sends, as a normal score among
             clients, where the caller knows it.
    Nulls:   none.
    Cost:    about 2 µs a client.
    """
    figures = traffic or load_honest_traffic()
    root = np.linalg.cholesky(np.array(figures.correlation))
    own = rng.standard_normal((n, len(HABITS)))
    if busy is not None:
        own[:, 0] = busy
    scores = own @ root.T
    middle, spread = figures.volume
    columns: dict[str, object] = {"rate_per_day": np.exp(middle + spread * scores[:, 0])}
    for at, name in enumerate(HABITS[1:], 1):
        part = special.ndtr(scores[:, at])
        columns[name] = np.interp(part, LEVELS, figures.quantiles[name])
    columns["profile"] = rng.integers(0, KINDS, n)
    return pl.DataFrame(columns)
