"""What people had answered when a look began: the groups, as they looked then, and what is unused.

Made by the rim, which knows a ledger; read by judging, which knows none. Groups marked innocent are
honest groups of this operator, and count in the tails (`marked.py`). Those that were confirmed are
counted against what was said of them (`reliability.py`) and change nothing. Absent: accounts,
texts, what anything was in truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from stillwatch.detect.dispositions.tables import ANSWERED

INNOCENT = "innocent"
CONFIRMED = "distillation"


@dataclass(frozen=True)
class Answered:
    """The answers that a look goes by."""

    as_of: datetime
    """The look's beginning: no later answer is among them."""
    groups: pl.DataFrame = field(default_factory=ANSWERED.empty)
    """ANSWERED: one row a group, with the last answer about it."""
    unused: dict[str, int] = field(default_factory=dict)
    """How many answers were left out, by why."""

    def with_answer(self, answer: str) -> pl.DataFrame:
        """Give the groups of which people have said something.

        Grain:   ANSWERED, as given.
        """
        return self.groups.filter(pl.col("answer") == answer)
