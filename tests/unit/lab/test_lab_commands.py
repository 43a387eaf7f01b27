"""The lab's two commands, run as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from stillwatch.domain.errors import InputError
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


@pytest.fixture(scope="module")
def perfect(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A result that is right in everything, and its truth."""
    place = tmp_path_factory.mktemp("perfect")
    lab, result = place / "traffic", place / "result"
    CliRunner().invoke(command_line(), ["simulate", "demo", "--out", str(lab), "--scale", "0.01"])
    result.mkdir()
    roles = pl.read_csv(lab / "truth" / "accounts.csv", infer_schema_length=None)
    guilty = pl.col("role") == "fraud"
    roles.filter(pl.col("exchanges") > 0).select(
        "account_id",
        verdict=pl.when(guilty).then(pl.lit("fraudulent")).otherwise(pl.lit("clear")),
        campaign_id="campaign",
        probability=guilty.cast(pl.Float64),
        predecessor_account_id="replaces",
    ).write_parquet(result / "accounts.parquet")
    pl.read_csv(lab / "truth" / "exchanges.csv").with_columns(membership=pl.lit(1.0)).write_parquet(
        result / "exchanges.parquet"
    )
    return result, lab / "truth"


def test_evaluate_prints_json_for_machines_and_a_table_for_people(
    perfect: tuple[Path, Path],
) -> None:
    """A perfect answer scores one."""
    result, truth = perfect
    asked = ["evaluate", str(result), "--truth", str(truth)]
    scored = json.loads(CliRunner().invoke(command_line(), [*asked, "--json"]).output)
    assert scored["account_recall"] == scored["exchange_recall"] == 1.0
    assert scored["exchange_precision"] == 1.0
    assert scored["false_accounts"] == 0
    assert [one["purity"] for one in scored["campaigns"]] == [1.0, 1.0, 1.0]
    assert scored["successors"]["recall"] == scored["successors"]["precision"] == 1.0
    assert scored["calibration"]["brier"] == 0.0
    shown = CliRunner().invoke(command_line(), asked).output
    assert "verdicts by role" in shown
    assert scored["pivots"]["is_in_truth"] is True
    assert "not in the truth" not in shown


def test_evaluate_takes_several_results_each_with_its_truth(perfect: tuple[Path, Path]) -> None:
    """The means come first; two results of one name are told apart."""
    result, truth = (str(place) for place in perfect)
    asked = ["evaluate", result, result, "--truth", truth, "--truth", truth]
    study = json.loads(CliRunner().invoke(command_line(), [*asked, "--json"]).output)
    assert study["means"]["account_recall"]["estimate"] == 1.0
    names = [one["incident"] for one in study["evaluations"]]
    assert len(set(names)) == 2
    assert "incidents" in CliRunner().invoke(command_line(), asked).output


def test_evaluate_writes_a_page_beside_what_it_prints(
    perfect: tuple[Path, Path], tmp_path: Path
) -> None:
    """The page is whole or not there, and nothing else is left."""
    result, truth = (str(place) for place in perfect)
    page = tmp_path / "evaluation.html"
    asked = ["evaluate", result, "--truth", truth, "--html", str(page)]
    assert "the whole" in CliRunner().invoke(command_line(), asked).output
    assert page.read_text().endswith("</html>")
    assert [place.name for place in tmp_path.iterdir()] == ["evaluation.html"]


def test_every_result_needs_a_truth_of_its_own(perfect: tuple[Path, Path]) -> None:
    """Two results and one truth are refused, and the hint says how."""
    result, truth = (str(place) for place in perfect)
    asked = ["evaluate", result, result, "--truth", truth]
    refused = CliRunner().invoke(command_line(), asked).exception
    assert isinstance(refused, InputError)
    assert "2 results and 1 truths" in str(refused)
