"""A list that is divided among accounts is replayed without an item twice.

Of the public set that the group's core replays most, the items that it replays; more different ones
than independent accounts would have. Null: each account takes as many different items as it did, at
random from those of the set that the index knows, by itself; the mean and variance of their union
are exact. That an account repeats nothing is no evidence (every evaluation does so): that no two
overlap is. Popular items only make it milder. The upper end alone: of duplicates, deliberate or of
a class, nothing follows, and their presence clears nobody. Blind spot: a fifth of duplicates turns
the sign; sets that no index knows; a part of a set small beside it. Look-alike: an evaluation
harness that shards its set over keys. Source: coordination.md, 6.1a, with the account's own draws
kept.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import ndtr, pdtr

from stillwatch.detect.rhythms.nulls import Told
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import I64
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import CONTENT

_NORMAL_FROM = 3.0
"""Standard deviation of the union from which it is taken as normal; below, overlaps as Poisson."""


def measure(shown: Shown) -> Told | None:
    """Count different items, and what accounts on their own would have.

    Grain:   one figure; None below 50 exchanges with an item of a set of known size, or of one
             account.
    Cost:    a sort of those exchanges.
    """
    replayed = shown.run.traffic.exchanges["replay_item_hash"].gather(shown.core.rows)
    if len(replayed) - replayed.null_count() < told_limits.RHYTHM_ITEMS_MIN:
        return None
    items = (
        shown.run.traffic.exchanges.select("replay_source", "replay_item_hash")[shown.core.rows]
        .with_columns(account=pl.Series(shown.core.account))
        .filter(pl.col("replay_item_hash").is_not_null())
    )
    count = items.group_by("replay_source").len().sort("len", "replay_source", descending=True)
    source, sent = count.row(0)
    pool = shown.run.pools.get(source, 0)
    own = items.filter(pl.col("replay_source") == source).unique(["account", "replay_item_hash"])
    taken = np.bincount(own["account"].to_numpy())
    taken = taken[taken > 0]
    if pool < taken.max() or sent < told_limits.RHYTHM_ITEMS_MIN or len(taken) < 2:  # noqa: PLR2004  accounts
        return None
    return compare_union(own["replay_item_hash"].n_unique(), taken, pool)


def compare_union(different: int, taken: I64, pool: int) -> Told:
    """Compare the union of accounts' items with that of random ones.

    Grain:   one figure; `taken` is how many different items each account has.
    Source:  inclusion of each item, and of each pair, in none of the draws.
    """
    missed = float(np.prod(1 - taken / pool))
    both = float(np.prod((1 - taken / pool) * (1 - taken / max(pool - 1, 1)).clip(0)))
    expected = pool * (1 - missed)
    spread = np.sqrt(max(pool * missed * (1 - missed) + pool * (pool - 1) * (both - missed**2), 0))
    if spread >= _NORMAL_FROM:
        p = float(ndtr((expected - different + 0.5) / spread))
    else:
        p = float(pdtr(float(taken.sum() - different), max(taken.sum() - expected, 1e-12)))
    return Told(float(different), expected, min(p, 1.0))


RHYTHMS = (Rhythm("dealt_items", CONTENT, measure),)
