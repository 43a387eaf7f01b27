"""How requests bunch within minutes: the gaps between the requests of one client.

Reads windows (each with the coefficient of variation of its gaps, and the law that its publisher
found to fit) and the requests of whole services; gives the burst habits to `clients`. The one
idea: gaps are a renewal process in the client's own time, so a law with mean 1 and a coefficient
of variation says everything, and the slower ups and downs are left to `rates`. Deliberately
absent: gaps themselves, client by client; no trace that we have holds them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from scipy import special

from stillwatch_lab.fit.honest import Floats
from stillwatch_lab.fit.traces import KEY, WINDOW_S

CV_MIN: Final = 0.15
"""More regular than this is a clock; the windows show hardly any."""
CV_MAX: Final = 9.0
"""Above it nearly all gaps of a window are below a millisecond and one is the window."""
BUSY: Final = 60
"""Requests of a window from which on its coefficient of variation is more than noise."""
_WINDOWS_MIN: Final = 3
_LOCAL_S: Final = 60.0
"""A service's rate is taken as constant within a minute."""
_ROUNDS: Final = 300
LAWS: Final = ("gamma", "weibull", "switched")


def measure_bursts(windows: pl.DataFrame) -> pl.DataFrame:
    """Measure the middle and the spread of a client's coefficient of variation of gaps.

    Grain:   one row per (model, client).
    Units:   both of the natural logarithm, windows weighed by their requests; 0 is a Poisson
             process.
    Nulls:   cv_sigma is null for a client with fewer than three windows.
    """
    busy = pl.col("rate_rps") * WINDOW_S >= BUSY
    telling = windows.filter(busy | ~busy.any().over(KEY))
    log = pl.col("cv").log().clip(np.log(CV_MIN), np.log(CV_MAX))
    weight = pl.col("rate_rps") / pl.col("rate_rps").sum()
    middle = (log * weight).sum()
    spread = ((log - middle) ** 2 * weight).sum().sqrt()
    many = pl.len() >= _WINDOWS_MIN
    return (
        telling.group_by(KEY)
        .agg(cv_log=middle, cv_sigma=pl.when(many).then(spread).first())
        .sort(*KEY)
    )


def weibull_shape(cv: Floats) -> Floats:
    """Give the Weibull law's shape that has a coefficient of variation.

    Grain:   one per value.
    Source:  1 + cv² = Γ(1 + 2/c) / Γ(1 + 1/c)², tabulated and turned round.
    """
    shape = np.geomspace(0.12, 12.0, 2_000)
    squares = special.gammaln(1 + 2 / shape) - 2 * special.gammaln(1 + 1 / shape)
    return np.asarray(np.exp(np.interp(np.log1p(cv**2), squares[::-1], np.log(shape[::-1]))))


def draw_gaps(rng: np.random.Generator, cv: Floats, law: str) -> Floats:
    """Draw gaps with mean 1 and the stated coefficients of variation.

    Grain:   one per value of `cv`.
    Cost:    50 to 90 ns each.

    Raises:
        ValueError: the law is none of `gamma`, `weibull`, `switched`.
    """
    if law not in LAWS:
        message = f"no law of gaps is called {law}; there are {', '.join(LAWS)}"
        raise ValueError(message)
    if law == "switched":
        return _draw_switched(rng, cv)
    if law == "gamma":
        shape = 1.0 / np.square(cv)
        return np.asarray(rng.standard_gamma(shape) / shape)
    shape = weibull_shape(cv)
    return np.asarray(
        rng.standard_exponential(len(cv)) ** (1 / shape) / special.gamma(1 + 1 / shape)
    )


def _draw_switched(rng: np.random.Generator, cv: Floats) -> Floats:
    """Draw from a Poisson process that switches between two rates: a two-part exponential.

    Balanced means, so that the variation fixes it; below 1 there is none and Poisson is nearest.
    """
    square = np.maximum(cv, 1.0) ** 2
    often = (1 + np.sqrt((square - 1) / (square + 1))) / 2
    fast = rng.random(len(cv)) < often
    mean = np.where(fast, 0.5 / often, 0.5 / np.maximum(1 - often, 1e-12))
    return np.asarray(rng.standard_exponential(len(cv)) * mean)


def draw_published_gaps(
    rng: np.random.Generator, windows: pl.DataFrame, count: int, *, in_seconds: bool = False
) -> Floats:
    """Draw gaps from the laws that the publisher fitted to a client's windows.

    Grain:   `count` gaps; windows by their requests, those with fewer than 60 left out.
    Units:   mean gaps of the window, or seconds.
    """
    busy = windows.filter(pl.col("rate_rps") * WINDOW_S >= BUSY)
    rate = busy["rate_rps"].to_numpy()
    row = rng.choice(len(rate), count, p=rate / rate.sum())
    shape = busy["shape"].to_numpy()[row]
    law = (busy["pattern"] == "Gamma").to_numpy()[row]
    bunched = rng.standard_gamma(np.where(law, shape, 1.0)) / shape
    other = np.maximum(np.where(law, 1.0, shape), 0.05)
    stretched = rng.standard_exponential(count) ** (1 / other) / special.gamma(1 + 1 / other)
    gaps = np.where(law, bunched, stretched)
    return np.asarray(gaps / rate[row] if in_seconds else gaps)


def local_gaps(service: pl.DataFrame) -> Floats:
    """Measure a service's gaps in units of the mean gap of their minute.

    Grain:   one per pair of successive requests within a minute of one block.
    Nulls:   gaps over the edge of a minute are left out.
    """
    at = service["at_s"].to_numpy()
    minute = (at // _LOCAL_S).astype(np.int64)
    gaps = np.diff(at)
    inside = np.diff(minute) == 0
    sums = np.bincount(minute[1:][inside], gaps[inside])
    counts = np.bincount(minute[1:][inside])
    where = minute[1:][inside]
    return np.asarray(gaps[inside] / (sums[where] / counts[where]))


def batch_counts(service: pl.DataFrame, batch_s: float) -> Floats:
    """Count a service's requests in bins, in units of the mean of the surrounding minute.

    Grain:   one per bin that has a whole minute about it; a bin is centred on a batch, whose
             clock strays by milliseconds.
    """
    at = service["at_s"].to_numpy()
    bins = np.bincount(np.rint(at / batch_s).astype(np.int64)).astype(np.float64)
    per_minute = int(_LOCAL_S // batch_s)
    whole = bins[: len(bins) // per_minute * per_minute].reshape(-1, per_minute)
    mean = whole.mean(axis=1, keepdims=True)
    return np.asarray((whole / np.maximum(mean, 1e-9))[mean[:, 0] > 0].ravel())


def fit_gap_cv(gaps: Floats) -> float:
    """Fit the coefficient of variation of gaps with mean 1.

    Grain:   one number.
    Source:  moments; for the gamma law it equals what the windows' publisher did.
    """
    return float(gaps.std() / gaps.mean())
