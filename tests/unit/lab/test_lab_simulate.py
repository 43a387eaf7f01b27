"""What a simulated directory is: complete, repeatable, of the promised size."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from stillwatch.domain.errors import InputError
from stillwatch.domain.tables import ACCOUNT, EXCHANGE, PERMISSION, RELEASE
from stillwatch_lab.simulate import Output, Summary, simulate


def contents(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, by its relative name."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("file_format", ["parquet", "jsonl", "jsonl.zst"])
def test_one_seed_gives_the_same_bytes_and_another_seed_others(
    tmp_path: Path, file_format: str
) -> None:
    """What is written depends on scenario, scale and seed alone."""
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(
            "honest-groups", out=tmp_path / name, scale=0.1, seed=seed, output=Output(file_format)
        )
    first, again, other = (contents(tmp_path / name) for name in "abc")
    assert first == again
    assert first.keys() == other.keys()
    assert first[f"exchanges-0000.{file_format}"] != other[f"exchanges-0000.{file_format}"]


@pytest.mark.parametrize("workers", [2, 4])
def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path, workers: int) -> None:
    """Shards are drawn from seeds of their own, and files put together in one order."""
    alone, together = tmp_path / "alone", tmp_path / "together"
    simulate("trial", out=alone, scale=0.05, seed=9)
    simulate("trial", out=together, scale=0.05, seed=9, output=Output(workers=workers))
    assert contents(alone) == contents(together)


def test_a_campaign_in_parts_is_one_campaign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn in forty parts or in one: the same heads, as many exchanges, no item twice."""
    simulate("trial", out=tmp_path / "whole", scale=0.05, seed=9)
    monkeypatch.setattr("stillwatch_lab.shards.SHARD_EXCHANGES", 400)
    monkeypatch.setattr("stillwatch_lab.simulate.FILE_EXCHANGES", 3_000)
    simulate("trial", out=tmp_path / "parts", scale=0.05, seed=9)
    whole, parts = (read_harvest(tmp_path / name) for name in ("whole", "parts"))
    assert set(whole["account_id"]) == set(parts["account_id"])
    counts = [frame["campaign"].value_counts(sort=True) for frame in (whole, parts)]
    for name, n in counts[0].iter_rows():
        assert dict(counts[1].iter_rows())[name] == pytest.approx(n, rel=0.05)
    sent = parts.filter(pl.col("status") == 200)
    assert sent["prompt"].n_unique() > 0.999 * sent.height
    assert len(list((tmp_path / "parts").glob("exchanges-*.parquet"))) > 5


def read_harvest(directory: Path) -> pl.DataFrame:
    """The exchanges of campaigns, with the campaign of each."""
    truth = pl.read_csv(directory / "truth" / "exchanges.csv")
    return pl.read_parquet(directory / "exchanges-*.parquet").join(truth, on="exchange_id")


def test_files_follow_one_another_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a log does: no file tells who was drawn together."""
    monkeypatch.setattr("stillwatch_lab.simulate.FILE_EXCHANGES", 1_000)
    simulate("honest-groups", out=tmp_path / "h", scale=0.1, seed=4)
    spans = [
        (frame["time"].min(), frame["time"].max())
        for frame in map(pl.read_parquet, sorted((tmp_path / "h").glob("exchanges-*.parquet")))
    ]
    assert len(spans) > 3
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_both_formats_hold_the_same_exchanges(tmp_path: Path) -> None:
    """The format is a matter of writing, not of drawing."""
    simulate("honest-groups", out=tmp_path / "p", scale=0.1, seed=1)
    simulate("honest-groups", out=tmp_path / "j", scale=0.1, seed=1, output=Output("jsonl"))
    simulate("honest-groups", out=tmp_path / "z", scale=0.1, seed=1, output=Output("jsonl.zst"))
    columns = pl.read_parquet(tmp_path / "p" / "exchanges-0000.parquet")
    lines = pl.read_ndjson(tmp_path / "j" / "exchanges-0000.jsonl", schema=EXCHANGE.schema)
    packed = pl.read_ndjson(tmp_path / "z" / "exchanges-0000.jsonl.zst", schema=EXCHANGE.schema)
    assert packed.equals(lines)
    assert columns.equals(lines)


def test_the_records_are_those_of_the_contract(demo: Summary) -> None:
    """Names of all fields, and types of the exchange's, are those of the published tables.

    But for columns that came later, which no preset draws: its bytes are what they were.
    """
    assert pl.read_parquet(demo.out / "exchanges-0000.parquet").schema == EXCHANGE.schema
    for name, table in (("accounts", ACCOUNT), ("releases", RELEASE), ("permissions", PERMISSION)):
        lines = (demo.out / f"{name}.jsonl").read_text().splitlines()
        assert lines
        names = table.columns.keys() - set(table.later)
        assert all(json.loads(line).keys() == names for line in lines)


def test_the_truth_names_every_account_and_every_harvest_exchange(
    demo: Summary, roles: pl.DataFrame, exchanges: pl.DataFrame
) -> None:
    """Accounts and their counts agree with the traffic; harvest exchanges are of fraud accounts."""
    assert roles["account_id"].n_unique() == roles.height == demo.accounts
    sent = dict(exchanges["account_id"].value_counts().iter_rows())
    assert {a: n for a, n in roles.select("account_id", "exchanges").iter_rows() if n} == sent
    harvest = pl.read_csv(demo.out / "truth" / "exchanges.csv")
    matched = harvest.join(exchanges, on="exchange_id", suffix="_of_account")
    assert matched.height == harvest.height == sum(demo.harvest.values())
    assert matched["campaign"].equals(matched["campaign_of_account"], check_names=False)
    assert matched["role"].unique().to_list() == ["fraud"]


def test_truth_is_nowhere_but_under_truth(demo: Summary) -> None:
    """No file beside `truth/` holds a role or a campaign's name."""
    outside = b"".join(
        text for name, text in contents(demo.out).items() if not name.startswith("truth/")
    )
    text = pl.read_parquet(demo.out / "exchanges-0000.parquet").write_ndjson().encode()
    for word in (b"benign", b"fraud", *(name.encode() + b"-" for name in demo.campaigns)):
        assert word not in outside + text


