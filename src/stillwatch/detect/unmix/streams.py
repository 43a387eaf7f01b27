"""What a queue sends, learnt from the requests that gave it away.

Part of the second step of *detect* (unmixing): reads `Traffic` and the exchanges of a group that
are known to be its queue's, because they were refused on one account and sent by another; scores
every exchange by how much it is like them and unlike strangers'. So heads that write each in words
of their own, half of the time for a life of their own, are unmixed without a word in common. Two
Gaussian densities (quadratic discriminant, shrunk), each account scored by what others showed.

Blind spot: a queue that sends what anybody sends. Source: McLachlan 1992; DESIGN.md, section 7.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl
from scipy.linalg import solve_triangular

from stillwatch.detect.traffic import F64, I64, Traffic
from stillwatch.domain import limits
from stillwatch.domain.arrays import log2_betabinomial

KNOWN_MIN: Final = 40
"""Known exchanges from which a queue's density is learnt: about one a feature."""
_FOLDS: Final = 5
"""Parts of the accounts, each scored by what the others showed."""
_SHRINKAGE: Final = 0.1
"""Weight of uncorrelated features in a covariance, some hundred exchanges of fifty features."""
_RIDGE: Final = 0.05
"""Variance added to each standardised feature: what strangers hardly vary in decides nothing."""
_AT_ONCE: Final = 8_192
"""Exchanges whose whitened features are in memory at a time: they stay in the second cache."""
_INT8_SCALE: Final = 127.0
_ALIKE: Final = 0.2
"""Correlation of an account's exchanges as to whether they are like a group's (a guess, wide)."""
_CAP_BITS: Final = 6.0
"""LinkSettings.family_cap_bits."""
_CAPABILITIES: Final = (
    "reasoning", "mathematics", "code", "tool_use", "agentic", "grading", "writing", "knowledge",
    "translation", "sensitive",
)  # fmt: skip


def score_streams(
    traffic: Traffic, rows: I64, background: I64, *, known: I64, lifts: tuple[F64, F64]
) -> tuple[F64, F64]:
    """Score a group's exchanges and strangers' by likeness to what the queue is known to send.

    Grain:   one figure per row of `rows`, and one per row of `background`, half of which has taught
             what strangers send: only the other half is returned.
    Units:   natural logarithm of a density ratio, not calibrated.
    Nulls:   a field that a log lacks is 0 for everybody.
    Order:   accounts are parted by their place among the group's; input order is irrelevant.
    Cost:    features x features for each exchange; memory for the background's features, and for a
             block of the group's.
    `known` are positions of exchanges, `lifts` the passage scores of both sides.
    """
    others = np.column_stack([read_features(traffic, background), lifts[1]])
    place = others.mean(axis=0), others.std(axis=0) + 1e-3
    others = (others - place[0]) / place[1]
    taught, kept = others[::2], others[1::2]
    account = np.searchsorted(traffic.account_start, rows, side="right")
    fold = np.unique(account, return_inverse=True)[1] % _FOLDS
    shown = np.flatnonzero(np.isin(rows, known))
    samples = (_read_own(traffic, rows, lifts[0], shown) - place[0]) / place[1]
    strangers = _fit(taught)
    queues = [_fit(samples[fold[shown] != part]) for part in range(_FOLDS)]
    scores = np.zeros(len(rows))
    for start in range(0, len(rows), limits.BLOCK_EXCHANGES):
        block = np.arange(start, min(start + limits.BLOCK_EXCHANGES, len(rows)))
        own = (_read_own(traffic, rows, lifts[0], block) - place[0]) / place[1]
        for part in range(_FOLDS):
            mine = fold[block] == part
            scores[block[mine]] = _density(own[mine], queues[part])
        scores[block] -= _density(own, strangers)
    quiet = np.mean([_density(kept, queue) for queue in queues], axis=0)
    return scores, quiet - _density(kept, strangers)


def _read_own(traffic: Traffic, rows: I64, lifts: F64, picked: I64) -> F64:
    """Features and passage scores of some of a group's exchanges."""
    return np.column_stack([read_features(traffic, rows[picked]), lifts[picked]])


def weigh_streams(core: F64, sent: F64, *, share: float, background: float) -> F64:
    """Weigh each account's traffic: it sends what the group sends, against what strangers do.

    Grain:   one figure per account, from its core exchanges and all that it sent.
    Units:   bits, cut at ±6 as any family's; beta-binomial counts about the group's share and the
             strangers', with a correlation of 0.2 inside accounts, for people have habits.
    """
    ratio = [
        log2_betabinomial(core, sent, mean=float(np.clip(mean, 1e-3, 1 - 1e-3)), rho=_ALIKE)
        for mean in (share, background)
    ]
    return np.clip(np.where(sent > 0, ratio[0] - ratio[1], 0.0), -_CAP_BITS, _CAP_BITS)


def read_features(traffic: Traffic, rows: I64) -> F64:
    """Give what is known of some exchanges, but for their words.

    Grain:   one row per exchange: hashed words, lengths, how it asks, what it is after.
    """
    log2 = [
        (pl.col(name).fill_null(0).clip(0).cast(pl.Float64) + 1).log(2).alias(name)
        for name in ("output_tokens", "input_tokens", "prompt_words")
    ]
    frame = traffic.exchanges[rows].select(
        pl.col("tactic_probability").fill_null(0.0),
        *log2,
        (pl.col("turn").fill_null(1) > 1).cast(pl.Float64).alias("later"),
        pl.col("turn").is_null().cast(pl.Float64).alias("alone"),
        pl.col("thinking").fill_null(value=False).cast(pl.Float64),
        pl.col("replay_source").is_not_null().cast(pl.Float64),
        *((pl.col("capability") == c).fill_null(value=False).cast(pl.Float64).alias(c)
          for c in _CAPABILITIES),
    )  # fmt: skip
    return np.column_stack([traffic.embeddings[rows] / _INT8_SCALE, frame.to_numpy()])


class _Fitted(NamedTuple):
    """A Gaussian density, as exchanges are held against it."""

    whitening: F64
    """Makes features uncorrelated, each of variance 1: the factor's inverse, transposed."""
    place: F64
    """Their mean, whitened."""
    log_volume: float


def _fit(features: F64) -> _Fitted:
    """Fit a Gaussian with a shrunk covariance.

    Its Cholesky factor is inverted once: a product costs a fifth of solving for each exchange, and
    the ridge keeps the inverse as exact.
    """
    spread = np.cov(features.T)
    shrunk = (1 - _SHRINKAGE) * spread + _SHRINKAGE * np.diag(np.diag(spread))
    unit = np.eye(len(shrunk))
    factor = np.linalg.cholesky(shrunk + _RIDGE * unit)
    whitening = np.ascontiguousarray(solve_triangular(factor, unit, lower=True).T, np.float64)
    place = features.mean(axis=0) @ whitening
    return _Fitted(whitening, place, float(np.log(np.diag(factor)).sum()))


def _density(features: F64, fitted: _Fitted) -> F64:
    """Logarithm of the density at each exchange, but for a constant that all densities share."""
    out = np.empty(len(features))
    for start in range(0, len(features), _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        z = features[block] @ fitted.whitening
        z -= fitted.place
        out[block] = np.einsum("ij,ij->i", z, z)
    return -0.5 * out - fitted.log_volume
