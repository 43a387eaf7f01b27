"""A queue that delivers at least once repeats anywhere; people repeat themselves.

How many times as often two exchanges of different accounts have one prompt as two of one account
do. Null: it doesn't matter who sends, as in one queue: accounts' labels shuffled over the core's
exchanges, 1 is expected, and both ends count. So here a small p-value speaks *against* one queue:
far below 1 for separate people, who send again what they sent before, far above it for a class,
each of whom does the exercise once. Near 1 with many repeats is what is odd, and with few it is
nothing. Blind spot: a queue without repeats, or one that retries on the same account. Look-alike:
keys of one customer behind a gateway. Source: coordination.md, 6.1b.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.rhythms.nulls import Told, compare_both, shuffle_labels
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import F64, I64
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import CONTENT

_HALF = 0.5
"""Added to both counts of pairs: a ratio of none is not endless."""


def measure(shown: Shown) -> Told | None:
    """Compare repeats across accounts with those within.

    Grain:   one figure; None below 50 pairs of equal prompts or 10 accounts.
    Cost:    draws x exchanges, of at most told_limits.RHYTHM_ORDERED_MAX exchanges.
    """
    prompts = shown.run.traffic.exchanges["prompt_hash"].gather(shown.core.rows)
    known = np.flatnonzero(prompts.is_not_null().to_numpy())
    most = min(len(known), told_limits.RHYTHM_ORDERED_MAX)
    known = known[np.arange(most) * len(known) // max(most, 1)]
    item = np.unique(prompts.gather(known).to_numpy(), return_inverse=True)[1]
    account = shown.core.account[known]
    if len(np.unique(account)) < told_limits.RHYTHM_MEMBERS_MIN:
        return None
    pairs = float(_pair(item[None])[0])
    alike, apart = float(_pair(account[None])[0]), len(item) * (len(item) - 1) / 2
    if pairs < told_limits.RHYTHM_ITEMS_MIN or alike == 0:
        return None
    again = np.bincount(item)[item] > 1
    labels = shuffle_labels(account, shown.draw_generator())
    within = _pair(item[again] * (account.max() + 1) + np.vstack([account, labels])[:, again])
    ratio = (pairs - within + _HALF) / (within + _HALF) * alike / (apart - alike)
    return compare_both(float(ratio[0]), ratio[1:])


def _pair(values: I64) -> F64:
    """Count pairs of equal values.

    Grain:   one per row.
    """
    ordered = np.sort(values.astype(np.int32), axis=1)
    begins = np.ones(ordered.shape, np.bool_)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    start = np.flatnonzero(begins)
    size = np.diff(start, append=ordered.size)
    pairs = np.bincount(start // ordered.shape[1], size * (size - 1) / 2, minlength=len(values))
    return np.asarray(pairs, np.float64)


RHYTHMS = (Rhythm("repeats_cross", CONTENT, measure),)
