"""Can `probability` be taken at its word? A reliability table and the Brier score.

Reads a `Case`; gives a `Calibration`. The one idea: bins are narrow at both ends, where nearly all
accounts are and where a verdict is decided; ten bins of one width would hold all in two. Honest
accounts with verdict `permitted` are set apart: they harvest, and the truth calls them benign.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.evaluation.case import Case
from stillwatch_lab.evaluation.counting import PERMITTED, is_guilty, ratio
from stillwatch_lab.evaluation.estimates import Bin, Calibration

EDGES: Final = (0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)
"""Edges of the bins, symmetric; the verdicts' bars (0.99 on average) are among them."""
Z_95: Final = 1.959964
"""Two-sided 95 % quantile of the standard normal distribution."""

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def calibrate(case: Case, *, tied: bool = False) -> Calibration:
    """Tabulate and score the probabilities of one incident against its truth.

    Grain:   all accounts; with `tied`, those in groups of tied accounts, of whom it is hard to say:
             nearly all others are honest, said to be, and would make any error look small.

    Units:   `brier` is the mean of (probability - guilt)², 0 best; `brier_of_base_rate` is
             s (1 - s) with s the share of fraud: a score above it is worse than knowing nothing.
    Nulls:   an account without a probability (it is in no result) doesn't take part; without any
             account the scores are None and there is no bin.
    Source:  Brier 1950; reliability table: Murphy & Winkler 1977; interval: Wilson 1927; expected
             error: Naeini et al. 2015, over these bins.
    """
    known = case.judged.drop_nulls(["probability", *(["group_id"] if tied else [])])
    is_apart = (pl.col("verdict") == PERMITTED) & ~is_guilty()
    pairs = known.filter(~is_apart).select("probability", fraud=is_guilty())
    said = np.clip(pairs["probability"].to_numpy().astype(np.float64), 0.0, 1.0)
    true = pairs["fraud"].to_numpy().astype(np.float64)
    return _sum_up(
        _fill_bins(said, true),
        squares=float(((said - true) ** 2).sum()),
        apart=known.height - pairs.height,
    )


def merge_calibrations(parts: Sequence[Calibration]) -> Calibration:
    """Put the tables of several incidents together, exactly: all accounts in one.

    Order:   irrelevant but for rounding.
    """
    places = sorted({row.low for part in parts for row in part.bins})
    return _sum_up(
        tuple(
            _merge([row for part in parts for row in part.bins if row.low == low]) for low in places
        ),
        squares=sum((part.brier or 0.0) * part.accounts for part in parts),
        apart=sum(part.permitted_apart for part in parts),
    )


def _sum_up(bins: tuple[Bin, ...], *, squares: float, apart: int) -> Calibration:
    accounts, fraud = (sum(getattr(row, name) for row in bins) for name in ("accounts", "fraud"))
    share = ratio(fraud, accounts)
    said = sum(row.mean_probability * row.accounts for row in bins)
    return Calibration(
        accounts=accounts,
        fraud=fraud,
        permitted_apart=apart,
        brier=squares / accounts if accounts else None,
        brier_of_base_rate=None if share is None else share * (1.0 - share),
        mean_probability=said / accounts if accounts else None,
        expected_error=sum(
            row.accounts / accounts * abs(row.mean_probability - row.fraud_share) for row in bins
        )
        if accounts
        else None,
        bins=bins,
    )


def _merge(rows: Sequence[Bin]) -> Bin:
    said = sum(row.mean_probability * row.accounts for row in rows)
    accounts, fraud = sum(row.accounts for row in rows), sum(row.fraud for row in rows)
    return _make_bin((rows[0].low, rows[0].high), accounts=accounts, fraud=fraud, said=said)


def _fill_bins(said: Floats, true: Floats) -> tuple[Bin, ...]:
    place = np.clip(np.searchsorted(EDGES, said, side="right") - 1, 0, len(EDGES) - 2)
    return tuple(
        _make_bin(
            (EDGES[index], EDGES[index + 1]),
            accounts=int((place == index).sum()),
            fraud=int(true[place == index].sum()),
            said=float(said[place == index].sum()),
        )
        for index in np.unique(place).tolist()
    )


def _make_bin(edges: tuple[float, float], *, accounts: int, fraud: int, said: float) -> Bin:
    share_low, share_high = wilson(fraud, accounts)
    return Bin(
        low=edges[0],
        high=edges[1],
        accounts=accounts,
        fraud=fraud,
        mean_probability=said / accounts,
        fraud_share=fraud / accounts,
        share_low=share_low,
        share_high=share_high,
    )


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Give the 95 % interval of a share; it says something where the share is 0 or 1, too.

    Source:  Wilson 1927: (k + z²/2 ± z √(k (n - k) / n + z²/4)) / (n + z²).
    """
    z2 = Z_95**2
    middle = part + z2 / 2
    half = Z_95 * float(np.sqrt(part * (whole - part) / whole + z2 / 4))
    low = (middle - half) / (whole + z2) if part else 0.0
    return low, (middle + half) / (whole + z2) if part < whole else 1.0
