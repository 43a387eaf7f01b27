"""Bad input through the command line: the rest is scanned, and what was left out is told."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from whole_runs import Command, Write

_MEBIBYTE = 2**20
_TORN = "exchanges-torn.jsonl.gz"
_TORN_ROWS = 400
_BAD_LINES: tuple[tuple[bytes, str], ...] = (
    (b'{"time": "2026-0', "not JSON"),
    (b"[1, 2]", "not a JSON object"),
    (b'{"account_id": "a"}', "no time"),
    (b'{"time": "2026-01-02T00:00:00Z"}', "no account_id"),
    (b'{"time": "yesterday", "account_id": "a"}', "time cannot be read"),
    (b'{"time": "2026-01-02T00:00:00Z", "account_id": "a", "prompt": "\xff"}', "unreadable bytes"),
    (b'{"time": "1999-01-02T00:00:00Z", "account_id": "a"}', "400 days"),
)
_WRONG_TYPES = {"temperature": "hot", "tools": {"a": 1}, "prompt": 5, "latency_ms": True}


def _row(number: int, **fields: object) -> dict[str, Any]:
    """Write one sound exchange, but for the fields given."""
    return {
        "exchange_id": f"e{number}",
        "time": f"2026-01-02T{number // 60 % 24:02}:{number % 60:02}:00Z",
        "account_id": "a",
        "prompt": f"what is {number} times {number * 7919 % 1000}?",
    } | fields


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _run_of(result: Path) -> dict[str, Any]:
    run: dict[str, Any] = orjson.loads((result / "run.json").read_bytes())
    counts = run["counts"]
    assert counts["read"] == counts["exchanges"] + counts["quarantined"] + counts["duplicates"]
    return run


def _called(result: Path) -> dict[str, str]:
    accounts = pl.read_parquet(result / "accounts.parquet")
    return dict(
        accounts.filter(pl.col("verdict") != "clear").select("account_id", "verdict").rows()
    )


@pytest.fixture(scope="module")
def dirty(
    demo: Path, command: Command, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """Scan the demo with one of everything that is wrong beside it; give result and screen."""
    folder = tmp_path_factory.mktemp("dirty")
    logs = folder / "logs"
    shutil.copytree(demo, logs, ignore=shutil.ignore_patterns("truth"))
    bad = b"\n".join(line for line, _ in _BAD_LINES)
    wrong = _lines([_row(1, account_id="wrong", **_WRONG_TYPES)])
    (logs / "exchanges-bad.jsonl").write_bytes(bad + b"\n" + wrong)
    (logs / "exchanges-empty.jsonl").touch()
    long = _row(2, account_id="long", prompt="many words " * (50 * _MEBIBYTE // 11))
    (logs / "exchanges-long.jsonl").write_bytes(_lines([long]))
    torn = gzip.compress(_lines([_row(10 + i, account_id="torn") for i in range(_TORN_ROWS)]))
    (logs / _TORN).write_bytes(torn[: len(torn) // 2])
    with (demo / "exchanges-0000.jsonl").open("rb") as log:
        first = [orjson.loads(log.readline()) for _ in range(3)]
    first[2]["response"] = "another answer than before"
    (logs / "exchanges-twice.jsonl").write_bytes(_lines(first))
    out = folder / "run"
    found = command("scan", logs, "--out", out, "--max-quarantine", "0.0001", code=3)
    return out, found.output


def test_more_than_the_bound_in_quarantine_is_code_3_with_a_whole_result(
    dirty: tuple[Path, str], demo: Path, command: Command
) -> None:
    """The fixture saw the code; what it left is a result as any other."""
    result, screen = dirty
    assert "records were quarantined" in screen
    assert (result / "report.html").stat().st_size > 0
    command("diff", result, result)
    command("evaluate", result, "--truth", demo / "truth")


def test_every_bad_record_is_told_with_file_line_and_reason(dirty: tuple[Path, str]) -> None:
    """Bad lines by number, the torn file by the line where it breaks; nothing of the text."""
    rows = pl.read_parquet(dirty[0] / "quarantine.parquet").sort("file", "line")
    assert rows["raw"].null_count() == len(rows)
    lines = rows.filter(file="exchanges-bad.jsonl")
    assert lines["line"].to_list() == list(range(1, len(_BAD_LINES) + 1))
    for found, (_, reason) in zip(lines["reason"], _BAD_LINES, strict=True):
        assert reason in found
    torn = rows.filter(file=_TORN)
    assert torn["reason"].to_list() == ["truncated gzip"]
    assert 1 < torn["line"][0] <= _TORN_ROWS
    assert len(rows) == len(lines) + 1


def test_a_file_that_breaks_off_is_named_wherever_people_read(dirty: tuple[Path, str]) -> None:
    """A share of records hides it: one row may stand for a million. Sound files are not named."""
    result, screen = dirty
    told = {one["file"]: one["damage"] for one in _run_of(result)["inputs"] if one["damage"]}
    assert told == {_TORN: "truncated gzip"}
    assert f"{_TORN} could not be read to its end (truncated gzip)" in " ".join(screen.split())
    assert screen.count("could not be read to its end") == 1
    for file in ("report.html", "report.md"):
        text = (result / file).read_text(encoding="utf-8")
        assert text.count("Not read to its end") == 1, file
        assert "truncated gzip" in text, file


def test_counts_add_up_in_run_json_and_on_the_screen(dirty: tuple[Path, str], demo: Path) -> None:
    """Read = exchanges + quarantined + duplicates; wrong types are counted by field."""
    result, screen = dirty
    run = _run_of(result)
    counts = run["counts"]
    assert counts["quarantined"] == len(_BAD_LINES) + 1
    assert counts["duplicates"] == 3
    assert f"{counts['quarantined']} quarantined, 3 duplicates" in screen
    records = {one["file"]: one["records"] for one in run["inputs"]}
    with (demo / "exchanges-0000.jsonl").open("rb") as log:
        assert records["exchanges-0000.jsonl"] == sum(1 for _ in log)
    assert records["exchanges-empty.jsonl"] == 0
    assert records["exchanges-long.jsonl"] == 1
    assert sum(n for n in records.values() if n) == counts["read"]
    assert run["nulled"] == dict.fromkeys(sorted(_WRONG_TYPES), 1)
    assert len(pl.read_parquet(result / "duplicates.parquet")) == 3


def test_what_can_be_read_is_judged_as_if_nothing_were_wrong(
    dirty: tuple[Path, str], demo: Path, command: Command, tmp_path: Path
) -> None:
    """The verdicts are those of a log with the same sound records, and nothing else in it."""
    accounts = pl.read_parquet(dirty[0] / "accounts.parquet").select("account_id", "exchanges")
    sent = dict(accounts.rows())
    logs = tmp_path / "logs"
    shutil.copytree(demo, logs, ignore=shutil.ignore_patterns("truth"))
    long = _row(2, account_id="long", prompt="many words " * (50 * _MEBIBYTE // 11))
    torn = [_row(10 + i, account_id="torn") for i in range(sent["torn"])]
    (logs / "exchanges-sound.jsonl").write_bytes(_lines([_row(1, account_id="wrong"), long, *torn]))
    command("scan", logs, "--out", tmp_path / "sound")
    assert _called(dirty[0]) == _called(tmp_path / "sound")
    assert sent["wrong"] == sent["long"] == 1
    assert 0 < sent["torn"] < _TORN_ROWS


@pytest.mark.parametrize(
    ("rows", "accounts"),
    [
        ([_row(0)], 1),
        ([_row(i) for i in range(300)], 1),
        ([{"time": 1767312000 + i, "account_id": f"a{i % 30}"} for i in range(900)], 30),
        ([_row(i, account_id=f"a{i}") for i in range(300)], 300),
    ],
    ids=["one exchange", "one account", "nothing but time and account", "one exchange each"],
)
def test_however_little_there_is_the_scan_ends_well(
    rows: list[dict[str, Any]], accounts: int, traffic: Write, command: Command, tmp_path: Path
) -> None:
    """No register, no channel or hardly any: nothing is found, and what stood aside is named."""
    screen = command("scan", traffic("exchanges.jsonl", rows), "--out", tmp_path / "run").output
    assert "no campaign" in screen
    run = _run_of(tmp_path / "run")
    assert (run["counts"]["exchanges"], run["counts"]["accounts"]) == (len(rows), accounts)
    aside = {one["check"] for one in run["stood_aside"]}
    assert {"account register", "permissions", "release pivot", "channel payment"} <= aside
    verdicts = pl.read_parquet(tmp_path / "run" / "accounts.parquet")["verdict"]
    assert verdicts.unique().to_list() == ["clear"]


def test_no_register_still_finds_what_traffic_alone_shows(
    demo: Path, command: Command, tmp_path: Path
) -> None:
    """Whoever has only a log gets campaigns from it, and hears what the register would add."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "exchanges.jsonl").symlink_to(demo / "exchanges-0000.jsonl")
    command("scan", logs, "--out", tmp_path / "run")
    run = _run_of(tmp_path / "run")
    assert "account register" in {one["check"] for one in run["stood_aside"]}
    roles = pl.read_csv(demo / "truth" / "accounts.csv").select("account_id", "role")
    called = pl.DataFrame({"account_id": list(_called(tmp_path / "run"))})
    guilty = called.join(roles, on="account_id")["role"] == "fraud"
    assert guilty.sum() >= 60, "not even one campaign"
    assert guilty.mean() >= 0.95


