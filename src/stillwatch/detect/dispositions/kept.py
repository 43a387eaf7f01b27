"""Figures of a group as words, for whoever keeps them: a ledger has lists of words, no matrices.

Exact: what is read back is what was written, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from stillwatch.detect.honest_groups import NAMES
from stillwatch.detect.tails import KINDS
from stillwatch.detect.traffic import F64, Bools


def write_witnesses(placed: F64) -> list[str]:
    """Write the witnesses that speak as `name=z`, exactly.

    Grain:   one word a witness that is heard. Units: standard deviations of honest groups.
    """
    return [f"{n}={z!r}" for n, z in zip(NAMES, placed.tolist(), strict=True) if not np.isnan(z)]


def read_witnesses(words: Iterable[str]) -> F64:
    """Read witnesses back.

    Grain:   one figure per witness of ours.
    Nulls:   what isn't there, is no figure, or is of a witness that is no more, is silent.
    """
    out = np.full(len(NAMES), np.nan)
    for word in words:
        name, _, figure = word.partition("=")
        try:
            z = float(figure)
        except ValueError:
            continue
        if name in NAMES and np.isfinite(z):
            out[NAMES.index(name)] = z
    return out


def read_kinds(words: Sequence[str]) -> Bools:
    """Read the kinds that a group may be of.

    Grain:   one flag per kind. Nulls: one that names none of ours may be of any.
    """
    known = np.array([kind in words for kind in KINDS], np.bool_)
    return known if known.any() else np.ones(len(KINDS), np.bool_)
