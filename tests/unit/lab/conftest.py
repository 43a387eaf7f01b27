"""One small demo for every test of the lab: simulated once, read by many."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from stillwatch_lab.simulate import Summary, simulate

SCALE = 0.05


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """A twentieth of the demo's honest accounts, and campaigns of 60 heads."""
    return simulate("demo", out=tmp_path_factory.mktemp("lab") / "demo", scale=SCALE, seed=11)


@pytest.fixture(scope="session")
def roles(demo: Summary) -> pl.DataFrame:
    """Its truth by account."""
    return pl.read_csv(demo.out / "truth" / "accounts.csv", infer_schema_length=None)


@pytest.fixture(scope="session")
def register(demo: Summary) -> pl.DataFrame:
    """Its register, with the role of each account."""
    accounts = pl.read_ndjson(demo.out / "accounts.jsonl", infer_schema_length=None)
    truth = pl.read_csv(demo.out / "truth" / "accounts.csv", infer_schema_length=None)
    return accounts.join(truth, on="account_id")


@pytest.fixture(scope="session")
def exchanges(demo: Summary, roles: pl.DataFrame) -> pl.DataFrame:
    """Its exchanges, with the role and campaign of each account, and instants read."""
    frame = pl.read_parquet(Path(demo.out) / "exchanges-*.parquet")
    moment = pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ")
    return frame.with_columns(moment.alias("moment")).join(roles, on="account_id")
