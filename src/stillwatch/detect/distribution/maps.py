"""The maps through which an exchange is read: kernel features, and five ways to be odd.

`reference.py` holds what is fitted, `features.py` reads every window's exchanges with it. Odd is an
exchange whose words are seldom used (surprise) or seldom typed so (typed surprise), that lies far
out (strangeness), or far from every one of some benign exchanges, by its words (novelty) or by its
typing (typed novelty): the last two see where a pool has holes.

Deliberately absent: edges and counts.
Source: random Fourier features, Rahimi and Recht 2007; Mahalanobis 1936.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stillwatch.detect.distribution.items import F32, F64, Items, Matrix

ODDITIES: Final = ("surprise", "strangeness", "typed_surprise", "novelty", "typed_novelty")
"""In the order of the columns of counts."""
KNOWN: Final = 1_024
"""Benign exchanges that novelty is the distance from."""
_RIDGE: Final = 0.01
"""Added to the covariance of embeddings, in mean variances: keeps unused directions finite."""
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Oddities:
    """What is usual of an exchange; made by `fit_oddities`."""

    surprise: F32
    """Minus log of how often a bucket's feature stands in a benign prompt."""
    typed_surprise: F32
    centre: F64
    whitening: F64
    """Turns an embedding less the mean into one whose squared length is Mahalanobis' distance."""
    known: F32
    typed_known: F32


def fit_oddities(items: Items, centre: F64) -> Oddities:
    """Fit on benign exchanges, about a centre.

    Grain:   one for a reference.
    Order:   the first of them are the known ones.
    Cost:    one pass over the features, and cubic in dimensions.
    """
    return Oddities(
        _rate(items.grams),
        _rate(items.typed),
        centre,
        _whiten(items.embedding),
        items.embedding[:KNOWN],
        items.typed_embedding[:KNOWN],
    )


def measure_oddities(items: Items, usual: Oddities) -> tuple[F64, ...]:
    """Measure all five, in the order of `ODDITIES`.

    Grain:   one figure per exchange and name. Cost: dimensions x known exchanges a row.
    """
    return (
        measure_surprise(items.grams, usual.surprise),
        measure_strangeness(items.embedding, usual.centre, usual.whitening),
        measure_surprise(items.typed, usual.typed_surprise),
        measure_novelty(items.embedding, usual.known),
        measure_novelty(items.typed_embedding, usual.typed_known),
    )


def read_kernel(embedding: F32, frequencies: F32) -> F32:
    """Give cosines and sines whose dot product is the mean of the four Gaussian kernels.

    Grain:   one row of length 1 per exchange. Cost: dimensions x frequencies a row.
    """
    phase = embedding @ frequencies
    both = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    return np.asarray(both / np.sqrt(frequencies.shape[1]), np.float32)


def measure_surprise(features: Matrix, surprise: F32) -> F64:
    """Give how unusual each exchange's features are on average.

    Grain:   one figure per exchange.
    Units:   nats a feature. Nulls: 0 where an exchange has no features.
    Cost:    one pass over the features.
    """
    count = np.diff(features.indptr)
    return np.asarray((features @ surprise) / np.maximum(count, 1), np.float64)


def measure_strangeness(embedding: F32, centre: F64, whitening: F64) -> F64:
    """Give each exchange's squared Mahalanobis distance from the reference.

    Grain:   one figure per exchange. Cost: dimensions squared an exchange.
    """
    return np.asarray((((embedding - centre) @ whitening) ** 2).sum(axis=1), np.float64)


def measure_novelty(embedding: F32, known: F32) -> F64:
    """Give how far each exchange is from the nearest of some benign ones.

    Grain:   one figure per exchange. Units: 1 less the cosine. Cost: dimensions x known a row.
    """
    return np.asarray(1 - (embedding @ known.T).max(axis=1), np.float64)


def _rate(features: Matrix) -> F32:
    seen = np.asarray(features.sum(axis=0)).ravel()
    return np.asarray(-np.log((seen + 0.5) / (features.shape[0] + 1)), np.float32)


def _whiten(embedding: F32) -> F64:
    covariance = np.cov(embedding.T)
    ridge = _RIDGE * np.trace(covariance) / len(covariance) + _TINY
    inverse = np.linalg.inv(covariance + ridge * np.eye(len(covariance)))
    return np.asarray(np.linalg.cholesky(inverse), np.float64)
