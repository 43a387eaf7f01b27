"""Does what a tied group sends read as the rest of the run does, and as unlike it as others' does?

After judging, beside the witnesses: reads `Traffic` and each group's core; gives rows of EVIDENCE
that weigh nothing. Two figures. `text_distribution` is the distance (MMD², random Fourier features)
of the core from the run's other accounts, beside what strangers of the same volumes would have.
`text_rank` is the group's place among the run's tied groups, size allowed for: a conformal p-value,
small at both ends, where a group is much narrower than its like and where it is much broader.

Deliberately absent: a word on guilt. A narrow harvest is no odder than an honest narrow trade: as a
witness it was measured and not taken (docs/adr/0028). Blind spot: a harvest as wide as the trade of
honest groups; a run most of whose tied groups are campaigns, which are then each other's peers.
Source: Gretton et al. 2012; Rahimi and Recht 2007; DESIGN.md, section 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from stillwatch.detect.combine import design_sizes
from stillwatch.detect.distribution.conformal import rank_among_peers
from stillwatch.detect.distribution.figures.kernel_mean import estimate_mmd_of_sums, mean_kernel
from stillwatch.detect.distribution.items import F32, F64, I64, scale_rows
from stillwatch.detect.distribution.maps import read_kernel
from stillwatch.detect.distribution.reference import draw_frequencies
from stillwatch.detect.measure import find_core
from stillwatch.detect.traffic import I32, Traffic
from stillwatch.detect.witnesses.core import EXCHANGES_MIN, UNKNOWN
from stillwatch.domain.channels.families import CONTENT
from stillwatch.domain.results import EVIDENCE

DISTANCE: Final = "text_distribution"
RANK: Final = "text_rank"
_ACCOUNTS_MAX: Final = 4_096
"""Accounts of the background, two exchanges each: its mean is then surer than any group's."""
_EXCHANGES_MAX: Final = 512
"""Core exchanges of a group that are read: the distance of as many has an error of some 0.003, and
half of fifty honest groups lie beyond 0.06."""
_FREQUENCIES: Final = 32
"""Random frequencies a bandwidth, as many as dimensions: one orthogonal draw. All groups are read
by the same: with four times as many, distances of fifty groups were in the same order (0.998)."""
_BLOCK: Final = 4_096
"""Exchanges whose features are in memory at a time: 4 MB at 256 each."""
_PEERS_MIN: Final = 20
"""Tied groups of a run from which they rank each other, as they widen the null of judging: of
fewer, lines in their size say nothing."""
_LEAST: Final = 1e-3
"""Squared distance below which groups are not told apart; keeps the logarithm finite."""
_SEED: Final = 20_240_601
_CHANCE: Final = 0.5
"""What a rank is on average."""
_THIRDS: Final = 3
"""The two stand a third and two thirds through what an account sent: first exchanges differ."""


class Background(NamedTuple):
    """The run's accounts, each with one exchange, and the kernel that they are read by."""

    frequencies: F32
    account: I64
    """Codes, rising."""
    kernel: F32
    """A row an account: the features of one exchange."""
    total: F64
    """Sum of those rows."""
    within: float
    """Mean kernel value of two exchanges of one account; 0 where none has two."""


def compare_texts(groups: Mapping[str, tuple[I32, F64]], traffic: Traffic) -> pl.DataFrame:
    """Compare what tied groups send with the rest of the run, and with one another.

    Grain:   EVIDENCE, two rows per group: its distance, and its rank. `groups` has members, and
             the membership of what they sent.
    Units:   squared distance in the kernel's space, 0 where nothing differs; a p-value. Both weigh
             0 bits.
    Nulls:   a group of fewer than 20 core exchanges with a prompt, or of one account, has no row;
             nobody has a rank where fewer than 20 groups have a distance.
    Order:   of `groups`; the order of exchanges is irrelevant.
    Cost:    3 µs for each of at most 8,192 exchanges of the run and 512 of a group, and a look at
             all that are held; 64 MB where these are two million.
    Source:  unbiased MMD², Gretton et al. 2012.
    """
    background = take_background(traffic) if groups else None
    if background is None:
        return EVIDENCE.empty()
    cores = [(codes, find_core(traffic, codes, share)) for codes, share in groups.values()]
    told = [measure_distance(traffic, *core, background) for core in cores]
    distance, strangers = (np.array(column, np.float64) for column in zip(*told, strict=True))
    accounts, exchanges = np.array([(len(m), len(rows)) for m, rows in cores], np.float64).T
    rank = rank_distances(distance, accounts=accounts, exchanges=exchanges)
    names = pl.Series(list(groups), dtype=pl.String)
    rows = [
        pl.DataFrame({"subject_id": names, "channel": channel, "observed": seen, "expected": usual})
        for channel, seen, usual in ((DISTANCE, distance, strangers), (RANK, rank, _CHANCE))
    ]
    heard = pl.concat(rows).filter(pl.col("observed").is_nan().not_())
    return EVIDENCE.conform(
        heard.with_columns(pl.lit(CONTENT).alias("family"), pl.lit(0.0).alias("weight_bits"))
    )


