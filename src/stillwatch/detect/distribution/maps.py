"""The maps through which an exchange is read: kernel features, surprise, strangeness.

Pure functions of items and of frozen parameters; `reference.py` fits the parameters with them,
`features.py` reads every window's exchanges with them.

Deliberately absent: the parameters.
Source: random Fourier features, Rahimi and Recht 2007; Mahalanobis 1936.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.distribution.items import F32, F64, Items


def read_kernel(embedding: F32, frequencies: F32) -> F32:
    """Give cosines and sines whose dot product is the mean of the four Gaussian kernels.

    Grain:   one row of length 1 per exchange. Cost: dimensions x frequencies a row.
    """
    phase = embedding @ frequencies
    both = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    return np.asarray(both / np.sqrt(frequencies.shape[1]), np.float32)


def measure_surprise(items: Items, surprise: F32) -> F64:
    """Give how unusual each exchange's features are on average.

    Units:   nats a feature. Nulls: 0 where an exchange has no features.
    Cost:    one pass over the features.
    """
    count = np.diff(items.grams.indptr)
    return np.asarray((items.grams @ surprise) / np.maximum(count, 1), np.float64)


def measure_strangeness(embedding: F32, centre: F64, whitening: F64) -> F64:
    """Give each exchange's squared Mahalanobis distance from the reference.

    Grain:   one figure per exchange. Cost: dimensions squared an exchange.
    """
    return np.asarray((((embedding - centre) @ whitening) ** 2).sum(axis=1), np.float64)
