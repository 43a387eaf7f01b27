"""Every command, through the runner that a shell would be: what is printed, and the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from made_result import HOSTILE, make_result, run_of
from typer.testing import CliRunner, Result

from stillwatch.app.cli import app
from stillwatch.app.requests import ScanOutcome, ScanRequest
from stillwatch.domain.errors import LimitExceeded, NothingToRead

COMMANDS = (
    "ingest",
    "watch",
    "sql",
    "demo",
    "check",
    "scan",
    "explain",
    "diff",
    "revert",
    "open",
    "schema",
    "backtest",
)
_CHECK = {
    "inputs": [{"file": "exchanges.jsonl", "dialect": "native", "records": 1200}],
    "counts": {"read": 1200, "quarantined": 3},
    "fields": [{"table": "exchange", "field": "device_id", "share": 0.125}],
    "checks": [
        {"check": "device", "runs": True, "reason": "12.5% of records name one"},
        {"check": "payment", "runs": False, "reason": "there is no account register"},
    ],
    "smallest_campaign": {"heads": 40, "exchanges_per_head": 20.0, "says": "40 heads would show"},
}


def run(*args: object, env: dict[str, str] | None = None) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, [str(one) for one in args], env=env)


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[ScanRequest]:
    """Stand in for the pipeline: note what is asked, and leave the result made by hand."""
    asked: list[ScanRequest] = []

    def run_scan(request: ScanRequest, **_: object) -> ScanOutcome:
        asked.append(request)
        return ScanOutcome(make_result(request.out), run_of(8), quarantined_share=2 / 210)

    _put_pipeline(monkeypatch, run_scan=run_scan, check_traffic=lambda *_, **__: _CHECK)
    monkeypatch.setenv("STILLWATCH_KEY_FILE", str(tmp_path / "config" / "key"))
    return asked


def _put_pipeline(monkeypatch: pytest.MonkeyPatch, **functions: Callable[..., Any]) -> None:
    pipeline = ModuleType("stillwatch.app.pipeline")
    vars(pipeline).update(functions)
    monkeypatch.setitem(sys.modules, "stillwatch.app.pipeline", pipeline)


def _fails(found: Result, *, code: int) -> str:
    """Hold a failure to its shape, and give its first line."""
    assert found.exit_code == code
    lines = [one for one in found.stderr.splitlines() if not one.startswith("warning: the command")]
    assert lines[0].startswith("error: ")
    assert [one[:6] for one in lines[1:]] in ([], ["hint: "])
    assert "Traceback" not in found.output
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_page_teaches_by_example(command: str) -> None:
    """It says what the command does and shows a line to copy."""
    found = run(command, "--help")
    assert found.exit_code == 0
    assert f"$ stillwatch {command}" in found.output or "$ stillwatch explain" in found.output


def test_help_lists_what_there_is_and_nothing_that_is_not() -> None:
    """Every command of this issue, none of a later one; without a command the same, with code 2."""
    found = run("--help")
    listed = [line.split()[1] for line in found.output.splitlines() if line.startswith("│ ")]
    assert set(COMMANDS) <= set(listed)
    assert "taxii" not in listed
    assert {"ingest", "watch", "sql", "backtest"} <= set(listed)
    assert "$ stillwatch demo" in found.output
    bare = run()
    assert (bare.exit_code, bare.output.split()) == (2, found.output.split())


def test_the_version_is_the_distribution_s() -> None:
    """One line, for a machine too."""
    found = run("--version")
    assert (found.exit_code, found.stdout) == (0, "stillwatch 0.1.0\n")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("scna",), "Did you mean 'scan'"),
        (("scan",), "Missing argument 'DIR'"),
        (("scan", "logs"), "--out"),
        (("scan", "logs", "--out", "r", "--fromat", "x"), "--format"),
        (("scan", "logs", "--out", "r", "--since", "yesterday"), "'yesterday' is no day"),
        (("scan", "x", "--out", "r", "--since", "2026-11-02", "--until", "2026-11-01"), "before"),
        (("scan", "logs", "--out", "r", "--max-quarantine", "2"), "max-quarantine"),
        (("schema", "nonsense"), "there are exchange, account"),
        (("explain", "acct-1", "--result", "nowhere"), "no result directory"),
        (("revert", "d-1", "--result", "nowhere"), "no result directory"),
        (("diff", "nowhere", "neither"), "no result directory"),
        (("open", "nowhere"), "no result directory"),
    ],
)
def test_bad_usage_is_one_line_with_a_hint(args: tuple[str, ...], says: str) -> None:
    """Exit code 2, `error:` and `hint:`, on the standard error alone."""
    found = run(*args)
    assert says in _fails(found, code=2)
    assert "hint: " in found.stderr
    assert found.stdout == ""


def test_scan_prints_what_it_found(scanned: list[ScanRequest], tmp_path: Path) -> None:
    """The headline has campaigns, accounts, what was left out and where the report is."""
    found = run("scan", tmp_path, "--out", tmp_path / "run", "--since", "2026-11-01")
    assert found.exit_code == 0
    for piece in (
        "1 campaign found in 208 exchanges of 8 accounts",
        "2 fraudulent, ",
        "2 quarantined",
    ):
        assert piece in found.stdout
    assert f"report: {tmp_path}/run/report.html" in found.stdout
    (request,) = scanned
    assert request.since is not None
    assert request.since.isoformat() == "2026-11-01T00:00:00+00:00"


@pytest.mark.usefixtures("scanned")
def test_scan_for_a_machine_prints_json_alone(tmp_path: Path) -> None:
    """Standard output parses, and holds the run and the counts of verdicts."""
    found = run("scan", tmp_path, "--out", tmp_path / "run", "--json")
    summary = json.loads(found.stdout)
    assert summary["verdicts"]["fraudulent"] == 2
    assert summary["run"]["counts"]["read"] == 210
    assert summary["campaigns"][0]["campaign_id"] == "c-one"


@pytest.mark.usefixtures("scanned")
def test_too_many_quarantined_records_give_code_3_and_a_result(tmp_path: Path) -> None:
    """The result is written and shown all the same."""
    found = run("scan", tmp_path, "--out", tmp_path / "run", "--max-quarantine", "0.005")
    assert found.exit_code == 3
    assert "warning: 0.95% of the records were quarantined" in found.stderr
    assert "1 campaign" in found.stdout
    assert (tmp_path / "run" / "run.json").exists()


def test_scan_refuses_a_result_that_exists_before_it_reads_anything(
    scanned: list[ScanRequest], tmp_path: Path
) -> None:
    """The pipeline is never asked."""
    make_result(tmp_path / "run")
    assert "exists" in _fails(run("scan", tmp_path, "--out", tmp_path / "run"), code=2)
    assert scanned == []


@pytest.mark.parametrize(
    ("failure", "code", "says"),
    [
        (NothingToRead("logs", looked_for="no exchanges file"), 2, "nothing to read in logs"),
        (LimitExceeded("ROWS", bound=10, met=11), 2, "ROWS is bounded at 10"),
        (PermissionError(13, "Permission denied", "logs/a.gz"), 2, "Permission denied: logs/a.gz"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ValueError("line one\nline two"), 1, "unexpected ValueError: line one line two"),
    ],
)
def test_each_failure_has_its_line_and_its_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: BaseException, code: int, says: str
) -> None:
    """Operating failures 2, an interrupt 130, a bug 1; a traceback under --debug alone."""

    def run_scan(*_: object, **__: object) -> ScanOutcome:
        raise failure

    _put_pipeline(monkeypatch, run_scan=run_scan)
    monkeypatch.setenv("STILLWATCH_KEY", "ab" * 16)
    args = ("scan", tmp_path, "--out", tmp_path / "run")
    assert says in _fails(run(*args), code=code)
    if isinstance(failure, Exception):
        shown = run(*args, "--debug")
        assert (shown.exit_code, "Traceback" in shown.stderr) == (code, True)


@pytest.mark.usefixtures("scanned")
def test_a_setting_that_is_none_is_refused(tmp_path: Path) -> None:
    """A misspelt or impossible setting stops the run; a bad key too, without being shown."""
    args = ("scan", tmp_path, "--out", tmp_path / "run")
    for env, says in (
        ({"STILLWATCH_POLICY_SUSPEND_DAYS": "soon"}, "SUSPEND_DAYS cannot be 'soon'"),
        ({"STILLWATCH_POLICY_SUSPENDED_DAYS": "3"}, "is no setting"),
        ({"STILLWATCH_KEY": "sesame"}, "32 hexadecimal digits"),
    ):
        line = _fails(run(*args, env=env), code=2)
        assert says in line
        assert "sesame" not in line


@pytest.mark.usefixtures("scanned")
def test_check_shows_fields_checks_and_the_smallest_campaign(tmp_path: Path) -> None:
    """For a person and for a machine."""
    shown = run("check", tmp_path)
    assert shown.exit_code == 0
    for piece in ("native", "1,200", "12.5%", "stands aside", "no account register", "40 heads"):
        assert piece in shown.stdout
    assert json.loads(run("check", tmp_path, "--json").stdout) == _CHECK


@pytest.mark.usefixtures("scanned")
def test_demo_simulates_scans_and_prints_the_way_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The simulator comes from its entry point; piped, no browser is opened."""
    made: list[tuple[str, dict[str, Any]]] = []

    class Point:
        def load(self) -> Callable[..., None]:
            return lambda scenario, **rest: made.append((scenario, rest))

    points = {"group": "stillwatch.scenarios", "name": "simulate"}
    monkeypatch.setattr(
        "stillwatch.app.commands.demo.entry_points",
        lambda **wanted: [Point()] if wanted == points else [],
    )
    monkeypatch.setattr("typer.launch", lambda *_: pytest.fail("no browser when piped"))
    found = run("demo", "--out", tmp_path / "tour", "--seed", "7")
    assert found.exit_code == 0
    assert made == [("demo", {"out": tmp_path / "tour" / "traffic", "scale": 1.0, "seed": 7})]
    assert f"report: {tmp_path}/tour/result/report.html" in found.stdout
    assert f"--result {tmp_path}/tour/result" in found.stdout


