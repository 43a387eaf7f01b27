"""Observed exchanges of a group, drawn by a stated law: the columns that the sketch reads."""

from __future__ import annotations

import numpy as np
import polars as pl

from stillwatch.domain import limits

WIDTH = limits.EMBEDDING_DIMENSIONS
FIRST_HOUR = 480_000
"""Hours since the epoch; a multiple of 24."""


def observe(
    account: np.ndarray,
    *,
    vectors: np.ndarray,
    hours: np.ndarray,
    parameters: np.ndarray,
    capability: np.ndarray | None = None,
) -> pl.DataFrame:
    """Make the exchanges of some accounts; hours count from the first, parameters are any codes."""
    rows = np.clip(np.rint(vectors), -127, 127).astype(np.int8)
    spread = np.random.default_rng(99).integers(-(2**62), 2**62, 100_000)
    return pl.DataFrame(
        {
            "account_id": [f"acct-{code:04d}" for code in account],
            "hour": FIRST_HOUR + hours.astype(np.int64),
            "embedding": [row.tobytes() for row in rows],
            "parameters_hash": spread[parameters],
            "capability": None if capability is None else [f"cap-{c}" for c in capability],
        },
        schema_overrides={"embedding": pl.Binary, "capability": pl.String},
    )


def draw_group(
    rng: np.random.Generator, *, accounts: int, share: float, each: int = 40
) -> pl.DataFrame:
    """Draw a group of which a known share of the content's variance lies between accounts.

    Hours, parameters and volumes differ between accounts in a like measure: an own hour, an own
    choice of parameters and an own volume in `share` of the cases.
    """
    volumes = np.where(rng.random(accounts) < share, each * 4, each)
    account = np.repeat(np.arange(accounts), volumes)
    own = rng.standard_normal((accounts, WIDTH)) * np.sqrt(share)
    noise = rng.standard_normal((len(account), WIDTH)) * np.sqrt(1 - share)
    keeps = rng.random(len(account)) < share
    hours = np.where(keeps, (account * 7) % 24, rng.integers(0, 24, len(account)))
    day = rng.integers(0, 14, len(account))
    parameters = np.where(keeps, account, accounts + rng.integers(0, 5, len(account)))
    vectors = 30 * (own[account] + noise)
    return observe(account, vectors=vectors, hours=24 * day + hours, parameters=parameters)
