"""A real result, read by every command and by other people's tools."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from whole_runs import Command

_PROMISED: dict[str, dict[str, Any]] = {
    "accounts": {
        "account_id": pl.String,
        "verdict": pl.String,
        "probability": pl.Float64,
        "q_value": pl.Float64,
        "campaign_id": pl.String,
        "exchanges": pl.Int64,
        "reasons": pl.List(pl.String),
        "explanation": pl.String,
        "predecessor_account_id": pl.String,
    },
    "groups": {
        "group_id": pl.String,
        "accounts": pl.Int64,
        "link_q_value": pl.Float64,
        "q_value": pl.Float64,
        "judgement": pl.String,
        "innocent_explanation": pl.String,
        "campaign_id": pl.String,
    },
    "campaigns": {
        "campaign_id": pl.String,
        "kind": pl.String,
        "first_seen": pl.Datetime("us", "UTC"),
        "last_seen": pl.Datetime("us", "UTC"),
        "accounts": pl.Int64,
        "exchanges": pl.Int64,
        "output_tokens": pl.Int64,
        "q_value": pl.Float64,
        "tactics": pl.List(pl.String),
        "capabilities": pl.List(pl.String),
        "channels": pl.List(pl.String),
        "pivot_q_value": pl.Float64,
        "summary": pl.String,
    },
    "exchanges": {
        "exchange_id": pl.String,
        "account_id": pl.String,
        "campaign_id": pl.String,
        "membership": pl.Float64,
    },
    "evidence": {
        "subject_id": pl.String,
        "family": pl.String,
        "channel": pl.String,
        "observed": pl.Float64,
        "expected": pl.Float64,
        "weight_bits": pl.Float64,
    },
    "quarantine": {"file": pl.String, "line": pl.Int64, "reason": pl.String, "raw": pl.String},
}
"""CONTRACT.md, section 2, written out: what other tools rely on is not read from our own code."""
_CLOSED = {
    ("accounts", "verdict"): {"clear", "watch", "suspect", "fraudulent", "permitted"},
    ("groups", "judgement"): {"harvest", "coordinated_other", "innocent", "undecided"},
    ("campaigns", "kind"): {"distillation", "coordinated_other", "single_account_harvest"},
    ("evidence", "family"): {
        "content",
        "identity",
        "infrastructure",
        "client",
        "lifecycle",
        "timing",
    },
}
_TACTICS = {
    "cot_elicitation",
    "rubric_grading",
    "response_rewriting",
    "instruction_synthesis",
    "trajectory_harvest",
    "tool_call_harvest",
    "code_synthesis",
    "dataset_replay",
    "reasoning_trace_reconstruction",
    "sensitive_rewrite",
}
_CAPABILITIES = {
    "reasoning",
    "mathematics",
    "code",
    "tool_use",
    "agentic",
    "grading",
    "writing",
    "knowledge",
    "translation",
    "vision",
    "sensitive",
    "other",
}
_JSON_TYPE = {
    pl.String: "string",
    pl.Int64: "integer",
    pl.Float64: "number",
    pl.Datetime("us", "UTC"): "string",
    pl.List(pl.String): "array",
}


@pytest.fixture
def result(scanned: Path, tmp_path: Path) -> Path:
    """Give a copy of the demo's result that a test may change."""
    return Path(shutil.copytree(scanned, tmp_path / "run"))