def test_explain_gives_the_figures_of_an_account(tmp_path: Path) -> None:
    """Verdict, evidence by family against what was expected, the sentence, what is not used."""
    out = make_result(tmp_path / "run")
    found = run("explain", "acct-1", "--result", out)
    assert found.exit_code == 0
    for piece in (
        "acct-1 is fraudulent",
        "c-one (distillation, 3 accounts)",
        "the same prompt template",
        "0.98",
        "0.0004",
        "+6.4",
        "a class that repeats one exercise (tested: p 0.0004)",
        "This account is suspended until 23 December 2026",
        "not used: device: stood aside, no record names a device",
    ):
        assert piece in found.stdout
    explanation = json.loads(run("explain", "acct-1", "--result", out, "--json").stdout)
    families = [family["family"] for family in explanation["evidence"]]
    assert families == ["identity", "content"]


def test_explain_finds_groups_campaigns_and_decisions(tmp_path: Path) -> None:
    """A campaign's id explains its group, a decision's its account; an unknown id is an error."""
    out = make_result(tmp_path / "run")
    decision = json.loads((out / "decisions.jsonl").read_bytes().splitlines()[0])
    subjects = {
        subject: json.loads(run("explain", subject, "--result", out, "--json").stdout)["subject_id"]
        for subject in ("g-office", "c-one", decision["decision_id"])
    }
    assert list(subjects.values()) == ["g-office", "g-heads", "acct-1"]
    assert "acct-99 is not in" in _fails(run("explain", "acct-99", "--result", out), code=2)