def _fails_in_a_line(output: str) -> None:
    first, *rest = [line for line in output.splitlines() if line.strip()]
    assert first.startswith("error: ")
    assert [line.split()[0] for line in rest] in ([], ["hint:"])
    assert "Traceback" not in output


def test_nothing_to_read_is_code_2_and_one_line(
    traffic: Write, command: Command, tmp_path: Path
) -> None:
    """An absent directory, an empty one, a register alone, and lines of which none can be read."""
    out = tmp_path / "run"
    places = [tmp_path / "absent", tmp_path / "empty"]
    places[1].mkdir()
    for place in places:
        _fails_in_a_line(command("scan", place, "--out", out, code=2).output)
    only_accounts = traffic("accounts.jsonl", [{"account_id": "a"}])
    _fails_in_a_line(command("scan", only_accounts, "--out", out, code=2).output)
    unreadable = traffic("exchanges.jsonl", b"nothing\nbut\nwords\n")
    said = command("scan", unreadable, "--out", out, code=2).output
    _fails_in_a_line(said)
    assert "3 quarantined" in said
    assert "exchanges.jsonl line 1: not JSON" in said, "which line, and why"
    assert [path.name for path in tmp_path.iterdir() if "run" in path.name] == []


def test_a_result_in_the_way_is_code_2_and_is_left_as_it_is(
    traffic: Write, command: Command, tmp_path: Path
) -> None:
    """Nothing that stands under the name is touched, and the log isn't read."""
    out = tmp_path / "run"
    out.mkdir()
    (out / "mine").write_text("stays")
    found = command("scan", traffic("exchanges.jsonl", [_row(0)]), "--out", out, code=2)
    _fails_in_a_line(found.output)
    assert [path.name for path in out.iterdir()] == ["mine"]


def test_one_bad_record_in_many_is_code_0(traffic: Write, command: Command, tmp_path: Path) -> None:
    """Below 1 % by default; the screen says what was left out all the same."""
    lines = _lines([_row(i, account_id=f"a{i % 7}") for i in range(200)]) + b"{\n"
    found = command("scan", traffic("exchanges.jsonl", lines), "--out", tmp_path / "run")
    assert "records left out: 1 quarantined (0.50% quarantined)" in found.output
    assert _run_of(tmp_path / "run")["counts"]["quarantined"] == 1
