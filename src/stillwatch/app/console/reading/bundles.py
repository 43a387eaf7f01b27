"""Which accounts are drawn together: a table of who holds what becomes a few bundles.

Values that the same accounts hold become one; then the accounts are divided by one value after
another, as long as the bundles stay few and hardly any account is left over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Row = dict[str, Any]
Holds = NDArray[np.bool_]
"""Accounts down, values across."""

TRAITS_MAX: Final = 16
"""Values that are drawn: more can't be told apart on a screen."""
_SAME: Final = 0.9
"""Overlap (Jaccard) from which two values of a channel are drawn as one."""
BUNDLES_MAX: Final = 16
_BUNDLE_SHARE_MIN: Final = 0.01
_EVERYBODY: Final = 0.97


def fold_values(traits: Sequence[Row], holds: Holds) -> tuple[list[Row], Holds]:
    """Make one of values of a channel that nearly the same accounts hold, and keep the first."""
    kept: list[int] = []
    for column, trait in enumerate(traits):
        for other in kept:
            if traits[other]["channel"] == trait["channel"]:
                both = (holds[:, column] & holds[:, other]).sum()
                either = (holds[:, column] | holds[:, other]).sum()
                if both >= _SAME * either:
                    traits[other]["values"] += 1
                    first = traits[other]["label"].partition(" (+")[0]
                    traits[other]["label"] = f"{first} (+{traits[other]['values'] - 1})"
                    break
        else:
            kept.append(column)
    kept = kept[:TRAITS_MAX]
    return [traits[column] for column in kept], holds[:, kept]


def label_bundles(holds: Holds) -> NDArray[np.int64]:
    """Divide accounts by values, one after another, as long as the bundles stay few.

    Small bundles go into the last, which is a mixed one.
    """
    number = len(holds)
    least = max(2, math.ceil(_BUNDLE_SHARE_MIN * number))
    labels = np.zeros(number, dtype=np.int64)
    shares = holds.mean(axis=0) if holds.size else np.zeros(0)
    for column in range(holds.shape[1]):
        if not 1 - _EVERYBODY <= shares[column] <= _EVERYBODY:
            continue
        _, finer = np.unique(labels * 2 + holds[:, column], return_inverse=True)
        sizes = np.bincount(finer)
        small = sizes < least
        if (~small).sum() + bool(small.any()) <= BUNDLES_MAX and sizes[small].sum() <= number / 4:
            labels = finer
    return _by_size(labels, least)


def _by_size(labels: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    sizes = np.bincount(labels)
    large = np.flatnonzero(sizes >= least)
    order = large[np.argsort(-sizes[large], kind="stable")]
    names = np.full(len(sizes), len(order), dtype=np.int64)
    names[order] = np.arange(len(order))
    return names[labels]
