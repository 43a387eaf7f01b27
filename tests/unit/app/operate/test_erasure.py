"""Erased is erased: wherever an account or an end user stood, with a receipt that names nobody."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import orjson
import polars as pl
import pytest
from incidents_by_hand import (
    AUDIT,
    NOW,
    PSEUDONYM,
    ingest,
    ledger_with_decisions,
    record,
    run,
    run_json,
)

from stillwatch.detect.dispositions import tables as answer_tables
from stillwatch.domain import lake_tables, observations, results, tables
from stillwatch.domain.lake_tables import (
    ACCOUNT_COLUMNS,
    EARLY,
    END_USER_COLUMNS,
    HEAD,
    NAMING,
    NOBODY,
)
from stillwatch.domain.schema import Table
from stillwatch.store.lake import Lake
from stillwatch.store.ledger import AuditKey, open_ledger
from stillwatch.store.ledger.changes.erasure import MANY
from stillwatch.store.ledger.nouns import TABLES
from stillwatch.store.ledger.nouns.columns import metadata
from stillwatch.store.ledger.nouns.decisions import NewDecision
from stillwatch.store.segments import Journal, SegmentFolder, pack_record

VICTIM = "acct-victim"
USER = "u-of-theirs"
EVERY = [
    one
    for module in (tables, results, observations, lake_tables, answer_tables)
    for one in vars(module).values()
    if isinstance(one, Table)
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a lake with two days, in which every table that can name an account does."""
    folder = tmp_path_factory.mktemp("made")
    for day in range(2):
        records = [record(f"acct-{n % 3}", n, day=day) for n in range(9)]
        records += [record(VICTIM, n, day=day, user=USER if n else None) for n in range(3)]
        ingest(folder / "lake", folder / f"day-{day}", [*records, records[-1]])
    lake = Lake(folder / "lake")
    head = {"campaign_id": "c", "look": 1, "account_id": [VICTIM, "acct-1"], "is_in": True}
    early = {**head, "verdict": "suspect", "time": NOW, "exchanges": 1, "weight_bits": 9.0}
    lists = {"families": [["content"]] * 2, "channels": [["item"]] * 2}
    lake.append(HEAD.name, HEAD.conform(pl.DataFrame(head)))
    lake.append(EARLY.name, EARLY.conform(pl.DataFrame({**early, **lists})))
    return folder / "lake"


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Path:
    """Give a copy of it."""
    return Path(shutil.copytree(made, tmp_path / "lake"))


