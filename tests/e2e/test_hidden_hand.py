"""A campaign that shares nothing but its queue, among the whole catalogue of look-alikes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from stillwatch.app.pipeline import run_scan
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import ScanRequest
from stillwatch.app.settings import utc_now
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch_lab.scenarios import choose
from stillwatch_lab.simulate import simulate

FLEETS = {"fleet": 8, "card-fleet": 8}
"""More honest customers who hand on out of sight than the scenario has by itself."""


@pytest.mark.long
def test_the_hand_behind_a_phantom_is_called_and_no_fleet_is(tmp_path: Path) -> None:
    """Half of the heads, those that a refused request betrays; nobody else is `fraudulent`."""
    traffic, result = tmp_path / "traffic", tmp_path / "result"
    simulate(choose("phantom", asked=FLEETS), out=traffic, scale=0.03, seed=8101)
    run_scan(
        ScanRequest(traffic, result),
        settings=Settings(),
        key=PseudonymKey.from_bytes(bytes(range(16))),
        now=utc_now(),
        progress=QuietProgress(),
    )
    truth = pl.read_csv(traffic / "truth" / "accounts.csv", infer_schema_length=None)
    told = pl.read_parquet(result / "accounts.parquet").join(
        truth.select("account_id", "role"), on="account_id"
    )
    called = told.filter(verdict="fraudulent")
    assert set(called["role"]) == {"fraud"}
    assert called.height >= 0.4 * told.filter(role="fraud").height
    assert called["campaign_id"].n_unique() == 1
