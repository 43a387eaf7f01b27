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

from stillwatch.detect.rhythms.nulls import Told, compare_both, draw_generator, shuffle_labels
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
    pairs, possible = _pair(item[None]), (_pair(account[None])[0], _all_pairs(len(item)))
    if pairs[0] < told_limits.RHYTHM_ITEMS_MIN or possible[0] == 0:
        return None
    drawn = shuffle_labels(account, draw_generator())

    def ratio(labels: I64) -> F64:
        within = _pair(item * (account.max() + 1) + labels)
        across = pairs[0] - within + _HALF
        odds = possible[0] / (possible[1] - possible[0])
        return np.asarray(across / (within + _HALF) * odds)

    return compare_both(float(ratio(account[None])[0]), ratio(drawn))


def _all_pairs(count: int) -> float:
    return count * (count - 1) / 2


def _pair(values: I64) -> F64:
    """Count pairs of equal values. Grain: one per row."""
    ordered = np.sort(values, axis=1)
    same = ordered[:, 1:] == ordered[:, :-1]
    run = np.zeros(len(values))
    total = np.zeros(len(values))
    for is_same in same.T:
        run = np.where(is_same, run + 1, 0)
        total += run
    return total


RHYTHMS = (Rhythm("repeats_cross", CONTENT, measure),)