def test_exchanges_stand_by_time_within_the_week_and_have_ids_of_their_own(
    exchanges: pl.DataFrame,
) -> None:
    """Seven days, sorted, every id once."""
    assert exchanges["exchange_id"].n_unique() == exchanges.height
    assert exchanges["moment"].is_sorted()
    assert (exchanges["moment"].max() - exchanges["moment"].min()).total_seconds() < 7 * 86_400


def test_scale_multiplies_accounts_and_keeps_campaigns_at_sixty(roles: pl.DataFrame) -> None:
    """A twentieth of the honest accounts; no campaign under 60 heads (successors apart)."""
    honest = roles.filter(pl.col("role") != "fraud").height
    assert 0.04 * 7_900 < honest < 0.07 * 7_900
    first = roles.filter((pl.col("role") == "fraud") & pl.col("replaces").is_null())
    assert dict(first["campaign"].value_counts().iter_rows()) == {
        "reasoning": 60,
        "grading": 60,
        "agentic": 60,
    }


def test_every_honest_role_is_in_the_demo(roles: pl.DataFrame) -> None:
    """All look-alikes that the demo promises are there."""
    kinds = (
        "individual app framework office firm class evaluation vpn startup load-balanced partner"
    )
    assert set(roles["role"]) == {"fraud", *(f"benign-{kind}" for kind in kinds.split())}


def test_the_innocent_scenario_holds_no_campaign(tmp_path: Path) -> None:
    """Nobody is guilty, the scale is the contract's, nobody sends above a percent."""
    summary = simulate("innocent", out=tmp_path / "i", scale=0.002, seed=2)
    with (summary.out / "truth" / "accounts.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert summary.campaigns == summary.harvest == {}
    assert len(rows) == pytest.approx(1_000, rel=0.02)
    assert max(int(row["exchanges"]) for row in rows) <= 0.015 * 40 * 1_000
    assert summary.exchanges / len(rows) == pytest.approx(40, rel=0.35)


def test_a_directory_that_exists_is_left_alone(tmp_path: Path) -> None:
    """No overwriting, and no half of a directory where a run failed."""
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="exists"):
        simulate("demo", out=tmp_path / "there", scale=0.01)
    assert list(tmp_path.iterdir()) == [tmp_path / "there"]


@pytest.mark.parametrize(("scenario", "scale"), [("nowhere", 1.0), ("demo", 0.0), ("demo", -1.0)])
def test_what_cannot_be_simulated_is_said_in_a_line(
    tmp_path: Path, scenario: str, scale: float
) -> None:
    """An unknown scenario or a scale that isn't positive is bad usage; nothing is written."""
    with pytest.raises(InputError):
        simulate(scenario, out=tmp_path / "x", scale=scale)
    assert not list(tmp_path.iterdir())


def test_a_run_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory takes its name only when complete."""

    def fail(*_: object, **__: object) -> None:
        message = "disk full"
        raise OSError(message)

    monkeypatch.setattr("stillwatch_lab.simulate.finish_file", fail)
    with pytest.raises(OSError, match="disk full"):
        simulate("honest-groups", out=tmp_path / "x", scale=0.05)
    assert not list(tmp_path.iterdir())
