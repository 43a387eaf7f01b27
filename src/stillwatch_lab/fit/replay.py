"""Drawn clients, written the way in which the real traces are: windows, tokens, gaps.

Reads figures; gives `Traces` and gaps to the comparison and to the recovery tests. The one idea:
what is drawn is measured by the same functions as what is real, with the same threshold of ten
requests a window, so that no figure in the table is a copied parameter. Absent: services, which
have no clients.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.fit.arrivals import Run, draw_arrival_times, draw_clock
from stillwatch_lab.fit.bursts import BUSY, CV_MAX, CV_MIN, weibull_shape
from stillwatch_lab.fit.clients import draw_clients
from stillwatch_lab.fit.honest import Floats, HonestTraffic, Ints
from stillwatch_lab.fit.lengths import draw_lengths
from stillwatch_lab.fit.traces import REQUESTS_MIN, SPAN_DAYS, WINDOW_S, Traces

TOKEN_LEVELS: Final = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Shares at which the publisher's quantiles stand."""
_POINTS: Final = 20_000
"""Points of a clock: a window with ten of a million requests is still seen."""
_TOKENS: Final = 2_000
_WINDOWS: Final = SPAN_DAYS * 86_400 // WINDOW_S


def replay_traces(
    rng: np.random.Generator, traffic: HonestTraffic, count: int, *, first_weekday: int = 0
) -> Traces:
    """Draw clients at the size of the real ones, and record them as the publisher did.

    Grain:   as `Traces`, the model being `replay`.
    Cost:    5 ms a client.
    """
    clients = draw_clients(rng, count, traffic)
    volume = np.maximum(clients["rate_per_day"].to_numpy() * SPAN_DAYS, 1.0)
    run = Run(SPAN_DAYS, first_weekday)
    clock = draw_clock(rng, clients, volume.astype(np.int64), run, traffic)
    shares = (np.arange(_POINTS) + 0.5) / _POINTS
    owner = np.repeat(np.arange(count), _POINTS)
    window = (clock.place(owner, np.tile(shares, count)) // WINDOW_S).astype(np.int64)
    seen = np.bincount(owner * _WINDOWS + window, minlength=count * _WINDOWS)
    requests = seen.reshape(count, _WINDOWS) * (volume / _POINTS)[:, None]
    return Traces(
        windows=_windows(rng, clients, requests),
        tokens=_tokens(rng, clients, traffic),
        services={},
    )


def _windows(rng: np.random.Generator, clients: pl.DataFrame, requests: Floats) -> pl.DataFrame:
    client, window = np.nonzero(requests >= REQUESTS_MIN)
    middle, spread = (clients[name].to_numpy()[client] for name in ("cv_log", "cv_sigma"))
    cv = np.exp(middle + spread * rng.standard_normal(len(client))).clip(CV_MIN, CV_MAX)
    rate = requests[client, window] / WINDOW_S
    return pl.DataFrame(
        {
            "model": ["replay"] * len(client),
            "client": client,
            "t_s": window * WINDOW_S,
            "rate_rps": rate,
            "cv": cv,
            "pattern": ["Weibull"] * len(client),
            "shape": weibull_shape(cv),
        }
    )


def _tokens(
    rng: np.random.Generator, clients: pl.DataFrame, traffic: HonestTraffic
) -> pl.DataFrame:
    owner = np.repeat(np.arange(clients.height), _TOKENS)
    sides = draw_lengths(rng, owner, clients, traffic=traffic)
    quantiles = [
        np.quantile(side.reshape(-1, _TOKENS), TOKEN_LEVELS, axis=1).T.tolist() for side in sides
    ]
    return pl.DataFrame(
        {
            "model": ["replay"] * clients.height,
            "client": np.arange(clients.height),
            "q": [list(TOKEN_LEVELS)] * clients.height,
            "input": quantiles[0],
            "output": quantiles[1],
        }
    )


def replay_gaps(
    rng: np.random.Generator, traffic: HonestTraffic, count: int, requests: int
) -> pl.DataFrame:
    """Draw arrivals and measure the gaps within their busy windows.

    Grain:   one row per pair of successive requests in a window of 60 or more.
    Units:   gap in mean gaps of its window; cv is that of its window.
    """
    drawn = draw_clients(rng, count, traffic)
    clients = drawn.with_columns(rate_per_day=pl.lit(requests / SPAN_DAYS))
    client, at_s = draw_arrival_times(
        rng, clients, days=SPAN_DAYS, start_weekday=0, traffic=traffic
    )
    return window_gaps(client, at_s)


def window_gaps(client: Ints, at_s: Floats) -> pl.DataFrame:
    """Measure gaps within windows of ten minutes that hold 60 requests or more.

    Grain:   one row per pair of successive requests of a client in one window.
    Units:   gap in mean gaps of the window; cv the window's coefficient of variation.
    """
    frame = pl.DataFrame({"client": client, "at_s": at_s}).with_columns(
        window=(pl.col("at_s") // WINDOW_S).cast(pl.Int64)
    )
    key = ("client", "window")
    gaps = frame.with_columns(gap=pl.col("at_s").diff().over(key)).drop_nulls()
    mean, spread = pl.col("gap").mean().over(key), pl.col("gap").std().over(key)
    busy = gaps.filter(pl.len().over(key) >= BUSY)
    return busy.select(*key, gap=pl.col("gap") / mean, cv=spread / mean)
