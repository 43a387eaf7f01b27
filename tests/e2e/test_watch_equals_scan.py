"""Day by day is as all at once: a watch after any ingests equals one scan of the window."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import orjson
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from whole_runs import Command

TABLES = ("accounts", "groups", "campaigns", "exchanges", "evidence", "harvest", "templates")
REGISTER = ("accounts.jsonl", "permissions.jsonl", "releases.jsonl")
_LATE = 40
"""Records of the second day that come last, in a file of their own."""
_INGEST = (sys.executable, "-c", "from stillwatch.app.cli import main; main()", "ingest")
_PATIENCE_S = 60


def count_sent(traffic: Path) -> int:
    """Count the records of a traffic directory."""
    return sum(log.read_bytes().count(b"\n") for log in traffic.glob("exchanges*.jsonl"))


@pytest.fixture(scope="module")
def days(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the demo's log as a directory a day, the register in each, and late records apart."""
    place = tmp_path_factory.mktemp("days")
    lines: dict[str, list[bytes]] = defaultdict(list)
    for line in (demo / "exchanges-0000.jsonl").read_bytes().splitlines(keepends=True):
        lines[str(orjson.loads(line)["time"])[:10]].append(line)
    second = sorted(lines)[1]
    lines["late"], lines[second] = lines[second][:_LATE], lines[second][_LATE:]
    for name, own in lines.items():
        folder = place / name
        folder.mkdir()
        (folder / "exchanges.jsonl").write_bytes(b"".join(own))
        for other in REGISTER:
            shutil.copy(demo / other, folder)
    return {name: place / name for name in sorted(lines)}


def fill(command: Command, lake: Path, folders: list[Path]) -> None:
    """Ingest directories one after the other."""
    for folder in folders:
        command("ingest", folder, "--lake", lake)


def assert_same(watched: Path, scanned: Path) -> None:
    """Every table of findings, to the last bit."""
    for name in TABLES:
        found, expected = (pl.read_parquet(one / f"{name}.parquet") for one in (watched, scanned))
        assert_frame_equal(found, expected, check_exact=True)


