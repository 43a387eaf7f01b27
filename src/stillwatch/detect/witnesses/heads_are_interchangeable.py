"""Heads of one queue draw from one pool: little of their content's variance lies between them.

Intra-class correlation of a one-way analysis of variance on hashed-word embeddings, all dimensions
pooled, at the upper end of its sampling error, so that a small group looks more honest, not less.
Heads may be specialised, a queue for each kind of work: so it is asked inside specialities too, of
which there are at most eight and one per ten accounts, found among the accounts' means; the least
correlation counts. Honest groups are asked in the same way, which is what the null allows for.
It clears nobody: a wording of its own for every head is cheap, and known to be done.
Blind spot: that wording; honest load-balanced keys are interchangeable too.
Source: DESIGN.md, section 7 (0.001 to 0.004 in campaigns, 0.02 to 0.06 in teams); Lloyd 1982.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stillwatch.detect.witnesses.core import F64, UNKNOWN, Core, Witness, is_thin
from stillwatch.domain import limits

SPECIALITIES_MAX = 8
"""Kinds of work in which a group is parted at most: campaigns were after three each."""
ACCOUNTS_PER_SPECIALITY = 10
"""Accounts of a group for each speciality: of fewer it says nothing (DESIGN.md, section 7)."""
_ROUNDS_MAX = 20
"""Rounds of Lloyd's algorithm: it settles within a few on a hundred accounts."""
_FLOOR = 5e-4
"""Correlation below which groups are not told apart; keeps the logarithm finite."""
_EFFECTIVE_DIMENSIONS = 16
"""Independent dimensions that 32 hashed ones are worth; half, because words correlate."""


def measure(core: Core) -> float:
    """Give log2 of the upper limit of the intra-class correlation, within specialities if less."""
    if is_thin(core):
        return UNKNOWN
    _, codes, sizes = np.unique(core.account, return_inverse=True, return_counts=True)
    counts, n = sizes.astype(np.float64), len(codes)
    sums = np.zeros((len(counts), core.embedding.shape[1]))
    np.add.at(sums, codes, core.embedding)
    means = sums / counts[:, None]
    inside = 0.0
    for at in range(0, n, limits.BLOCK_EXCHANGES):
        block = slice(at, at + limits.BLOCK_EXCHANGES)
        inside += float(np.sum((core.embedding[block] - means[codes[block]]) ** 2))
    if n <= len(counts) or inside <= 0:
        return UNKNOWN
    within = inside / (n - len(counts))
    most = min(SPECIALITIES_MAX, len(counts) // ACCOUNTS_PER_SPECIALITY)
    bounds = [
        _limit_correlation(find_specialities(means, counts, kinds), means, counts, within)
        for kinds in range(1, max(most, 1) + 1)
    ]
    return float(np.log2(max(float(np.min(bounds)), _FLOOR)))


def _limit_correlation(
    kind: npt.NDArray[np.int64], means: F64, counts: F64, within: float
) -> float:
    """Give the upper limit of the correlation inside the specialities; nan where there is none."""
    g, n, parts = len(counts), float(counts.sum()), int(kind.max()) + 1
    size = (n - float(np.sum(counts**2)) / n) / (g - 1)
    if size <= 1:
        return UNKNOWN
    spread = float(np.sum(counts[:, None] * (means - _centre(kind, means, counts)[kind]) ** 2))
    between = spread / (g - parts)
    icc = (between - within) / (between + (size - 1) * within)
    error = (1 - icc) * (1 + (size - 1) * icc) * np.sqrt(2 / (size * (size - 1) * (g - parts)))
    return float(max(icc, 0.0) + error / np.sqrt(_EFFECTIVE_DIMENSIONS))


def find_specialities(means: F64, counts: F64, kinds: int) -> npt.NDArray[np.int64]:
    """Part accounts by what they mostly send: k-means on their means, weighted by their exchanges.

    Grain:   one number per account, 0 … kinds - 1 at most; every number has an account.
    Order:   starts at the account furthest out, then at those furthest from all starts.
    Cost:    accounts x kinds x dimensions a round, at most 20 rounds.
    """
    away = np.sum((means - np.average(means, axis=0, weights=counts)) ** 2, axis=1)
    starts: list[int] = []
    for _ in range(kinds):
        starts.append(int(np.argmax(away * counts)))
        fresh = np.sum((means - means[starts[-1]]) ** 2, axis=1)
        away = fresh if len(starts) == 1 else np.minimum(away, fresh)
    centres, kind = means[starts], np.zeros(len(counts), np.int64)
    for _ in range(_ROUNDS_MAX):
        nearest = np.argmin(np.sum(centres**2, axis=1) - 2 * means @ centres.T, axis=1)
        kind, before = np.unique(nearest, return_inverse=True)[1], kind
        if np.array_equal(kind, before):
            break
        centres = _centre(kind, means, counts)
    return kind


def _centre(kind: npt.NDArray[np.int64], means: F64, counts: F64) -> F64:
    """Give the mean of each speciality, exchanges alike."""
    parts = int(kind.max()) + 1
    sums = np.zeros((parts, means.shape[1]))
    np.add.at(sums, kind, means * counts[:, None])
    return sums / np.bincount(kind, counts, parts)[:, None]


WITNESS = Witness(
    "interchangeability",
    "content",
    -1,
    "log2 of the share of content variance between accounts",
    "colleagues or strangers who each have work of their own",
    measure,
    exculpates=False,
    resale_explains=True,
)
