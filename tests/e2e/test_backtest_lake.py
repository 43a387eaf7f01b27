"""A backtest over a small simulated lake: its looks again, or its evenings, with the truth."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import polars as pl
import pytest
from whole_runs import Command

from stillwatch.decide.policy.shipped import shipped_text
from stillwatch.domain.results import TAKING


@pytest.fixture(scope="module")
def lake(demo: Path, command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a lake that holds the demo."""
    place = tmp_path_factory.mktemp("backtest") / "lake"
    command("ingest", demo, "--lake", place)
    return place


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the shipped policy as somebody's own."""
    path = tmp_path_factory.mktemp("policy") / "house.yaml"
    path.write_text(shipped_text())
    return path


def test_evenings_show_who_would_have_been_hit_when(
    lake: Path, policy: Path, demo: Path, command: Command
) -> None:
    """Heads and no innocent; half of the harvest at least would have been prevented."""
    found = command("backtest", policy, "--lake", lake, "--truth", demo / "truth", "--json")
    told = json.loads(found.stdout)
    assert any("nobody has looked" in note for note in told["notes"])
    roles = dict(pl.read_csv(demo / "truth/accounts.csv").select("account_id", "role").iter_rows())
    assert {roles[one["account_id"]] for one in told["hits"]} == {"fraud"}
    totals = told["totals"]
    assert len(told["days"]) == totals["looks"] == 7
    assert totals["accounts_hit"] >= 170
    assert totals["innocents_hit"] == totals["innocent_exchanges_refused"] == 0
    seen, prevented = totals["harvest_exchanges_seen"], totals["harvest_exchanges_prevented"]
    assert seen / 2 < prevented < seen
    assert {one["guard"] for one in told["guards"]} == {"protected"}


def test_a_look_that_was_taken_is_taken_again_and_decides_as_it_did(
    lake: Path, policy: Path, command: Command, tmp_path: Path
) -> None:
    """Whom the watch suspended the backtest hits; one look is said to be one."""
    result = tmp_path / "look"
    command("watch", lake, "--out", result, "--policy", policy)
    told = json.loads(command("backtest", policy, "--lake", lake, "--json").stdout)
    assert [one["name"] for one in told["days"]] == ["look 1"]
    assert any("one look" in note for note in told["notes"])
    decisions = [
        orjson.loads(one) for one in (result / "decisions.jsonl").read_bytes().splitlines()
    ]
    hit = {one["account_id"] for one in decisions if one["effect"] in TAKING}
    assert {one["account_id"] for one in told["hits"]} == hit
    assert hit


def test_a_policy_of_one_s_own_decides_a_scan(
    demo: Path, scanned: Path, command: Command, tmp_path: Path
) -> None:
    """A throttle with its rate in the rulings; findings are the same, and guards tell."""
    rules = (
        "policy: slow\nlanguage: 1\n"
        "guards: {blast_radius: {accounts: 100%}, cool_down: 0d, four_eyes: {above_accounts: 62}}\n"
        "budgets: [{name: b, when: {kind: distillation}, exchanges_per_hour: 9, for: 1d}]\n"
        "rules:\n  - {name: slow, when: {verdict: fraudulent}, then: throttle, "
        "exchanges_per_hour: 5, for: 1d}\n"
    )
    own = tmp_path / "slow.yaml"
    own.write_text(rules)
    result = tmp_path / "run"
    command("scan", demo, "--out", result, "--policy", own)
    assert pl.read_parquet(result / "accounts.parquet").equals(
        pl.read_parquet(scanned / "accounts.parquet")
    )
    decisions = [
        orjson.loads(one) for one in (result / "decisions.jsonl").read_bytes().splitlines()
    ]
    assert {one["effect"] for one in decisions} == {"throttle", "review"}
    told = orjson.loads((result / "run.json").read_bytes())["policy"]
    assert told["policy"] == "slow"
    assert {one["guard"] for one in told["stopped"]} >= {"four_eyes"}
    rulings = pl.read_parquet(result / "rulings.parquet")
    assert set(rulings["effect"]) == {"throttle"}
    assert set(rulings["parameters"]) == {'{"exchanges_per_hour":5}'}
    assert pl.read_parquet(result / "budgets.parquet").height == 3


def test_a_scan_without_a_policy_gives_the_columns_that_it_gave(scanned: Path) -> None:
    """Rows of the gateway's table are as they were."""
    rows = (scanned / "decisions.jsonl").read_bytes().splitlines()
    columns = ["decision_id", "account_id", "effect", "reason", "expires_at", "basis"]
    assert rows
    assert {tuple(orjson.loads(one)) for one in rows} == {tuple(columns)}