@pytest.fixture(scope="module")
def lake(days: dict[str, Path], command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a lake that has taken the days in another order than time's, the late records last."""
    place = tmp_path_factory.mktemp("lake") / "lake"
    in_time = [folder for name, folder in days.items() if name != "late"]
    fill(command, place, [*in_time[::2], *in_time[1::2]])
    command("watch", place, "--out", place.with_name("before"))
    fill(command, place, [days["late"]])
    return place


@pytest.fixture(scope="module")
def watched(lake: Path, command: Command) -> Path:
    """Give what a look at all of it finds: a second look, after the late records."""
    out = lake.with_name("watched")
    command("watch", lake, "--out", out)
    return out


def test_a_watch_equals_a_scan_of_the_same_window(watched: Path, scanned: Path) -> None:
    """Whatever the order of days, with late records, and after a look without them."""
    assert_same(watched, scanned)


def test_a_late_record_costs_its_day(watched: Path) -> None:
    """Of seven days one was counted anew; the others' counts were kept."""
    told = orjson.loads((watched / "run.json").read_bytes())["watch"]
    assert (told["look"], told["is_new_look"]) == (2, True)
    assert (told["days_counted"], told["days_kept"]) == (1, 6)


def test_a_window_of_days_equals_a_scan_since_its_first(
    lake: Path, demo: Path, command: Command, tmp_path: Path
) -> None:
    """The last four days, under the names that a scan gives where history has no other."""
    first = sorted(path.name for path in (lake / "observed").iterdir())[-4].removeprefix("day=")
    # a lake of its own history: names of earlier looks would win
    fresh = tmp_path / "lake"
    shutil.copytree(lake, fresh)
    for number in sorted((fresh / "manifest").glob("*.json"))[::-1]:
        if b'"look"' in number.read_bytes():
            number.write_bytes(b'{"entries": [], "about": {}}')
    command("watch", fresh, "--out", tmp_path / "watched", "--window-days", 4)
    command("scan", demo, "--out", tmp_path / "scanned", "--since", first)
    assert_same(tmp_path / "watched", tmp_path / "scanned")
    counts = orjson.loads((tmp_path / "watched" / "run.json").read_bytes())["counts"]
    assert counts["outside_window"] > 0


def test_campaigns_keep_their_ids_while_the_window_moves(
    lake: Path, watched: Path, command: Command, tmp_path: Path
) -> None:
    """A shorter window is another look: the same ids, each beside the name that a scan gives."""
    own = tmp_path / "lake"
    shutil.copytree(lake, own)
    command("watch", own, "--out", tmp_path / "r", "--window-days", 5)
    history = pl.read_parquet(tmp_path / "r" / "campaign_history.parquet")
    assert history["look"].max() == 3
    before = set(pl.read_parquet(watched / "campaigns.parquet")["campaign_id"])
    now = pl.read_parquet(tmp_path / "r" / "campaigns.parquet")["campaign_id"]
    assert len(now) >= 2
    assert set(now) <= before
    seen = history.filter(pl.col("look") == 3).drop_nulls("fresh_id")
    assert sorted(seen["campaign_id"]) == sorted(now)
    assert history.filter(pl.col("look") == 1)["state"].to_list() == ["born"] * 3


def test_the_same_look_again_is_no_new_look(
    lake: Path, watched: Path, command: Command, tmp_path: Path
) -> None:
    """It gives what it gave, and leaves nothing in the lake."""
    manifests = sorted(path.name for path in (lake / "manifest").iterdir())
    found = command("watch", lake, "--out", tmp_path / "again")
    assert "looked at before" in found.output
    assert_same(tmp_path / "again", watched)
    history = [
        pl.read_parquet(one / "campaign_history.parquet") for one in (tmp_path / "again", watched)
    ]
    assert_frame_equal(*history)
    assert sorted(path.name for path in (lake / "manifest").iterdir()) == manifests


def test_what_was_ingested_before_adds_nothing(
    lake: Path, days: dict[str, Path], demo: Path, command: Command, tmp_path: Path
) -> None:
    """The same file is passed by; the same records in another file are duplicates, and counted."""
    own = tmp_path / "lake"
    shutil.copytree(lake, own)
    name = min(days)
    told = orjson.loads(command("ingest", days[name], "--lake", own, "--json").stdout)
    assert told["files_known"] == 1
    assert told["counts"]["read"] == 0
    other = tmp_path / "other"
    other.mkdir()
    log = (demo / "exchanges-0000.jsonl").read_bytes().splitlines(keepends=True)[:500]
    changed = orjson.loads(log[0]) | {"latency_ms": 987_654}
    new = orjson.loads(log[1]) | {"exchange_id": "new"}
    rows = [*log, *(orjson.dumps(one) + b"\n" for one in (changed, new)), b"{torn\n"]
    (other / "exchanges.jsonl").write_bytes(b"".join(rows))
    told = orjson.loads(
        command("ingest", other, "--lake", own, "--json", "--max-quarantine", 1).stdout
    )
    counts = told["counts"]
    assert counts["read"] == counts["exchanges"] + counts["quarantined"] + counts["duplicates"]
    assert counts["quarantined"] == 1
    assert counts["exchanges"] in {1, 2}, "the new one, and the changed one if it wins its batch"
    command("watch", own, "--out", tmp_path / "r")
    run = orjson.loads((tmp_path / "r" / "run.json").read_bytes())["counts"]
    assert run["quarantined"] == 1
    assert run["exchanges"] == count_sent(demo) + 1


def test_another_key_and_what_is_no_lake_are_refused_in_a_line(
    lake: Path, days: dict[str, Path], command: Command, environment: dict[str, str], tmp_path: Path
) -> None:
    """With a hint, exit code 2, and nothing written."""
    other = environment | {"STILLWATCH_KEY": "ff" * 16}
    run = subprocess.run(
        [*_INGEST, str(min(days.values())), "--lake", str(lake)],
        env=other, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr.splitlines()[0].startswith("error: the lake ")
    assert "another pseudonym key" in run.stderr
    for asked in (("watch", tmp_path, "--out", tmp_path / "r"), ("sql", tmp_path)):
        found = command(*asked, code=2)
        assert "is no lake" in found.output
    assert not (tmp_path / "r").exists()


@pytest.mark.long
def test_kill_9_in_the_middle_of_an_ingest_leaves_the_lake_as_it_was(
    demo: Path, days: dict[str, Path], command: Command, environment: dict[str, str], tmp_path: Path
) -> None:
    """While reading and while writing; the next ingest clears what the killed one left."""
    own = tmp_path / "lake"
    fill(command, own, [min(days.values())])
    for moment in (".arriving/manifest", "observed/day=2026-03-05"):
        with subprocess.Popen([*_INGEST, str(demo), "--lake", str(own)], env=environment) as run:
            began = time.monotonic()
            while not (own / moment).exists():
                assert run.poll() is None, "the ingest ended before the moment came"
                assert time.monotonic() - began < _PATIENCE_S
                time.sleep(0.001)
            run.send_signal(signal.SIGKILL)
            run.wait(_PATIENCE_S)
        listed = orjson.loads(
            command("sql", own, "SELECT count(*) n FROM observed", "--json").stdout
        )
        assert listed == [
            {
                "n": pl.scan_ndjson(min(days.values()) / "exchanges.jsonl")
                .select(pl.len())
                .collect()
                .item()
            }
        ]
        shutil.rmtree(own / "observed" / "day=2026-03-05", ignore_errors=True)
    command("ingest", demo, "--lake", own)
    assert not (own / ".arriving").exists()
    total = orjson.loads(command("sql", own, "SELECT count(*) n FROM observed", "--json").stdout)
    assert total == [{"n": count_sent(demo)}]


def test_sql_reads_and_changes_nothing(lake: Path, command: Command) -> None:
    """A wrong statement is one line; tables are listed; a view has no rows to delete."""
    assert "observed" in command("sql", lake).output
    assert "DuckDB refuses" in command("sql", lake, "SELECT nonsense", code=2).output
    assert "DuckDB refuses" in command("sql", lake, "DELETE FROM observed", code=2).output
