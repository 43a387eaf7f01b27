"""Two campaigns through one proxy stay two, and one campaign over two proxies is one."""

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


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["one-proxy", "two-proxies"])
def test_there_are_as_many_campaigns_as_operators(scenario: str, tmp_path: Path) -> None:
    """Every campaign whole and alone: nine heads of ten called, and nobody of another's."""
    traffic, result = tmp_path / "traffic", tmp_path / "result"
    simulate(choose(scenario), out=traffic, scale=0.015, seed=8201)
    run_scan(
        ScanRequest(traffic, result),
        settings=Settings(),
        key=PseudonymKey.from_bytes(bytes(range(16))),
        now=utc_now(),
        progress=QuietProgress(),
    )
    truth = pl.read_csv(traffic / "truth" / "accounts.csv", infer_schema_length=None)
    told = pl.read_parquet(result / "accounts.parquet").join(
        truth.select("account_id", "role", "campaign"), on="account_id"
    )
    called = told.filter(verdict="fraudulent")
    assert set(called["role"]) == {"fraud"}
    assert called.height >= 0.9 * told.filter(role="fraud").height
    pairs = called.select("campaign", "campaign_id").unique()
    assert pairs["campaign"].n_unique() == pairs["campaign_id"].n_unique() == pairs.height
