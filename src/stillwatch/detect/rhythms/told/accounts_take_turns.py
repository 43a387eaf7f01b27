"""A dispatcher uses its accounts in turn; people come, stay and go.

How much the number of the group's exchanges between two of one account varies: the coefficient of
variation, over all accounts that sent three times. 0 in strict turn, 1 where each exchange goes to
an account at random, some 4 in sessions of people. Null: labels shuffled over a stretch of the
core's exchanges as they follow one another, volumes kept; the lower end: only taking turns is
more even than chance. Blind spot: dispatch at random (1, which is odd beside people and is
no rarity under this null); an operator who plays sessions. Look-alike: balanced keys of one
customer, scheduled jobs of equal period. Source: coordination.md, 6.4b.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.rhythms.nulls import Told, compare_lower, shuffle_labels
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import F64, I64
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import TIMING

_TURNS_MIN = 3
"""Exchanges of an account whose gaps can vary."""


def measure(shown: Shown) -> Told | None:
    """Measure how evenly accounts follow one another.

    Grain:   one figure; None of fewer than 10 accounts that sent three times in the stretch.
    Cost:    draws x a sort of at most told_limits.RHYTHM_ORDERED_MAX exchanges.
    """
    order = np.argsort(shown.core.at_s, kind="stable")
    start = max(len(order) - told_limits.RHYTHM_ORDERED_MAX, 0) // 2
    label = shown.core.account[order[start : start + told_limits.RHYTHM_ORDERED_MAX]]
    if not len(label):
        return None
    sent = np.bincount(label)
    label = label[sent[label] >= _TURNS_MIN]
    code, label = np.unique(label, return_inverse=True)
    if len(code) < told_limits.RHYTHM_MEMBERS_MIN:
        return None
    drawn = vary_gaps(shuffle_labels(label.astype(np.int16), shown.draw_generator()))
    return compare_lower(float(vary_gaps(label[None])[0]), drawn)


def vary_gaps(labels: I64) -> F64:
    """Give the spread of accounts' gaps over each account's mean, accounts by their gaps.

    Grain:   one per row of labels; in each row every label comes as often, three times or more.
    """
    place = np.argsort(labels, axis=1, kind="stable")
    sent = np.bincount(labels[0])
    gap = np.diff(place, axis=1).astype(np.float64)
    last = np.cumsum(sent)[:-1] - 1
    gap = np.delete(gap, last, axis=1)
    start = np.cumsum(sent - 1) - (sent - 1)
    mean = np.add.reduceat(gap, start, axis=1) / (sent - 1)
    apart = gap / np.repeat(mean, sent - 1, axis=1) - 1
    return np.asarray(np.sqrt((apart**2).mean(axis=1)))


RHYTHMS = (Rhythm("rotation", TIMING, measure),)
