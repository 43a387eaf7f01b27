"""`stillwatch backtest` over finished results, the answers it counts against, and `--policy`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from made_result import HEADS, make_result
from typer.testing import CliRunner, Result

from stillwatch.app.cli import app
from stillwatch.app.commands.backtest.answers import read_answers
from stillwatch.app.steps.policies import read_policy
from stillwatch.decide.policy.shipped import shipped_text
from stillwatch.domain.errors import BadPolicy, InputError
from stillwatch.domain.results import PROFILE

_KEY = {"STILLWATCH_KEY": "000102030405060708090a0b0c0d0e0f", "COLUMNS": "200"}


def run(*args: object) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, [str(one) for one in args], env=_KEY)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Write the shipped policy as somebody's own."""
    path = tmp_path / "house.yaml"
    path.write_text(shipped_text())
    return path


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """Make a result by hand."""
    return make_result(tmp_path / "monday")


def test_a_result_is_replayed_as_one_look(policy: Path, result: Path) -> None:
    """Who is hit, by which rule; that there is one look alone and no register is said."""
    found = run("backtest", policy, "--result", result)
    assert found.exit_code == 0, found.output
    for piece in ("holds one look", "no register", "no answers", "sure", "2 accounts hit"):
        assert piece in found.stdout


def test_a_machine_gets_all_of_it(policy: Path, result: Path, tmp_path: Path) -> None:
    """Totals, rules, looks, guards and every account, against analysts' answers."""
    answers = tmp_path / "answers.csv"
    answers.write_text(f"account_id,disposition\n{HEADS[0]},innocent\n{HEADS[1]},fraudulent\n")
    found = run("backtest", policy, "--result", result, "--dispositions", answers, "--json")
    told = json.loads(found.stdout)
    assert {"policy", "notes", "totals", "rules", "days", "guards", "hits"} == set(told)
    assert told["totals"]["innocents_hit"] == 1
    assert [one["account_id"] for one in told["hits"]] == list(HEADS[:2])
    assert told["rules"][0] | {"rule": "sure", "accounts_hit": 2} == told["rules"][0]


def test_results_are_replayed_in_the_order_of_their_traffic(policy: Path, tmp_path: Path) -> None:
    """Whatever the order in which they are named; accounts that are hit once count once."""
    places = [make_result(tmp_path / name) for name in ("later", "sooner")]
    for place, hour in zip(places, (500_000, 400_000), strict=True):
        _profile(hour).write_parquet(place / "profiles.parquet")
    args = [part for place in places for part in ("--result", place)]
    told = json.loads(run("backtest", policy, *args, "--json").stdout)
    assert [one["name"] for one in told["days"]] == ["sooner", "later"]
    assert [one["accounts_hit"] for one in told["days"]] == [2, 0]
    assert told["totals"]["harvest_exchanges_prevented"] == 0  # 30 days are over before the later


def _profile(hour: int) -> pl.DataFrame:
    """Give the profile of one head's one hour."""
    day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).date()
    row = dict.fromkeys(PROFILE.columns, 0) | {
        "account_id": HEADS[0],
        "day": day,
        "exchanges": 7,
        "output_tokens": 70,
        "harvest_like": 0.0,
        "first_hour": hour,
        "last_hour": hour,
    }
    return pl.DataFrame([row], schema=PROFILE.schema)


@pytest.mark.parametrize("also", [[], ["--lake", "lake", "--result", "r"]])
def test_history_comes_from_one_source(policy: Path, also: list[str]) -> None:
    """A lake or results: one line, exit code 2."""
    found = run("backtest", policy, *also)
    assert found.exit_code == 2
    assert "either --lake LAKE or --result RESULT" in found.stderr


def test_a_wrong_policy_is_refused_with_all_its_problems(tmp_path: Path) -> None:
    """A line a problem, `file:line:column`, each with its hint; nothing has begun."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(shipped_text().replace("then: suspend", "then: suspnd").replace("30d", "x"))
    for command in (("scan", tmp_path, "--out", tmp_path / "run"), ("watch", "l", "--out", "r")):
        found = run(*command, "--policy", wrong)
        assert found.exit_code == 2
        lines = found.stderr.splitlines()
        assert [one.startswith(("error: ", "hint: ")) for one in lines] == [True] * 4
        assert f"{wrong}:9:14: here stands a duration" in lines[0]
        assert "did you mean `suspend`?" in lines[3]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("content", "says"), [(None, "No such file"), (b"\xff", "no UTF-8")])
def test_a_file_that_is_no_text_is_refused(
    content: bytes | None, says: str, tmp_path: Path
) -> None:
    """Absent, or bytes."""
    path = tmp_path / "policy.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadPolicy, match=says):
        read_policy(path)


def test_answers_are_read_from_both_sources_and_analysts_come_first(tmp_path: Path) -> None:
    """The lab's roles; dispositions as CSV or JSON lines; other words are no answer."""
    (tmp_path / "truth").mkdir()
    roles = "account_id,role,campaign\na,fraud,c\nb,benign-people,\nc,fraud,c\n"
    (tmp_path / "truth" / "accounts.csv").write_text(roles)
    lines = tmp_path / "answers.jsonl"
    rows = [("c", "Innocent"), ("d", "fraudulent"), ("e", "unsure")]
    lines.write_text(
        "".join(json.dumps({"account_id": a, "disposition": d}) + "\n" for a, d in rows)
    )
    expected = {"a": False, "b": True, "c": True, "d": False}
    for place in (tmp_path, tmp_path / "truth"):
        found = read_answers(place, dispositions=lines)
        assert dict(found.select("account_id", "is_innocent").iter_rows()) == expected
    assert read_answers(None, dispositions=None).height == 0


@pytest.mark.parametrize("content", ["account_id,role\n", "account_id\na\n", None])
def test_answers_that_are_no_table_are_refused(content: str | None, tmp_path: Path) -> None:
    """Missing, or without its column."""
    path = tmp_path / "answers.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError):
        read_answers(None, dispositions=path)


def test_the_schema_of_a_policy_is_published() -> None:
    """By name, and in the list."""
    assert json.loads(run("schema", "policy").stdout)["title"] == "policy"
    assert "rulings" in run("schema").stdout
