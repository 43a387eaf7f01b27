"""A lake that was compacted, brought back, or given another key is watched as one that was not."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import orjson
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner
from whole_runs import Command

from stillwatch.app.cli import app

pytestmark = pytest.mark.long
TABLES = ("accounts", "groups", "campaigns", "exchanges", "evidence", "harvest", "templates")
REGISTER = ("accounts.jsonl", "permissions.jsonl", "releases.jsonl")


@pytest.fixture(scope="module")
def days(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give the demo's log as a directory a day, and a second one with every tenth record late."""
    place = tmp_path_factory.mktemp("days")
    lines: dict[str, list[bytes]] = defaultdict(list)
    log = (demo / "exchanges-0000.jsonl").read_bytes().splitlines(keepends=True)
    for number, line in enumerate(log):
        day = str(orjson.loads(line)["time"])[:10]
        lines[day if number % 10 else f"{day}-late"].append(line)
    for name, own in lines.items():
        (place / name).mkdir()
        (place / name / "exchanges.jsonl").write_bytes(b"".join(own))
        for other in REGISTER:
            shutil.copy(demo / other, place / name)
    return [place / name for name in sorted(lines)]


def assert_same(watched: Path, expected: Path) -> None:
    """Every table of findings, to the last bit."""
    for name in TABLES:
        found, wanted = (pl.read_parquet(one / f"{name}.parquet") for one in (watched, expected))
        assert_frame_equal(found, wanted, check_exact=True)


def test_compacted_and_brought_back_it_gives_the_same_looks(
    days: list[Path], command: Command, tmp_path: Path
) -> None:
    """Two lakes take the same logs and looks; one is compacted in between, backed up, restored."""
    plain, tended = tmp_path / "lake-plain", tmp_path / "lake-tended"
    days = days[:8]
    for number, day in enumerate(days):
        for lake in (plain, tended):
            command("ingest", day, "--lake", lake)
        if number in {2, 5}:
            command("lake", "compact", tended, "--before", "2999-01-01", "--sweep-now")
        if number == 4:
            for lake in (plain, tended):
                command(
                    "watch", lake, "--out", tmp_path / f"half-{lake.name.removeprefix('lake-')}"
                )
            command("lake", "compact", tended, "--before", "2999-01-01")
    backups = tmp_path / "backups"
    command("backup", "--lake", tended, "--to", backups)
    (backup,) = backups.iterdir()
    command("restore", backup, "--to", tmp_path / "back")
    lakes = {"plain": plain, "tended": tended, "restored": tmp_path / "back" / "lake"}
    for name, lake in lakes.items():
        command("watch", lake, "--out", tmp_path / name)
        told = orjson.loads((tmp_path / name / "run.json").read_bytes())["watch"]
        assert (told["look"], told["is_new_look"]) == (2, True)
        command("watch", lake, "--out", tmp_path / f"again-{name}")
        told = orjson.loads((tmp_path / f"again-{name}" / "run.json").read_bytes())["watch"]
        assert (told["look"], told["is_new_look"]) == (2, False)
    for name in ("tended", "restored", "again-tended"):
        assert_same(tmp_path / name, tmp_path / "plain")
        history = [
            pl.read_parquet(tmp_path / one / "campaign_history.parquet") for one in (name, "plain")
        ]
        assert_frame_equal(history[0], history[1], check_exact=True)
    assert_same(tmp_path / "half-tended", tmp_path / "half-plain")
    assert len(pl.read_parquet(tmp_path / "tended" / "campaigns.parquet"))


def test_after_another_key_a_look_is_a_scan_of_what_came_since(
    days: list[Path], command: Command, tmp_path: Path
) -> None:
    """No row of before has a say, in any table; campaigns keep the ids that they had."""
    lake, new_key = tmp_path / "lake", tmp_path / "new.key"
    half = len(days) // 2 - len(days) // 2 % 2
    for day in days[:half]:
        command("ingest", day, "--lake", lake)
    command("watch", lake, "--out", tmp_path / "before")
    command("key", "rotate", lake, "--new-key", new_key)

    def run(*words: object) -> None:
        environment = {"STILLWATCH_KEY": new_key.read_text().strip()}
        done = CliRunner().invoke(app, [str(one) for one in words], env=environment)
        assert done.exit_code == 0, done.output

    since = tmp_path / "since"
    since.mkdir()
    for number, day in enumerate(days[half:]):
        run("ingest", day, "--lake", lake)
        shutil.copy(day / "exchanges.jsonl", since / f"exchanges-{number:02d}.jsonl")
    for other in REGISTER:
        shutil.copy(days[0] / other, since)
    run("watch", lake, "--out", tmp_path / "after")
    run("scan", since, "--out", tmp_path / "scanned")
    for name in ("groups", "evidence"):
        found, wanted = (
            pl.read_parquet(tmp_path / one / f"{name}.parquet").drop("campaign_id", strict=False)
            for one in ("after", "scanned")
        )
        assert_frame_equal(found, wanted, check_exact=True)
    names = ("account_id", "verdict", "probability", "q_value", "exchanges")
    found, wanted = (
        pl.read_parquet(tmp_path / one / "accounts.parquet").select(names)
        for one in ("after", "scanned")
    )
    assert_frame_equal(found, wanted, check_exact=True)
    told = orjson.loads((tmp_path / "after" / "run.json").read_bytes())
    checks = [one["check"] for one in told["stood_aside"]]
    assert "exchanges under the pseudonym key before" in checks
    before = set(pl.read_parquet(tmp_path / "before" / "campaigns.parquet")["campaign_id"])
    after = set(pl.read_parquet(tmp_path / "after" / "campaigns.parquet")["campaign_id"])
    assert before
    assert before & after
