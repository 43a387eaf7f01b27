"""What the fixtures of whole-run tests are: their types, and the key that all runs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl
from typer.testing import Result

from stillwatch.app.pipeline import run_scan
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import ScanRequest
from stillwatch.app.settings import utc_now
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch_lab.scenarios import Scenario
from stillwatch_lab.simulate import simulate

SECRET: Final = "000102030405060708090a0b0c0d0e0f"  # noqa: S105  a key for tests alone
Command = Callable[..., Result]
"""Runs a command: its arguments, and `code=` where another exit code than 0 is expected."""
Write = Callable[..., Path]
"""Writes a file (its name, and bytes or rows) into a traffic directory, which it gives back."""


def scan_played(folder: Path, scenario: Scenario, *, scale: float, seed: int) -> pl.DataFrame:
    """Play a scenario and scan it: what was said of each account, and its role and campaign."""
    traffic, result = folder / "traffic", folder / "result"
    simulate(scenario, out=traffic, scale=scale, seed=seed)
    run_scan(
        ScanRequest(traffic, result),
        settings=Settings(),
        key=PseudonymKey.from_bytes(bytes(range(16))),
        now=utc_now(),
        progress=QuietProgress(),
    )
    truth = pl.read_csv(traffic / "truth" / "accounts.csv", infer_schema_length=None)
    return pl.read_parquet(result / "accounts.parquet").join(
        truth.select("account_id", "role", "campaign"), on="account_id"
    )