def test_an_id_from_a_log_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    """Escape sequences and markup are shown, not obeyed."""
    found = run("explain", HOSTILE, "--result", make_result(tmp_path / "run"))
    assert found.exit_code == 0
    assert "\x1b" not in found.output
    assert r"acct-\x1b[31m[bold]red" in found.stdout


def test_revert_is_exact_and_says_when_it_was_done_before(tmp_path: Path) -> None:
    """The row leaves the table; a second call exits with 0 and changes nothing."""
    out = make_result(tmp_path / "run")
    first, *others = (out / "decisions.jsonl").read_bytes().splitlines(keepends=True)
    decision = json.loads(first)["decision_id"]
    done = run("revert", decision, "--result", out)
    assert (done.exit_code, done.stdout.split()[0]) == (0, "reverted:")
    assert (out / "decisions.jsonl").read_bytes() == b"".join(others)
    again = run("revert", decision, "--result", out)
    assert (again.exit_code, "already reverted at" in again.stdout) == (0, True)
    assert "d-none is not in" in _fails(run("revert", "d-none", "--result", out), code=2)


def test_diff_tells_what_changed(tmp_path: Path) -> None:
    """Verdicts, a campaign that grew under another name; a result and itself differ in nothing."""
    before = make_result(tmp_path / "before")
    after = make_result(
        tmp_path / "after", campaign_id="c-two", heads=("acct-1", "acct-2", "acct-3", "acct-4")
    )
    changes = json.loads(run("diff", before, after, "--json").stdout)
    moved = {one["account_id"]: (one["before"], one["after"]) for one in changes["verdicts"]}
    assert moved == {"acct-3": ("suspect", "fraudulent"), "acct-4": ("clear", "suspect")}
    assert [(one["change"], one["before"], one["after"]) for one in changes["campaigns"]] == [
        ("grown", "c-one", "c-two")
    ]
    shown = run("diff", before, after)
    assert "1 accounts: suspect -> fraudulent" in shown.stdout
    assert "grown" in shown.stdout
    assert run("diff", before, before).stdout == "nothing changed\n"


