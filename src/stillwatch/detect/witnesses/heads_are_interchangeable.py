"""Heads of one queue draw from one pool: little of their content's variance lies between them.

Intra-class correlation of a one-way analysis of variance on hashed-word embeddings, all dimensions
pooled, at the upper end of its sampling error, so that a small group looks more honest, not less.
Blind spot: heads with a speciality each; honest load-balanced keys are interchangeable too.
Source: DESIGN.md, section 7 (0.001 to 0.004 in campaigns, 0.02 to 0.06 in teams).
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.witnesses.core import UNKNOWN, Core, Witness, is_thin

_FLOOR = 5e-4
"""Correlation below which groups are not told apart; keeps the logarithm finite."""
_EFFECTIVE_DIMENSIONS = 16
"""Independent dimensions that 32 hashed ones are worth; half, because words correlate."""


def measure(core: Core) -> float:
    """Give log2 of the upper limit of the intra-class correlation."""
    if is_thin(core):
        return UNKNOWN
    labels, codes, counts = np.unique(core.account, return_inverse=True, return_counts=True)
    g, n = len(labels), len(codes)
    sums = np.zeros((g, core.embedding.shape[1]))
    np.add.at(sums, codes, core.embedding)
    means = sums / counts[:, None]
    grand = core.embedding.mean(axis=0)
    between = float(np.sum(counts[:, None] * (means - grand) ** 2)) / (g - 1)
    within_total = float(np.sum((core.embedding - means[codes]) ** 2))
    if n <= g or within_total <= 0:
        return UNKNOWN
    within = within_total / (n - g)
    size = (n - float(np.sum(counts**2)) / n) / (g - 1)
    icc = (between - within) / (between + (size - 1) * within)
    error = (1 - icc) * (1 + (size - 1) * icc) * np.sqrt(2 / (size * (size - 1) * (g - 1)))
    upper = max(icc, 0.0) + error / np.sqrt(_EFFECTIVE_DIMENSIONS) if size > 1 else UNKNOWN
    return float(np.log2(max(upper, _FLOOR)))


WITNESS = Witness(
    "interchangeability",
    "content",
    -1,
    "log2 of the share of content variance between accounts",
    "colleagues or strangers who each have work of their own",
    measure,
)