def take_background(traffic: Traffic) -> Background | None:
    """Take the run's accounts as they are sampled, evenly: two exchanges of each.

    Grain:   one row per account that has a prompt in the sample, 4,096 at most; None without any.
    Cost:    one pass over the exchanges that are held.
    """
    rows = np.flatnonzero(traffic.is_sampled & traffic.embeddings.any(axis=1))
    sender = np.searchsorted(traffic.account_start, rows, side="right") - 1
    first = np.flatnonzero(np.diff(sender, prepend=-1))
    if len(first) < 2:  # noqa: PLR2004  a mean of pairs of accounts
        return None
    count = np.diff(first, append=len(rows))
    chosen = _spread(len(first), _ACCOUNTS_MAX)
    first, count = first[chosen], count[chosen]
    one, two = (rows[first + k * count // _THIRDS] for k in (1, 2))
    rng = np.random.default_rng(_SEED)
    frequencies = draw_frequencies(_unit(traffic, one), rng, count=_FREQUENCIES)
    kernel = _read(traffic, one, frequencies)
    pairs = np.flatnonzero(count > 1)
    alike = np.zeros(len(pairs))
    for at in range(0, len(pairs), _BLOCK):
        block = pairs[at : at + _BLOCK]
        other = _read(traffic, two[block], frequencies)
        alike[at : at + _BLOCK] = np.sum(kernel[block] * other, axis=1)
    within = float(alike.mean()) if len(pairs) else 0.0
    total = kernel.sum(axis=0, dtype=np.float64)
    return Background(frequencies, sender[first], kernel, total, within)


def measure_distance(
    traffic: Traffic, members: I32, rows: I64, background: Background
) -> tuple[float, float]:
    """Measure how far a group's core lies from the run's other accounts, and strangers would.

    Grain:   two figures: MMD² of the core, and what it would be of as many accounts with as many
             exchanges each that have nothing in common: those of one account are alike, too.
    Nulls:   nan of a thin group, or where the run has no two other accounts.
    Cost:    as `compare_texts`.
    Source:  unbiased MMD², Gretton et al. 2012; every other account weighs alike.
    """
    rows = rows[traffic.embeddings[rows].any(axis=1)]
    rows = rows[_spread(len(rows), _EXCHANGES_MAX)]
    senders = np.searchsorted(traffic.account_start, rows, side="right") - 1
    own = np.isin(background.account, members)
    size, others = np.array(len(rows), np.float64), np.array(len(own) - own.sum(), np.float64)
    sent = np.unique(senders, return_counts=True)[1]
    if size < EXCHANGES_MIN or len(sent) < 2 or others < 2:  # noqa: PLR2004  pairs of accounts
        return UNKNOWN, UNKNOWN
    sums = _read(traffic, rows, background.frequencies).sum(axis=0, dtype=np.float64)
    rest = background.total - background.kernel[own].sum(axis=0, dtype=np.float64)
    distance = estimate_mmd_of_sums((sums, size), (rest, others))
    alike = float(np.sum(sent * (sent - 1)) / (size * (size - 1)))
    strangers = alike * (background.within - float(mean_kernel(rest, others)))
    return float(distance), strangers


def rank_distances(distance: F64, *, accounts: F64, exchanges: F64) -> F64:
    """Rank each group among the run's tied groups by its distance, less what its size explains.

    Grain:   one p-value per group; small at both ends.
    Nulls:   nan of a group without a distance, and of all where fewer than 20 have one.
    Source:  a line as judging has them, fitted on all, so that nobody's own group stands out by
             being left out; full conformal prediction, Vovk et al. 2005.
    """
    known = ~np.isnan(distance)
    if known.sum() < _PEERS_MIN:
        return np.full(len(distance), UNKNOWN)
    design = design_sizes(accounts, exchanges)
    figure = np.log2(np.maximum(distance, _LEAST))
    line = np.linalg.lstsq(design[known], figure[known], rcond=None)[0]
    return rank_among_peers(figure - design @ line)


def _spread(count: int, most: int) -> I64:
    """Choose evenly: all places, or `most` of them."""
    kept = min(count, most)
    return np.arange(kept, dtype=np.int64) * count // max(kept, 1)


def _unit(traffic: Traffic, rows: I64) -> F32:
    return scale_rows(traffic.embeddings[rows].astype(np.float32))


def _read(traffic: Traffic, rows: I64, frequencies: F32) -> F32:
    """Read exchanges through the kernel, some at a time."""
    out = np.zeros((len(rows), 2 * frequencies.shape[1]), np.float32)
    for at in range(0, len(rows), _BLOCK):
        block = slice(at, at + _BLOCK)
        out[block] = read_kernel(_unit(traffic, rows[block]), frequencies)
    return out
