"""Look-alikes: customers whose many keys do one work. Expected: none is called.

Whole runs over simulated incidents without a campaign: the honest population of the contract, and
in it ten customers of a sort: keys on one card that declare nobody, and workers at several sites
that hand requests on out of sight, for whom a name stands or a card.
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
CUSTOMERS = 10


def judge(folder: Path, kind: str, seed: int) -> pl.DataFrame:
    """Simulate and scan one incident; give verdict, role and group of every account."""
    traffic, result = folder / "traffic", folder / "result"
    innocent = choose("innocent", asked={kind: CUSTOMERS})
    simulate(innocent, out=traffic, scale=0.003, seed=seed)
    request = ScanRequest(traffic, result)
    run_scan(request, settings=Settings(), key=KEY, now=NOW, progress=QuietProgress())
    truth = pl.read_csv(traffic / "truth" / "accounts.csv", infer_schema_length=None)
    told = pl.read_parquet(result / "accounts.parquet")
    return told.join(truth.select("account_id", "role", "group"), on="account_id")


@pytest.mark.parametrize(
    ("kind", "seed"),
    [("card-keys", 15001), ("card-keys", 15008), ("fleet", 15021), ("card-fleet", 15022)],
)
def test_no_customer_with_several_keys_is_called(tmp_path: Path, kind: str, seed: int) -> None:
    """Nothing `fraudulent`: not the keys, and nobody beside them."""
    told = judge(tmp_path, kind, seed)
    assert told.filter(pl.col("role") == f"benign-{kind}")["group"].n_unique() == CUSTOMERS
    called = told.filter(pl.col("verdict") == "fraudulent")
    assert called.is_empty(), called["group"].unique().to_list()
