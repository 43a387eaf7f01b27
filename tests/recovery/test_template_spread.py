"""Where known templates land: a simulated incident, and the truth that only this test reads."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from stillwatch.app.commands.lists.find import find_templates
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import Source
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch_lab.simulate import Output, simulate

KEY = PseudonymKey.from_bytes(bytes(range(16)))
TIED = ("fraud", "benign-class", "benign-office", "benign-firm", "benign-partner")
PURE = 0.8
"""Share of a template's accounts that must have a role for it to be that role's."""


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Find the templates of a small demo, and name whose each is."""
    folder: Path = tmp_path_factory.mktemp("templates")
    traffic, out = folder / "traffic", folder / "out"
    simulate("demo", out=traffic, scale=0.1, seed=41, output=Output("parquet"))
    found = find_templates(
        Source(traffic), out=out, book=None, settings=Settings(), key=KEY, progress=QuietProgress()
    )
    cover = pl.read_parquet(out / "template_cover.parquet")
    truth = pl.read_csv(traffic / "truth/accounts.csv").select("account_id", "role")
    key = ["place", "template_id"]
    holders = cover.select(*key, "account_id").unique().join(truth, on="account_id")
    roles = holders.group_by(*key, "role").agg(pl.len().alias("own"))
    shares = roles.with_columns((pl.col("own") / pl.col("own").sum().over(key)).alias("share"))
    return found.join(shares.filter(pl.col("share") >= PURE), on=key)


def test_no_template_of_tied_accounts_reads_public(figures: pl.DataFrame) -> None:
    """Campaigns, classes, offices, firms and partners; nine of ten read cohort."""
    tied = figures.filter(pl.col("role").is_in(TIED) & (pl.col("actors") >= 10))
    assert len(tied) > 50
    assert "public" not in tied["reading"]
    assert (tied["reading"] == "cohort").mean() > 0.9


def test_no_widely_sent_text_of_a_public_framework_reads_cohort(figures: pl.DataFrame) -> None:
    """Of those that forty accounts send none; the one that most send reads public."""
    framework = figures.filter(
        (pl.col("role") == "benign-framework")
        & (pl.col("place") == "system")
        & (pl.col("actors") >= 40)
    ).sort("actors", descending=True)
    assert framework["reading"][0] == "public"
    assert set(framework["reading"]) <= {"public", "open"}
