"""Whose streams a proxy's accounts send: the harvest's, or those of customers whom it carries.

Last step of unmixing, after witnesses were heard: reads `Traffic` and memberships, gives
memberships in which customers' streams count no more. A proxy deals its customers' requests over
the same accounts as its harvest: what one customer's program sends again and again is held by as
many of them, lifted as high and handed on as often. What tells them apart is what they ask: a
stream that asks no more like a harvest than the rest of those accounts' traffic is a customer's,
where most of what is marked does ask so. Witnesses hear the core as it was before: streams are
chosen by their tactics here, and no group may be judged by what was chosen for it.

Blind spot: the part of a harvest that asks as anybody does beside one that doesn't, a customer
whose program asks as a harvest does, a harvest that asks as anybody does throughout. Source:
MacQueen 1967 and Arthur & Vassilvitskii 2007 (parts); judging.md and membership.md.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.cluster.vq import ClusterError, kmeans2

from stillwatch.detect.traffic import F32, F64, I32, I64, Traffic
from stillwatch.domain import limits

_CORE: Final = 0.5
"""Membership from which an exchange is core. CONTRACT.md, section 4."""
_REST_MIN: Final = 0.1
"""Share of a group's traffic that has to be unmarked before there are customers to speak of: below,
its accounts send little but what they have in common."""
_MARKED_MIN: Final = 200
"""Marked exchanges below which streams aren't told apart."""
_IN_STREAM, _STREAMS_MAX = 100, 16
"""Marked exchanges a stream on average, and most streams: 8, 16 and 32 were tried on two incidents
of another making, and are alike to a fortieth."""
_ROUNDS: Final = 20
_LEVELS: Final = (0.5, 0.75)
"""That half of what is marked asks more like a harvest than three quarters of the rest says that
what they ask tells harvest and customers apart at all."""
_SMALL: Final = 0.2
"""Standard deviations of the rest by which a stream has to ask more like a harvest than the rest
does on average: a small effect (Cohen 1988), or chance would keep half of customers' streams."""
_SURE: Final = 1e-4
"""Least probability of a tactic, and of none, whose logarithm is taken."""
_INT8_SCALE: Final = 127.0
_SEED: Final = 20_261_202


def leave_out_customers(traffic: Traffic, members: I32, membership: F64) -> F64:
    """Let streams of a group that ask as the rest of its traffic does count no more.

    Grain:   one membership per row of `traffic.rows_of(members)`, in that order: as given, or 0.
    Units:   probability; how a stream asks is the mean log-odds of its tactic probabilities.
    Nulls:   exchanges without a tactic probability tell of nothing and go with their stream; where
             too little is marked, next to all is, or the marked asks as the rest does: as given.
    Order:   streams are drawn with a fixed seed from rows in order; input order is irrelevant.
    Cost:    marked exchanges x 16 x 32, and 20 rounds of at most limits.BACKGROUND_EXCHANGES_MAX.
    """
    rows = traffic.rows_of(members)
    marked = membership >= _CORE
    if marked.sum() < _MARKED_MIN or np.mean(~marked) < _REST_MIN:
        return membership
    asks = _read_asking(traffic, rows)
    if not _stands_out(asks[marked], asks[~marked]):
        return membership
    stream = _part(traffic, rows[marked])
    told, heard = asks[marked], ~np.isnan(asks[marked])
    parts = int(stream.max()) + 1
    sums = np.bincount(stream[heard], told[heard], parts)
    mean = sums / np.maximum(np.bincount(stream[heard], minlength=parts), 1)
    usual = np.nanmean(asks[~marked]) + _SMALL * np.nanstd(asks[~marked])
    is_customers = (mean <= usual) & (np.bincount(stream[heard], minlength=parts) > 0)
    left = membership.copy()
    left[np.flatnonzero(marked)[is_customers[stream]]] = 0.0
    return left


def _read_asking(traffic: Traffic, rows: I64) -> F64:
    """Log-odds that exchanges ask as a harvest does; nan where nothing is known."""
    tactic = traffic.exchanges["tactic_probability"].gather(rows).cast(float).to_numpy()
    tactic = np.clip(tactic, _SURE, 1 - _SURE)
    return np.asarray(np.log(tactic / (1 - tactic)))


def _stands_out(marked: F64, rest: F64) -> bool:
    """Say whether most of what is marked asks more like a harvest than nearly all of the rest."""
    known = marked[~np.isnan(marked)], rest[~np.isnan(rest)]
    if min(map(len, known)) < _MARKED_MIN:
        return False
    levels = (np.quantile(side, level) for side, level in zip(known, _LEVELS, strict=True))
    half, most = levels
    return bool(half > most)


def _part(traffic: Traffic, rows: I64) -> npt.NDArray[np.int64]:
    """Part exchanges into streams by their hashed words. Grain: one number per row, from 0."""
    most = min(len(rows), limits.BACKGROUND_EXCHANGES_MAX)
    chosen = rows[np.arange(most) * len(rows) // most]
    centres = _find_centres(_read_words(traffic, chosen), parts=len(rows) // _IN_STREAM)
    stream = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), limits.BLOCK_EXCHANGES):
        block = _read_words(traffic, rows[start : start + limits.BLOCK_EXCHANGES])
        away = np.sum(centres**2, axis=1) - 2 * block @ centres.T
        stream[start : start + limits.BLOCK_EXCHANGES] = np.argmin(away, axis=1)
    return stream


def _find_centres(words: F32, *, parts: int) -> F32:
    """Find the middles of at most so many streams: fewer where the words are fewer than that."""
    parts = min(parts, _STREAMS_MAX, len(np.unique(words, axis=0)))
    while parts > 1:
        rng = np.random.default_rng(_SEED)
        try:
            found = kmeans2(words, parts, iter=_ROUNDS, minit="++", missing="raise", rng=rng)
        except ClusterError:  # one of them was left without an exchange
            parts //= 2
        else:
            return np.asarray(found[0], np.float32)
    return np.asarray(words.mean(axis=0, keepdims=True), np.float32)


def _read_words(traffic: Traffic, rows: I64) -> F32:
    return np.asarray(traffic.embeddings[rows], np.float32) / np.float32(_INT8_SCALE)
