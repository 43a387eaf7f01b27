"""A list that is worked through in order leaves its order in time, whatever account sends what.

No log has an item's number, and a public set's item is known here by a hash, so that position is
what is kept of a text: its place on the four first principal directions of the core's embeddings,
the account's own mean taken out. The figure is the share of that variance that lies between eighths
of the window: drift that all accounts share. It survives dispatch at random and accounts of their
own; only a full shuffle ends it. Null: accounts that each go their own way or, as likely, the
opposite one, so that own trends stay and the common one goes; upper end. (To turn each account's
own sequence round, as section 6.1d has it, calls own trends a common one: 14 in 100 of independent
accounts that each drift came below 0.01.) Blind spot: a shuffled list, or one of a single subject;
runs of same labels along the list need its index, which nobody has. Look-alike: a class that
follows a syllabus, a team whose project moves on, days and nights of different work. Source:
coordination.md, 6.1d and 6.1e.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.rhythms.nulls import Told, compare_upper
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import F64, I64
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import CONTENT

_DIRECTIONS = 4
"""Principal directions that are a position: of 32 kept dimensions they hold about half."""
_PARTS = 8
"""Parts of the window, each with as many exchanges: about a day of a week."""
_EACH_MIN = 4
"""Exchanges of an account from which it can move."""


def measure(shown: Shown) -> Told | None:
    """Measure the drift that accounts share.

    Grain:   one figure; None of fewer than 10 accounts with four prompts each.
    Cost:    linear in at most 768 exchanges, and draws x accounts x 32.
    """
    most = min(len(shown.core.rows), told_limits.RHYTHM_ORDERED_MAX)
    kept = np.arange(most) * len(shown.core.rows) // max(most, 1)
    vectors = shown.run.traffic.embeddings[shown.core.rows[kept]]
    kept, vectors = kept[vectors.any(axis=1)], vectors[vectors.any(axis=1)]
    account = shown.core.account[kept]
    often = np.bincount(account, minlength=1)[account] >= _EACH_MIN
    kept, vectors = kept[often], vectors[often]
    account = np.unique(shown.core.account[kept], return_inverse=True)[1]
    if len(kept) == 0 or account[-1] + 1 < told_limits.RHYTHM_MEMBERS_MIN:
        return None
    place = _take_place(vectors.astype(np.float64), account)
    by_time = np.argsort(shown.core.at_s[kept], kind="stable")
    part = np.empty(len(kept), np.int64)
    part[by_time] = np.arange(len(kept)) * _PARTS // len(kept)
    return _compare(place, account, part, shown.draw_generator())


def _take_place(vectors: F64, account: I64) -> F64:
    """Give the principal places, accounts' means taken out.

    Grain:   a row an exchange.
    """
    first = np.flatnonzero(np.diff(account, prepend=-1))
    sums = np.add.reduceat(vectors, first)
    own = vectors - (sums / np.bincount(account)[:, None])[account]
    directions = np.linalg.eigh(own.T @ own)[1][:, -_DIRECTIONS:]
    return np.asarray(own @ directions, np.float64)


def _compare(place: F64, account: I64, part: I64, rng: np.random.Generator) -> Told | None:
    """Compare the drift with that of accounts each of which goes its way or the opposite one."""
    total = float((place**2).sum())
    if total <= 0:
        return None
    accounts = int(account[-1]) + 1
    cell, cells = account * _PARTS + part, accounts * _PARTS
    moved = np.column_stack([np.bincount(cell, along, cells) for along in place.T])
    each = np.bincount(part, minlength=_PARTS)[:, None]
    goes = rng.choice([-1.0, 1.0], (told_limits.RHYTHM_PERMUTATIONS + 1, accounts))
    goes[0] = 1.0
    sums = (goes @ moved.reshape(accounts, -1)).reshape(-1, _PARTS, place.shape[1])
    share: F64 = (sums**2 / each).sum(axis=(1, 2)) / total
    return compare_upper(float(share[0]), share[1:])


RHYTHMS = (Rhythm("pool_order", CONTENT, measure),)