def _read(result: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(result / f"{name}.parquet")


def _decisions(result: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (result / "decisions.jsonl").read_bytes().splitlines()]


def _ask(command: Command, *args: object) -> dict[str, Any]:
    answer: dict[str, Any] = orjson.loads(command(*args, "--json").stdout)
    return answer


@pytest.mark.parametrize("name", _PROMISED)
def test_every_promised_column_is_there_with_its_type(
    name: str, scanned: Path, command: Command
) -> None:
    """In the file, and in the schema that the package publishes for it."""
    schema = _read(scanned, name).schema
    assert {column: schema.get(column) for column in _PROMISED[name]} == _PROMISED[name]
    published = orjson.loads(command("schema", f"{name}.parquet").stdout)["properties"]
    assert list(published) == schema.names()
    for column, dtype in _PROMISED[name].items():
        told = published[column]["type"]
        kinds = told if isinstance(told, list) else [told]
        assert kinds[0] == _JSON_TYPE[dtype]
        has_null = _read(scanned, name)[column].null_count() > 0
        assert "null" in kinds or not has_null


def test_words_come_from_their_closed_lists(scanned: Path) -> None:
    """Verdicts, judgements, kinds, families, tactics and capabilities are the contract's."""
    for (table, column), known in _CLOSED.items():
        assert set(_read(scanned, table)[column]) <= known, column
    campaigns = _read(scanned, "campaigns")
    assert set(campaigns["tactics"].explode().drop_nulls()) <= _TACTICS
    assert set(campaigns["capabilities"].explode().drop_nulls()) <= _CAPABILITIES


def test_the_tables_agree_with_one_another(scanned: Path, demo: Path) -> None:
    """Ids lead somewhere, counts are those of the log, figures are in their ranges."""
    accounts, groups = _read(scanned, "accounts"), _read(scanned, "groups")
    campaigns, exchanges = _read(scanned, "campaigns"), _read(scanned, "exchanges")
    with (demo / "exchanges-0000.jsonl").open("rb") as log:
        senders = pl.Series([orjson.loads(line)["account_id"] for line in log])
    assert dict(accounts.select("account_id", "exchanges").rows()) == dict(
        senders.value_counts().rows()
    )
    known = set(campaigns["campaign_id"])
    for frame in (accounts, groups, exchanges):
        assert set(frame["campaign_id"].drop_nulls()) <= known
    for column in (
        accounts["probability"],
        accounts["q_value"],
        groups["link_q_value"],
        groups["q_value"],
        exchanges["membership"],
    ):
        assert column.is_between(0, 1).all(), column.name
    assert exchanges["exchange_id"].is_unique().all()
    members = accounts.drop_nulls("campaign_id")["campaign_id"].value_counts().sort("campaign_id")
    assert members.rows() == campaigns.select("campaign_id", "accounts").sort("campaign_id").rows()
    harvest = exchanges.filter(pl.col("membership") >= 0.5)["campaign_id"].value_counts()
    assert dict(harvest.rows()) == dict(campaigns.select("campaign_id", "exchanges").rows())


def test_fraudulent_is_only_said_as_the_contract_allows(scanned: Path) -> None:
    """A distillation campaign with q of at most 0.01, two families, mean error of at most 1 %."""
    called = _read(scanned, "accounts").filter(verdict="fraudulent")
    assert len(called)
    campaigns = _read(scanned, "campaigns").select("campaign_id", "kind", q="q_value")
    placed = called.join(campaigns, on="campaign_id")
    assert len(placed) == len(called)
    assert (placed["kind"] == "distillation").all()
    assert placed["q"].max() <= 0.01
    assert (1 - called["probability"]).mean() <= 0.01
    families = (
        _read(scanned, "evidence")
        .filter(pl.col("weight_bits") > 0)
        .group_by("subject_id")
        .agg(pl.col("family").n_unique())
    )
    shown = called.join(families, left_on="account_id", right_on="subject_id", how="left")
    assert shown["family"].min() >= 2


def test_run_json_says_what_the_contract_lists(scanned: Path, demo: Path) -> None:
    """Version, settings, inputs with sizes and hashes, counts, stages with seconds and memory."""
    run = orjson.loads((scanned / "run.json").read_bytes())
    assert run["stillwatch"]
    assert set(run["settings"]) == {"observe", "link", "detect", "policy"}
    assert {one["file"]: one["bytes"] for one in run["inputs"]} == {
        path.name: path.stat().st_size for path in demo.iterdir() if path.is_file()
    }
    assert all(len(one["sha256"]) == 64 for one in run["inputs"])
    assert [one["stage"] for one in run["stages"]][:2] == ["read", "observe"]
    for stage in run["stages"]:
        assert stage["seconds"] >= 0
        assert stage["peak_bytes"] > 0
    assert run["power"], "the smallest campaign that these data could have shown"
    assert isinstance(run["stood_aside"], list)


def test_the_gateways_table_is_as_the_contract_has_it(scanned: Path, command: Command) -> None:
    """One line an effect in force, for accounts of the result, each ending some day."""
    decisions = _decisions(scanned)
    published = orjson.loads(command("schema", "decisions.jsonl").stdout)
    accounts = set(_read(scanned, "accounts").filter(verdict="fraudulent")["account_id"])
    assert {one["account_id"] for one in decisions if one["effect"] == "suspend"} <= accounts
    assert len({one["decision_id"] for one in decisions}) == len(decisions) > 0
    for one in decisions:
        assert list(one) == list(published["properties"])
        assert one["effect"] in published["properties"]["effect"]["enum"]
        assert datetime.fromisoformat(one["expires_at"]).utcoffset() is not None


def test_explain_answers_for_every_kind_of_subject(scanned: Path, command: Command) -> None:
    """A campaign by its group and a decision by its account; for a person and for a machine."""
    accounts = _read(scanned, "accounts")
    head = accounts.filter(verdict="fraudulent").row(0, named=True)
    decision = next(one for one in _decisions(scanned) if one["account_id"] == head["account_id"])
    clear = accounts.filter(verdict="clear")["account_id"][0]
    answers = {
        clear: clear,
        head["account_id"]: head["account_id"],
        decision["decision_id"]: head["account_id"],
        head["group_id"]: head["group_id"],
        head["campaign_id"]: head["group_id"],
    }
    for subject, answer in answers.items():
        told = _ask(command, "explain", subject, "--result", scanned)
        assert told["subject_id"] == answer
        screen = command("explain", subject, "--result", scanned).output
        assert screen.startswith(f"{told['kind']} {answer}\n")
        assert subject in screen
        assert told["headline"] in " ".join(screen.split())
    evidence = _ask(command, "explain", head["account_id"], "--result", scanned)["evidence"]
    assert len([one for one in evidence if one["weight_bits"] > 0]) >= 2
    command("explain", "nobody", "--result", scanned, code=2)


def test_a_result_differs_from_itself_in_nothing(scanned: Path, command: Command) -> None:
    """`diff` of a run with itself says so, in words and in JSON."""
    assert command("diff", scanned, scanned).output == "nothing changed\n"
    changes = _ask(command, "diff", scanned, scanned)
    assert (changes["verdicts"], changes["counts"]) == ([], [])
    assert {one["change"] for one in changes["campaigns"]} == {"same"}


def test_diff_says_what_a_shorter_window_changes(
    demo: Path, scanned: Path, command: Command, tmp_path: Path
) -> None:
    """Six days against all seven: fewer exchanges, and every change is in the tables."""
    last = _read(scanned, "campaigns")["last_seen"].max()
    assert isinstance(last, datetime)
    until = last.date().isoformat()
    command("scan", demo, "--out", tmp_path / "shorter", "--until", until)
    changes = _ask(command, "diff", tmp_path / "shorter", scanned)
    counts = {one["count"]: one for one in changes["counts"]}
    assert counts["exchanges"]["before"] < counts["exchanges"]["after"]
    before, after = (
        dict(_read(place, "accounts").select("account_id", "verdict").rows())
        for place in (tmp_path / "shorter", scanned)
    )
    expected = {
        name: (before.get(name, "absent"), after.get(name, "absent"))
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }
    found = {one["account_id"]: (one["before"], one["after"]) for one in changes["verdicts"]}
    assert found == expected


def test_a_reverted_effect_is_gone_and_nothing_else(result: Path, command: Command) -> None:
    """The table loses that line alone; a second call changes nothing; the proof is kept."""
    table = result / "decisions.jsonl"
    lines = table.read_bytes().splitlines(keepends=True)
    chosen = orjson.loads(lines[len(lines) // 2])
    assert "reverted" in command("revert", chosen["decision_id"], "--result", result).output
    kept = b"".join(line for line in lines if orjson.loads(line) != chosen)
    assert table.read_bytes() == kept
    again = command("revert", chosen["decision_id"], "--result", result).output
    assert again.startswith("already reverted")
    assert table.read_bytes() == kept
    proof = orjson.loads((result / "reversals.jsonl").read_bytes())
    assert orjson.loads(proof["removed_row"]) == chosen
    command("revert", "d-unknown", "--result", result, code=2)
    explained = _ask(command, "explain", chosen["account_id"], "--result", result)
    assert explained["headline"]


def test_check_says_what_these_logs_hold(demo: Path, command: Command) -> None:
    """Counts, how full each field is, which checks run, how small a campaign could show."""
    told = _ask(command, "check", demo)
    accounts = len((demo / "accounts.jsonl").read_bytes().splitlines())
    assert told["counts"]["registered_accounts"] == accounts
    fill = {(one["table"], one["field"]): one["share"] for one in told["fields"]}
    assert fill["exchange", "prompt"] == 1.0
    assert 0 < fill["exchange", "device_id"] < 1
    checks = {one["check"]: one["runs"] for one in told["checks"]}
    assert checks["channel payment"] is True
    assert checks["permissions"] is True
    assert told["smallest_campaign"]["heads"] >= 5
    assert told["smallest_campaign"]["says"] in " ".join(command("check", demo).output.split())


def test_open_prints_the_path_where_there_is_no_screen(
    scanned: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that an analyst on a server can fetch it."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert command("open", scanned, "--report").output.strip() == str(scanned / "report.html")
    command("open", scanned.parent, code=2)
