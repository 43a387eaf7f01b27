"""The published detector and its baselines, as far as text alone carries them.

MMD as published: mean of four Gaussian kernels at 0.5, 1, 2 and 4 median distances, unbiased,
averaged over 20 reference windows; computed exactly, with every kernel value once, so that a window
is a quadratic form. PRADA: Shapiro-Wilk's W of the distances to the nearest earlier exchange. SEAT:
share of pairs more alike than 99 % of benign ones. CAP: coverage cost over 2,048 buckets. Marginal
Mahalanobis: mean over the window. Adapted as in arXiv 2606.05725: the last four are two-sided.
DATE isn't here: it wants a trained ELECTRA.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
NEIGHBOURS = 128
REFERENCES = 20
LIST_FROM = 300
"""Exchanges of a window from which nearest earlier ones are looked up in lists of neighbours."""
CAP_BITS, CAP_FLOOR, CAP_ALPHA, CAP_BETA = 11, 5e-4, 8.0, 0.19
CAP_COVERAGE, CAP_NOVELTY, CAP_SPREAD = 0.05, 0.35, 0.45


def measure_kernel(squares: F32, median: float) -> F32:
    """Mean of four Gaussian kernels of squared distances; one exponential, squared twice each."""
    widest = np.exp(-np.maximum(squares, 0) / (2 * (4 * median) ** 2))
    total = widest.copy()
    for _ in range(3):
        widest **= 4
        total += widest
    return total / 4


def count_rows(rows: I64, width: int) -> F32:
    """How often each window has each exchange."""
    counts = np.zeros((len(rows), width), np.float32)
    np.add.at(counts, (np.arange(len(rows))[:, None], rows), 1)
    return counts


def square_form(counts: F32, matrix: F32) -> F64:
    """Sum over ordered pairs of a window's exchanges."""
    return np.einsum("wi,wi->w", counts @ matrix, counts).astype(np.float64)


class Mmd:
    """The published statistic; `pool` is benign, `shown` what windows draw from."""

    def __init__(self, pool: F32, shown: F32, rng: np.random.Generator) -> None:
        """Compute all kernel values once."""
        sample = pool[:1_000]
        apart = 2 - 2 * (sample @ sample.T)[np.triu_indices(len(sample), 1)]
        median = float(np.sqrt(max(np.median(apart), 1e-6)))
        self.own = measure_kernel(2 - 2 * shown @ shown.T, median)
        self.cross = measure_kernel(2 - 2 * shown @ pool.T, median)
        self.within = measure_kernel(2 - 2 * pool @ pool.T, median)
        self.rng = rng

    def _references(self, size: int, windows: int) -> F32:
        pool = len(self.within)
        rows = [self.rng.choice(pool, size, replace=size > pool) for _ in range(windows)]
        return count_rows(np.array(rows), pool)

    def draw_null(self, size: int, windows: int) -> F64:
        """Benign window against one reference window, as the published dispersion implies."""
        first, second = self._references(size, windows), self._references(size, windows)
        own = square_form(first, self.within) + square_form(second, self.within) - 2 * size
        across = np.einsum("wi,wi->w", first @ self.within, second)
        return own / (size * (size - 1)) - 2 * across / size**2

    def score(self, rows: I64) -> F64:
        """Mean over 20 reference windows of the unbiased statistic."""
        size = rows.shape[1]
        references = self._references(size, REFERENCES)
        counts = count_rows(rows, len(self.own))
        own = (square_form(counts, self.own) - size) / (size * (size - 1))
        theirs = (square_form(references, self.within) - size) / (size * (size - 1))
        toward = self.cross @ references.mean(axis=0) / size
        return own + theirs.mean() - 2 * counts @ toward / size


class Baselines:
    """PRADA, SEAT, CAP and marginal Mahalanobis on one embedding."""

    def __init__(self, pool: F32, shown: F32, rng: np.random.Generator) -> None:
        """Learn what is benign from the pool alone."""
        self.likeness = shown @ shown.T
        sample = pool[:2_000]
        between = (sample @ sample.T)[np.triu_indices(len(sample), 1)]
        self.alike = (self.likeness > np.quantile(between, 0.99)).astype(np.float32)
        np.fill_diagonal(self.alike, 0)
        near = np.argpartition(-self.likeness, NEIGHBOURS + 1, axis=1)[:, : NEIGHBOURS + 1]
        order = np.argsort(-np.take_along_axis(self.likeness, near, 1), axis=1)
        self.near = np.take_along_axis(near, order, 1)[:, 1:]
        planes = rng.standard_normal((pool.shape[1], CAP_BITS)).astype(np.float32)
        weights = 1 << np.arange(CAP_BITS)
        self.bucket = ((shown - pool.mean(axis=0)) @ planes > 0) @ weights
        self.known = np.zeros(1 << CAP_BITS, bool)
        self.known[((pool - pool.mean(axis=0)) @ planes > 0) @ weights] = True
        covariance = np.cov(pool.T)
        ridge = 0.01 * np.trace(covariance) / len(covariance)
        half = np.linalg.cholesky(np.linalg.inv(covariance + ridge * np.eye(len(covariance))))
        self.far = (((shown - pool.mean(axis=0)) @ half) ** 2).sum(axis=1)

    def score(self, rows: I64) -> dict[str, F64]:
        """Score windows by all four."""
        size = rows.shape[1]
        return {
            "PRADA": np.array([self._prada(window) for window in rows]),
            "SEAT": square_form(count_rows(rows, len(self.alike)), self.alike) / size**2,
            "CAP": np.array([self._cap(window) for window in rows]),
            "Mahalanobis": self.far[rows].mean(axis=1),
        }

    def _prada(self, window: I64) -> float:
        if len(window) < LIST_FROM:
            likeness = np.where(
                np.tri(len(window), k=-1, dtype=bool), self.likeness[np.ix_(window, window)], -1
            ).max(axis=1)[1:]
        else:
            place = np.full(len(self.likeness), len(window))
            place[window[::-1]] = np.arange(len(window))[::-1]
            near = self.near[window]
            earlier = place[near] < np.arange(len(window))[:, None]
            first = earlier.argmax(axis=1)
            rows = np.flatnonzero(earlier.any(axis=1))
            likeness = self.likeness[window[rows], near[rows, first[rows]]]
        return float(stats.shapiro(np.sqrt(np.maximum(2 - 2 * likeness, 0))).statistic)

    def _cap(self, window: I64) -> float:
        counts = np.bincount(self.bucket[window], minlength=1 << CAP_BITS)
        share = counts[counts > 0] / len(window)
        coverage = np.count_nonzero(counts) / len(counts)
        spread = -float((share * np.log(share)).sum()) / np.log(len(counts))
        novelty = float((~self.known[self.bucket[window]]).mean())
        steep = np.exp(coverage / CAP_BETA * np.log(CAP_ALPHA / CAP_FLOOR)) - 1
        told = CAP_NOVELTY * novelty + CAP_SPREAD * spread
        return float(CAP_FLOOR + CAP_COVERAGE * steep + CAP_ALPHA * told)


def turn_two_sided(scores: F64, null: F64) -> F64:
    """Distance from the benign median, each side over its own 5 % limit."""
    low, middle, high = np.quantile(null, [0.05, 0.5, 0.95])
    tiny = 1e-12
    return np.maximum(
        (scores - middle) / (high - middle + tiny), (middle - scores) / (middle - low + tiny)
    )
