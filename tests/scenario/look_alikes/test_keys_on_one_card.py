"""Look-alike: customers whose many keys share a card and declare nobody. Expected: none is called.

Whole runs over simulated incidents without a campaign: the honest population of the contract, and
in it ten such customers of every sort that the lab draws.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from stillwatch.app.pipeline import run_scan
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import ScanRequest
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch_lab.scenarios import choose
from stillwatch_lab.simulate import simulate

NOW = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
KEY = PseudonymKey.from_bytes(bytes(range(16)))
ROLE = "benign-card-keys"
CUSTOMERS = 10


def judge(folder: Path, seed: int) -> pl.DataFrame:
    """Simulate and scan one incident; give verdict, role and group of every account."""
    traffic, result = folder / "traffic", folder / "result"
    innocent = choose("innocent", asked={"card-keys": CUSTOMERS})
    simulate(innocent, out=traffic, scale=0.003, seed=seed)
    request = ScanRequest(traffic, result)
    run_scan(request, settings=Settings(), key=KEY, now=NOW, progress=QuietProgress())
    truth = pl.read_csv(traffic / "truth" / "accounts.csv", infer_schema_length=None)
    told = pl.read_parquet(result / "accounts.parquet")
    return told.join(truth.select("account_id", "role", "group"), on="account_id")


@pytest.mark.parametrize(
    "seed",
    [15001, 15008],
)
def test_no_customer_with_keys_on_one_card_is_called(tmp_path: Path, seed: int) -> None:
    """Nothing `fraudulent`: not the keys, and nobody beside them."""
    told = judge(tmp_path, seed)
    assert told.filter(pl.col("role") == ROLE)["group"].n_unique() == CUSTOMERS
    called = told.filter(pl.col("verdict") == "fraudulent")
    assert called.is_empty(), called["group"].unique().to_list()