_RECORDS: dict[str, list[dict[str, Any]]] = {
    "exchange": [
        {"time": "2026-11-23T08:00:00Z", "account_id": "a", "prompt": "Hallo", "tools": 2},
        {"time": 1795420800000, "account_id": "a", "thinking": True, "temperature": 0.2},
    ],
    "account": [{"account_id": "a", "created_at": 1795420800, "org_verified": None}],
    "release": [{"model": "m-2", "released_at": "2026-11-01"}],
    "permission": [{"org_id": "o", "scope": "evaluation", "budget_exchanges": 10}],
}


@pytest.mark.parametrize("name", _RECORDS)
def test_a_schema_accepts_records_written_by_hand(name: str) -> None:
    """And refuses one without what is required, or with another type."""
    schema = json.loads(run("schema", name).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for record in _RECORDS[name]:
        validator.validate(record)
        for required in schema["required"]:
            assert not validator.is_valid({k: v for k, v in record.items() if k != required})
            assert not validator.is_valid(record | {required: ["a list"]})


def test_what_a_result_holds_fits_its_published_schema(tmp_path: Path) -> None:
    """The gateway's table, by the file's name; and an effect that does not exist is refused."""
    out = make_result(tmp_path / "run")
    validator = jsonschema.Draft202012Validator(
        json.loads(run("schema", "decisions.jsonl").stdout),
        format_checker=jsonschema.FormatChecker(),
    )
    rows = [json.loads(line) for line in (out / "decisions.jsonl").read_bytes().splitlines()]
    assert len(rows) == 3
    for row in rows:
        validator.validate(row)
        assert not validator.is_valid(row | {"effect": "punish"})


def test_schema_alone_lists_every_table() -> None:
    """With what one record is."""
    found = run("schema")
    for name in (*_RECORDS, "accounts", "groups", "campaigns", "exchanges", "evidence", "decision"):
        assert f"\n{name} " in found.stdout


def test_open_prints_the_path_of_the_report(tmp_path: Path) -> None:
    """Where there is no screen, that is all."""
    out = make_result(tmp_path / "run")
    found = run(
        "open", out, "--report", env={"DISPLAY": "", "WAYLAND_DISPLAY": "", "SSH_CONNECTION": "x"}
    )
    assert (found.exit_code, found.stdout) == (0, f"{out}/report.html\n")
