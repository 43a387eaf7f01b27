"""Which exchanges of a group belong to what it has in common, and which to lives of their own.

Second step of *detect* (unmixing): reads `Traffic`, gives each exchange of a group its membership.
An exchange's score is the mean of its five largest passage lifts, group against population, each
weighted by the share of the group that holds it, the exchange's own account left out: what two
heads share by chance, or by a common customer, is lifted too, but held by few. Lifts compare shares
of traffic, not holders, or busy accounts would look alike. The same score on exchanges of strangers
is the background; membership is one minus the local false-discovery rate against it. Blind spot: a
harvest in each head's own words has no passage in common, and gets membership 0.

Source: Efron 2008 (local fdr); DESIGN.md, section 7 (the trial's AUC 0.92 at 31 % harvest).
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import polars as pl

from stillwatch.detect.traffic import F32, F64, I32, I64, Bools, Traffic
from stillwatch.detect.unmix.densities import Unmixed, compare_with_known, compare_with_strangers
from stillwatch.detect.unmix.streams import KNOWN_MIN, score_streams
from stillwatch.domain import limits
from stillwatch.domain.arrays import read_only

_LARGEST = 5
"""Lifts that an exchange's score is the mean of (the trial's choice, not tuned here)."""
_SHARE_MIN = 1e-12
"""Least share whose logarithm is taken."""
_LIFT_MAX = 41.0
"""More than any lift: a share of at most 1 against the least, in bits."""
_FEWEST = 3
"""An exchange with fewer passages is scored as if it had this many."""
_TELLING = 0.05
"""Share of a group's traffic that passages must mark before they say what it hands on."""
_PSEUDO = 0.5
"""Pseudo-accounts at the population's share, in the group's share of a passage."""


class _Passages(NamedTuple):
    """The passages of exchanges; who holds them, and how much, in the group and in the run."""

    start: I64
    passage: I32
    own_share: F32
    inside: I64
    inside_mass: F64
    holders: I64
    mass: F64


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _score_rows(
    rows: I64, p: _Passages, size: tuple[int, int], own: int, out: tuple[F64, F64]
) -> None:
    """Mean of the largest weighted lifts of each row, its own account (`own` is 1) left out."""
    (members, accounts), (score, top) = size, out
    others = max(members - own, 1)
    for k in range(len(rows)):
        for j in range(_LARGEST):
            top[j] = 0.0
        found = low = 0
        for r in range(p.start[rows[k]], p.start[rows[k] + 1]):
            at = p.passage[r]
            if found < _LARGEST:  # beyond, another changes nothing
                found += p.holders[at] > 1
            held = p.inside[at] - own
            if held <= 0 or held * _LIFT_MAX <= top[low] * others:  # nor can this one
                continue
            share = max((p.mass[at] - p.own_share[r]) / (accounts - 1), _SHARE_MIN)
            mass = max(p.inside_mass[at] - own * p.own_share[r], 0.0)
            here = (mass + _PSEUDO * share) / (members - own + _PSEUDO)
            lift = held / others * np.log2(here / share)
            if lift > top[low]:
                top[low], low = lift, 0
                for j in range(1, _LARGEST):
                    if top[j] < top[low]:
                        low = j
        total = 0.0
        for j in range(_LARGEST):
            total += top[j]
        score[k] = total / min(max(found, _FEWEST), _LARGEST)


def compile_kernel() -> None:
    """Have the kernel ready before the first group comes: no row of nobody's.

    Cost:    a second the first time on a machine, a hundredth where Numba's cache has it.
    """
    whole, real = np.zeros(1, np.int64), np.zeros(1)
    one, share = read_only(np.zeros(1, np.int32)), read_only(np.zeros(1, np.float32))
    passages = _Passages(whole, one, share, whole, real, whole, real)
    _lift(whole[:0], passages, (1, 1), 1)


def _lift(rows: I64, passages: _Passages, size: tuple[int, int], own: int) -> F64:
    """Score some rows; `size` is the members of the group and the accounts of the run."""
    score = np.zeros(len(rows))
    _score_rows(rows, passages, size, own, (score, np.zeros(_LARGEST)))
    return score


