"""The lab's two commands, run as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import typer
from typer.testing import CliRunner

from stillwatch_lab.commands import register


def command_line() -> typer.Typer:
    """A command line that has the lab's commands alone."""
    app = typer.Typer()
    register(app)
    return app


def test_simulate_writes_a_directory_and_says_what_is_in_it(tmp_path: Path) -> None:
    """One line of counts, one line a campaign."""
    out = tmp_path / "traffic"
    run = CliRunner().invoke(
        command_line(), ["simulate", "demo", "--out", str(out), "--scale", "0.01", "--seed", "5"]
    )
    assert run.exit_code == 0, run.output
    assert (out / "exchanges-0000.parquet").is_file()
    assert "reasoning: 60 accounts" in run.output


def test_evaluate_prints_json_for_machines_and_a_table_for_people(tmp_path: Path) -> None:
    """A perfect answer scores one."""
    lab, result = tmp_path / "traffic", tmp_path / "result"
    CliRunner().invoke(command_line(), ["simulate", "demo", "--out", str(lab), "--scale", "0.01"])
    result.mkdir()
    roles = pl.read_csv(lab / "truth" / "accounts.csv", infer_schema_length=None)
    guilty = pl.col("role") == "fraud"
    roles.filter(pl.col("exchanges") > 0).select(
        "account_id",
        verdict=pl.when(guilty).then(pl.lit("fraudulent")).otherwise(pl.lit("clear")),
        campaign_id="campaign",
    ).write_parquet(result / "accounts.parquet")
    pl.read_csv(lab / "truth" / "exchanges.csv").with_columns(membership=pl.lit(1.0)).write_parquet(
        result / "exchanges.parquet"
    )
    asked = ["evaluate", str(result), "--truth", str(lab / "truth")]
    scored = json.loads(CliRunner().invoke(command_line(), [*asked, "--json"]).output)
    assert scored["account_recall"] == scored["exchange_recall"] == 1.0
    assert scored["exchange_precision"] == 1.0
    assert scored["false_accounts"] == 0
    assert [one["purity"] for one in scored["campaigns"]] == [1.0, 1.0, 1.0]
    assert "verdicts by role" in CliRunner().invoke(command_line(), asked).output
