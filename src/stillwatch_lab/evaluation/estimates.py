"""How sure an evaluation is, as frozen values: intervals, and the reliability table.

Written by `means` and `calibration`, held by the values of `record`, shown and written as JSON with
them. The one idea is theirs: None where there is nothing to say. Absent: any computing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % bootstrap interval."""

    estimate: float
    low: float | None
    """None where fewer than two units were there to resample."""
    high: float | None
    units: int
    """Incidents, or clusters of one incident, that were resampled."""


@dataclass(frozen=True, slots=True)
class Means:
    """The chief figures with their intervals, over incidents or within one."""

    resampled: str
    """`incidents`, or `clusters of one incident`."""
    note: str
    """What was resampled and what the intervals don't cover, as a sentence."""
    replicates: int
    seed: int
    account_recall: Interval | None
    account_recall_at_suspect: Interval | None
    false_discovery: Interval | None
    """Mean realised false-discovery proportion: false over called, 0 where none was called."""
    exchange_recall: Interval | None
    exchange_precision: Interval | None
    exchange_precision_apart: Interval | None


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of the reliability table: accounts whose probability is from `low` up to `high`."""

    low: float
    high: float
    """Not included, but in the last bin."""
    accounts: int
    fraud: int
    mean_probability: float
    fraud_share: float
    share_low: float
    """95 % Wilson interval of `fraud_share`."""
    share_high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far `probability` can be taken at its word."""

    accounts: int
    fraud: int
    permitted_apart: int
    """Honest accounts left out because their verdict is `permitted`."""
    brier: float | None
    brier_of_base_rate: float | None
    """What one would score who gives every account the share of fraud."""
    mean_probability: float | None
    expected_error: float | None
    """Expected calibration error: mean over accounts of how far their bin's share of fraud lies
    from the probability that was said there."""
    bins: tuple[Bin, ...]
    """Those that hold an account."""