def weigh_exchanges(
    traffic: Traffic, members: I32, *, known: I64, seed: int, unrelated_max: float
) -> Unmixed:
    """Give the membership of every exchange of a group.

    Grain:   one probability per row of `traffic.rows_of(members)`, in that order.
    Units:   probability that the exchange belongs to what the group shares.
    Nulls:   an exchange without a frequent passage scores 0, like most of the background.
    Order:   the background is drawn with `seed`; input order is irrelevant.
    Cost:    linear in the group's passages and limits.BACKGROUND_EXCHANGES_MAX.
    `known` are exchanges that its accounts handed to one another; where there are enough, what
    they are like counts beside passages (`streams`), unless all the accounts send is handed on.
    """
    rows = traffic.rows_of(members)
    inside = np.zeros(len(traffic.holders), np.int64)
    inside_mass = np.zeros(len(traffic.holders))
    for a in members:
        own = slice(traffic.held_start[a], traffic.held_start[a + 1])
        inside[traffic.held[own]] += 1
        inside_mass[traffic.held[own]] += traffic.held_share[own]
    passages = _Passages(
        traffic.passage_start,
        read_only(traffic.passage),
        read_only(traffic.own_share),
        inside,
        inside_mass,
        traffic.holders,
        traffic.mass,
    )
    background = _draw_background(traffic, rows, seed=seed)
    size = len(members), len(traffic.accounts)
    scores, quiet = _lift(rows, passages, size, 1), _lift(background, passages, size, 0)
    told = compare_with_strangers(scores, quiet, unrelated_max=unrelated_max)
    is_known = np.isin(rows, known) if len(known) and len(background) else np.zeros(len(rows), bool)
    if hands_on_anything(told.membership, is_known):
        is_known &= told.membership >= 0.5  # noqa: PLR2004  CONTRACT.md, 4
    if is_known.sum() < KNOWN_MIN or len(background) < KNOWN_MIN:
        return told
    lifts = scores, quiet
    scores, quiet = score_streams(traffic, rows, background, known=rows[is_known], lifts=lifts)
    return compare_with_known(scores, quiet, is_known, unrelated_max=unrelated_max)


def hands_on_anything(membership: F64, is_known: Bools) -> bool:
    """Say whether accounts hand on whatever they send, a proxy's customers' requests with it.

    Then passages mark what was handed on no more often than the rest; were it the queue's alone,
    they would mark nearly all of it. The border is half-way, in logarithms.

    Grain:   one membership, by passages, and one mark per exchange.
    Nulls:   False where passages mark next to nothing: then they can't tell.
    """
    marked = membership >= 0.5  # noqa: PLR2004  CONTRACT.md, 4
    share = float(marked.mean()) if len(marked) else 0.0
    known = float(marked[is_known].mean()) if is_known.any() else 1.0
    return share >= _TELLING and known < np.sqrt(share)


def count_wordless(traffic: Traffic, members: I32, membership: F64) -> F64:
    """Let exchanges of which no text is known count as the group's others do on average.

    Logs may hold no texts, or one of several sources of logs may hold none. Where nothing that a
    group sends has a text, nothing can be unmixed, and all of it counts, as in its core.

    Grain:   one membership per row of `traffic.rows_of(members)`, in that order.
    """
    rows = traffic.rows_of(members)
    passages = np.diff(traffic.passage_start)[rows]
    is_wordless = traffic.exchanges["prompt_hash"].is_null().to_numpy()[rows] & (passages == 0)
    worded = membership[~is_wordless]
    return np.where(is_wordless, worded.mean() if len(worded) else 1.0, membership)


def _draw_background(traffic: Traffic, rows: I64, *, seed: int) -> I64:
    """Exchanges of non-members, at most limits.BACKGROUND_EXCHANGES_MAX of them."""
    outside = traffic.is_sampled.copy()
    outside[rows] = False
    candidates = np.flatnonzero(outside)
    most = limits.BACKGROUND_EXCHANGES_MAX
    if len(candidates) <= most:
        return candidates
    return np.sort(np.random.default_rng(seed).choice(candidates, most, replace=False))


def membership_frame(traffic: Traffic, members: I32, membership: F64) -> pl.DataFrame:
    """Pair each exchange of a group with its membership.

    Grain:   one row per exchange: exchange_id, account_id, membership.
    """
    rows = traffic.rows_of(members)
    return (
        traffic.exchanges[rows]
        .select("exchange_id", "account_id")
        .with_columns(membership=membership)
    )
