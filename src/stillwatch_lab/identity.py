"""Identifiers: scattered numbers that say nothing of role, cohort or order.

Used by workers and by `write`. The one idea: a name is a bijection of (cohort, row) or (file, row)
and of the run's secret base, so workers name alike without asking one another, and nobody twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.text import mix

_ROWS: Final = 1 << 32
"""Rows that a cohort or a file may have."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Gives out identifiers of one simulation."""

    base: int

    def name_accounts(self, owner: int, count: int) -> pl.Series:
        """Name the accounts of a cohort.

        Grain:   one string per account, `account_id`. Order: by row.
        """
        keys = mix(np.arange(count) + (self.base + owner * _ROWS))
        return pl.Series("account_id", [f"acct_{key:016x}" for key in keys.tolist()])

    def name_exchanges(self, file: int, count: int) -> pl.Series:
        """Name the exchanges of a file.

        Grain:   one string per exchange, `exchange_id`. Order: by row.
        """
        keys = mix(np.arange(count) + (self.base // 2 + file * _ROWS))
        return ("ex_" + pl.Series("exchange_id", keys).cast(pl.String)).alias("exchange_id")
