"""How benign windows of one size differ among themselves: what every other window is held against.

Fifth step: benign `Windows` of equal size in, `Usual` out. The null of a window drawn from a pool
is the pool; the null of an *account* is accounts, each narrow in its own way. Both are described by
the same two figures a column, the mean over benign windows and their variance, so that a test never
needs to know which null it stands in.

Deliberately absent: covariances between columns beyond the kernel's principal directions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stillwatch.detect.distribution.items import F64
from stillwatch.detect.distribution.reference import BLOCKS, Reference
from stillwatch.detect.distribution.windows import Windows


@dataclass(frozen=True, slots=True)
class Usual:
    """Mean and variance over benign windows of equal size, column by column."""

    reference: Reference
    size: float
    """Exchanges of a benign window, in the mean; tests expect windows of about that size."""
    kernel: tuple[F64, F64]
    counts: dict[str, tuple[F64, F64]]
    means: F64
    """Mean embedding of each benign window: where benign windows are, one by one."""
    rare_mean: F64
    """Midway between the reference's mean row of words and typing and the benign windows'."""
    rare_noise: F64
    """What exchanges by themselves add to the squares of a benign window's mean, weighed."""


def project_kernel(windows: Windows, reference: Reference) -> F64:
    """Give each window's mean embedding less the reference's, along its principal directions.

    Grain:   one row per window. Cost: features x directions a window.
    """
    mean = windows.kernel / windows.sizes[:, None]
    return np.asarray((mean - reference.kernel_mean) @ reference.directions, np.float64)


def read_shares(windows: Windows, reference: Reference, block: str) -> F64:
    """Give a block of counts per exchange, dense.

    Grain:   one row per window. Cost: the block's width.
    """
    counts = windows.counts[:, reference.columns(block)].toarray()
    return np.asarray(counts / windows.sizes[:, None], np.float64)


def describe_usual(reference: Reference, windows: Windows) -> Usual:
    """Describe benign windows, which must not hold the exchanges that the reference was fitted on.

    Grain:   one description for one size of window.
    Cost:    linear in windows x columns.
    """
    projected = project_kernel(windows, reference)
    shares = {b: read_shares(windows, reference, b) for b in BLOCKS if b != "prompts"}
    rare = np.asarray(windows.rare.sum(axis=0), np.float64).ravel() / windows.sizes.sum()
    return Usual(
        reference,
        float(windows.sizes.mean()),
        (projected.mean(axis=0), projected.var(axis=0)),
        {b: (x.mean(axis=0), x.var(axis=0)) for b, x in shares.items()},
        windows.embedding / windows.sizes[:, None],
        (reference.rarity.mean + rare) / 2,
        (windows.own / windows.sizes[:, None] ** 2).mean(axis=0),
    )
