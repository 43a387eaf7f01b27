"""Answers as a test would write them down: a group of so many standard deviations, marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from stillwatch.detect.dispositions.answered import Answered
from stillwatch.detect.dispositions.kept import write_witnesses
from stillwatch.detect.dispositions.tables import ANSWERED
from stillwatch.detect.honest_groups import NAMES
from stillwatch.detect.tails import KINDS

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)


def answer(campaign_id: str = "c-1", z: float = 2.0, **facts: object) -> dict[str, Any]:
    """Give a group that was marked innocent, all of whose witnesses lie alike."""
    row: dict[str, Any] = {
        "campaign_id": campaign_id,
        "null_version": "0" * 12,
        "accounts": 20,
        "exchanges": 600,
        "kinds": list(KINDS),
        "witnesses": write_witnesses(np.full(len(NAMES), z)),
        "p_value": 1e-5,
        "probability": 0.99,
        "answer": "innocent",
        "noted_at": AT,
    }
    return row | facts


def answered(rows: Sequence[dict[str, Any]]) -> Answered:
    """Give answers that a look goes by."""
    return Answered(AT, ANSWERED.conform(pl.DataFrame(list(rows), schema=ANSWERED.schema)))
