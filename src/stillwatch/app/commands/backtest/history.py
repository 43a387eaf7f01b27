"""What a backtest is given: looks, traffic, and what has to be said of both."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from stillwatch.decide.backtest import Look

ONE_LOOK = "history holds one look: of what came after it nothing, or next to nothing, is known"


@dataclass(frozen=True)
class History:
    """Looks in time order, and what all accounts sent."""

    looks: list[Look]
    traffic: pl.DataFrame
    """TRAFFIC"""
    notes: tuple[str, ...] = ()
    """What this history can't show, a sentence each."""

    def remarks(self) -> list[str]:
        """Give the notes, and whether there is only one look."""
        return [*([ONE_LOOK] if len(self.looks) == 1 else []), *self.notes]
