"""How `bench/peers.py` counts a peer and chooses its threshold by the truth."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

BENCH = Path(__file__).parents[2] / "bench"
TRUTH = pl.DataFrame(
    {
        "account_id": ["h1", "h2", "h3", "h4", "s1", "s2", "s3"],
        "campaign": ["c", "c", "c", "c", None, None, None],
    }
)
ROWS = pl.DataFrame(
    {
        "setting": ["loose"] * 6 + ["tight"] * 3,
        "account_id": ["h1", "h2", "h3", "h4", "s1", "s2", "h1", "h2", "h3"],
        "cluster": [1, 1, 1, 2, 2, 2, 1, 1, 1],
        "score": [3.0] * 9,
    }
)


@pytest.fixture(scope="module")
def bench() -> dict[str, Any]:
    """The counting and the choosing."""
    sys.path.insert(0, str(BENCH))
    try:
        return {
            **runpy.run_path(str(BENCH / "peers_tables.py")),
            **runpy.run_path(str(BENCH / "peers.py")),
        }
    finally:
        sys.path.remove(str(BENCH))


def test_the_truth_chooses_the_best_f1_and_the_best_recall_without_innocents(
    bench: dict[str, Any],
) -> None:
    """All four heads with two strangers (F1 0.8) lose to three heads alone (0.86)."""
    points = list(bench["count_points"](ROWS, TRUTH))
    assert {(p["setting"], p["called"], p["right"], p["guilty"]) for p in points} == {
        ("loose", 6, 4, 4),
        ("tight", 3, 3, 4),
    }
    cell = {"points": points}
    assert bench["choose_best"](cell)["setting"] == "tight"
    assert bench["choose_careful"](cell)["setting"] == "tight"
    loose = {"points": [p for p in points if p["setting"] == "loose"]}
    assert bench["choose_careful"](loose) is None


def test_a_campaign_in_two_clusters_is_as_whole_as_its_larger_piece(bench: dict[str, Any]) -> None:
    """Three of four found heads are in one cluster; who clusters nobody has no pieces."""
    loose = ROWS.filter(setting="loose").join(TRUTH, on="account_id").drop_nulls("campaign")
    assert bench["measure_pieces"](loose) == 0.75
    assert bench["measure_pieces"](loose.with_columns(cluster=pl.lit(None))) is None


def test_a_process_that_is_not_done_in_time_is_ended(bench: dict[str, Any]) -> None:
    """A time-out is a result: it says so, with the seconds that were spent."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    used = bench["run_bounded"](command, 1.0)
    assert used["timed_out"]
    assert 0.9 < used["seconds"] < 20