def holds(place: Path, text: str) -> list[str]:
    """List the files under a place in which a text stands, in the clear or in a table."""
    found = []
    for path in sorted(p for p in place.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        rows = pl.read_parquet(path, hive_partitioning=False) if path.suffix == ".parquet" else None
        if text.encode() in raw or (rows is not None and text in str(rows.rows())):
            found.append(str(path.relative_to(place)))
    return found


def test_nothing_of_an_account_stays_in_a_lake(lake: Path, tmp_path: Path) -> None:
    """Not in a file, named or not; all rows of others stay; the receipt doesn't name it."""
    assert holds(lake, VICTIM)
    others = Lake(lake).read("observed").filter(pl.col("account_id") != VICTIM)
    systems = len(Lake(lake).read("system"))
    run("erase", "--account", VICTIM, "--lake", lake, "--receipt", tmp_path / "receipt.json")
    assert holds(lake, VICTIM) == []
    assert Lake(lake).read("observed").sort("time").equals(others.sort("time"))
    assert len(Lake(lake).read("system")) == systems - 1
    receipt = orjson.loads((tmp_path / "receipt.json").read_bytes())
    assert receipt["lake"]["rows"] == {
        "campaign_heads": 1,
        "duplicates": 2,
        "early_findings": 1,
        "observed": 6,
        "register": 1,
        "system": 1,
    }
    assert VICTIM not in str(receipt)
    assert receipt["subject"].startswith("erased:")


def test_nothing_of_an_end_user_stays_and_their_account_does(lake: Path) -> None:
    """The exchanges that carry them go, the account's others stay."""
    run("erase", "--end-user", USER, "--lake", lake)
    rows = Lake(lake).read("observed").filter(pl.col("account_id") == VICTIM)
    assert rows["end_user_hash"].to_list() == [None, None]
    assert "nothing was found" in run("erase", "--end-user", USER, "--lake", lake)


def test_what_waits_in_a_journal_is_committed_and_then_erased(lake: Path, tmp_path: Path) -> None:
    """Nothing of the account comes later; of what can't be opened it is said."""
    journal = Journal(
        SegmentFolder(tmp_path / "journal"), secret=bytes.fromhex(PSEUDONYM), clock_s=lambda: 0.0
    )
    lines = [orjson.dumps(record(one, 99, day=1)) for one in (VICTIM, "acct-1")]
    journal.append(pack_record("native", b"\n".join(lines))).result()
    journal.close()
    (tmp_path / "journal" / f"00000009-{'0' * 32}.damaged").write_bytes(b"?")
    told = run_json(
        "erase", "--account", VICTIM, "--lake", lake, "--segments", tmp_path / "journal"
    )
    assert told["segments"] == {"committed": 1, "waiting": 0, "damaged": 1}
    assert "delete them by hand" in str(told["not_erased"])
    assert told["lake"]["rows"]["observed"] == 7
    assert holds(lake, VICTIM) == []
    assert "x-acct-1-1-99" in Lake(lake).read("observed")["exchange_id"].to_list()


def test_a_trial_changes_nothing(lake: Path) -> None:
    """What it says is what the real one erases."""
    before = {p: p.read_bytes() for p in lake.rglob("*") if p.is_file()}
    told = run_json("erase", "--account", VICTIM, "--lake", lake, "--dry-run")
    assert {p: p.read_bytes() for p in lake.rglob("*") if p.is_file()} == before
    assert (
        run_json("erase", "--account", VICTIM, "--lake", lake)["lake"]["rows"]
        == (told["lake"]["rows"])
    )


def test_counts_add_up_after_it_and_a_look_says_so(lake: Path, tmp_path: Path) -> None:
    """A watch ends well, counts what is gone, and says of which days."""
    run("erase", "--account", VICTIM, "--lake", lake)
    run("watch", lake, "--out", tmp_path / "r")
    told = orjson.loads((tmp_path / "r" / "run.json").read_bytes())
    assert told["counts"]["gone"] == 6
    assert told["counts"]["outside_window"] == 0
    (aside,) = [one for one in told["stood_aside"] if one["check"] == "exchanges that are gone"]
    assert aside["reason"] == "6 of 2026-11-01 to 2026-11-02 have left by erasure"


def test_nothing_of_an_account_stays_in_results(lake: Path, tmp_path: Path) -> None:
    """Tables, lists of effects and the page: none names it; what is left still is a result."""
    folder = tmp_path / "results"
    run("watch", lake, "--out", folder / "first")
    assert "profiles.parquet" in holds(folder / "first", VICTIM)
    line = orjson.dumps({"decision_id": "D-1", "account_id": VICTIM}) + b"\n"
    other = orjson.dumps({"decision_id": "D-2", "account_id": "acct-0"}) + b"\n"
    (folder / "first" / "decisions.jsonl").write_bytes(line + other)
    (folder / "first" / "report.html").write_text(f"<p>{VICTIM}</p>")
    accounts = pl.read_parquet(folder / "first" / "accounts.parquet")
    took = accounts.with_columns(pl.lit(VICTIM).alias("predecessor_account_id"))
    took.write_parquet(folder / "first" / "accounts.parquet")
    trial = run_json(
        *(words := ("erase", "--account", VICTIM, "--lake", lake, "--results", folder)), "--dry-run"
    )
    assert holds(folder, VICTIM)
    told = run_json(*words)
    assert holds(folder, VICTIM) == []
    assert told["results"] == trial["results"]
    assert told["results"]["changed"] == 1
    assert (folder / "first" / "decisions.jsonl").read_bytes() == other
    assert "was removed" in (folder / "first" / "report.html").read_text()
    assert len(pl.read_parquet(folder / "first" / "accounts.parquet")) == len(accounts) - 1
    assert "acct-1" in run("explain", "acct-1", "--result", folder / "first")


def test_text_of_customers_leaves_results_with_the_account(tmp_path: Path) -> None:
    """Exemplars are of nobody that could be told: all of a result go in which the account was."""
    place = tmp_path / "result"
    place.mkdir()
    (place / "run.json").write_bytes(b"{}")
    (place / "report.md").write_text("a prompt of somebody")
    templates = pl.DataFrame({"template_id": ["t"], "exemplars": [["a prompt of somebody"]]})
    templates.write_parquet(place / "templates.parquet")
    run("erase", "--account", VICTIM, "--results", place)
    assert holds(place, "a prompt of somebody") == ["report.md", "templates.parquet"]
    pl.DataFrame({"account_id": [VICTIM]}).write_parquet(place / "accounts.parquet")
    run("erase", "--account", VICTIM, "--results", place)
    assert holds(place, "a prompt of somebody") == []


def test_the_ledger_holds_without_the_name(lake: Path, tmp_path: Path) -> None:
    """Rows have the receipt's word instead; the log verifies, and says who did it."""
    ledger_with_decisions(tmp_path / "ledger.db", (VICTIM, "acct-1")).close()
    named = ("--lake", lake, "--ledger", tmp_path / "ledger.db", "--actor", "cora")
    told = run_json("erase", "--account", VICTIM, *named)
    assert told["ledger"]["rows"] == {"decided_accounts": 1}
    assert "whole" in run("audit", "verify", tmp_path / "ledger.db")
    opened = open_ledger(tmp_path / "ledger.db")
    with opened.read() as view:
        names = [one.account_id for one in view.list_accounts("d-1")]
        last = view.list_audit_entries()[-1]
    opened.close()
    assert sorted(names) == ["acct-1", told["subject"]]
    assert (last.verb, last.actor, last.subject_id) == (
        "account.erase",
        "cora",
        told["receipt_id"],
    )
    assert VICTIM.encode() not in (tmp_path / "ledger.db").read_bytes()


def test_an_account_under_a_decision_is_not_erased(lake: Path, tmp_path: Path) -> None:
    """Nothing is touched anywhere, and it says which decision."""
    opened = ledger_with_decisions(tmp_path / "ledger.db", ("acct-1",))
    decision = NewDecision(
        decision_id="d-2",
        effect="suspend",
        reason="Your account was suspended.",
        subject_kind="account",
        subject_id=VICTIM,
        approvals_needed=0,
        expires_at=NOW + timedelta(days=3),
    )
    with opened.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision, account_ids=[VICTIM])
    opened.close()
    named = ("--lake", lake, "--ledger", tmp_path / "ledger.db")
    said = run("erase", "--account", VICTIM, *named, code=2)
    assert "decision d-2 is proposed and cannot become erased" in said
    assert len(Lake(lake).read("observed").filter(pl.col("account_id") == VICTIM)) == 6
    with open_ledger(tmp_path / "ledger.db", key=AuditKey(bytes.fromhex(AUDIT))).write(
        actor="ann", now=NOW
    ) as change:
        change.reject("d-2", why=f"{VICTIM} is a school")
    told = run_json("erase", "--account", VICTIM, *named)
    assert told["ledger"]["rows"] == {"decided_accounts": 1, "decisions": 1}
    assert "whole" in run("audit", "verify", tmp_path / "ledger.db")


def test_one_of_the_two_has_to_be_named(lake: Path) -> None:
    """Neither or both is a slip."""
    run("erase", "--lake", lake, code=2)
    run("erase", "--account", "a", "--end-user", "b", "--lake", lake, code=2)


@pytest.mark.parametrize("table", EVERY, ids=lambda one: one.name)
def test_every_table_of_the_house_names_somebody_or_says_why_not(table: Table) -> None:
    """A table that is added can't be forgotten, nor a column that names an account."""
    names = set(table.columns)
    assert bool(names & set(NAMING)) != (table.name in NOBODY)
    known = {*ACCOUNT_COLUMNS, *END_USER_COLUMNS}
    suspicious = {
        name
        for name, column in table.columns.items()
        if ("account" in name or "end_user" in name)
        and column.dtype in (pl.String, pl.List(pl.String))
    }
    assert suspicious <= known


def test_every_table_of_the_ledger_that_names_an_account_is_erased_from() -> None:
    """Those with images are gone through by their columns; the others are listed."""
    naming = {name for name, table in metadata.tables.items() if "account_id" in table.columns}
    covered = {table.name for table in (*TABLES.values(), *MANY)}
    assert {"decided_accounts", "effects", "appeals", "permissions"} <= naming
    assert naming <= covered
