"""What a terminal and a machine are told of campaigns: the report's own headline."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from made_result import make_result, run_of

from stillwatch.app.commands.scan import show_outcome
from stillwatch.app.requests import ScanOutcome
from stillwatch.domain.results import ACCOUNTS_OUT
from stillwatch.store.results import file_of


def outcome_of(out: Path, verdict: str) -> ScanOutcome:
    """Give a run whose only campaign has accounts of one verdict alone."""
    path = make_result(out) / file_of(ACCOUNTS_OUT)
    said = pl.when(pl.col("campaign_id").is_null()).then("verdict").otherwise(pl.lit(verdict))
    pl.read_parquet(path).with_columns(verdict=said).write_parquet(path)
    return ScanOutcome(out, run_of(8), quarantined_share=0.0)


@pytest.mark.parametrize(
    ("verdict", "title", "line"),
    [
        ("fraudulent", "1 campaign found in", "c-one  3 accounts"),
        ("suspect", "No campaign found, 1 group to look at, in", "c-one  to look at: 3 accounts"),
        ("permitted", "No campaign found, 1 permitted, in", "c-one  permitted: 3 accounts"),
    ],
)
def test_a_campaign_is_found_only_where_somebody_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verdict: str, title: str, line: str
) -> None:
    """The first line is graded as the report is, and each group says which it is."""
    show_outcome(outcome_of(tmp_path / "run", verdict), as_json=False)
    said = capsys.readouterr().out
    assert said.startswith(f"{title} 208 exchanges of 8 accounts\n  {line}")


def test_a_machine_is_told_the_grade(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the headline's words, as numbers, and campaign by campaign."""
    show_outcome(outcome_of(tmp_path / "run", "suspect"), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["headline"] == "No campaign found, 1 group to look at"
    assert told["campaigns_by_grade"] == {"found": 0, "to_look_at": 1, "permitted": 0}
    assert told["campaigns"][0]["grade"] == "to_look_at"
