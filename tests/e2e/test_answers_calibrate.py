"""A group marked innocent: the next look is less sure, and says so; taken back, all is as before.

The demo's campaigns stand in for honest groups that look like one: what people answer is all that
the product knows of the truth, and the lake has none of it.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from whole_runs import Command

from stillwatch.app.enforce.from_looks.looks import read_look
from stillwatch.app.enforce.from_looks.recording import record_look
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger
from stillwatch.store.ledger.nouns.findings import NewDisposition

pytestmark = pytest.mark.long
TABLES = ("accounts", "groups", "campaigns", "exchanges", "evidence", "harvest", "templates")


class Desk:
    """A lake that is looked at, and a ledger in which people answer."""

    def __init__(self, place: Path, demo: Path, command: Command) -> None:
        self.place, self.command = place, command
        logs = place / "logs"
        shutil.copytree(demo, logs, ignore=shutil.ignore_patterns("truth"))
        command("ingest", logs, "--lake", place / "lake")
        self.where = place / "ledger.db"
        key = AuditKey(b"a key of a test, sixteen or more")
        self.ledger: Ledger = make_ledger(self.where, key=key, ledger_id="one", now=self.now)

    @property
    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    def look(self, name: str, *more: object) -> Path:
        """Look, and write what was found into the ledger."""
        out = self.place / name
        self.command("watch", self.place / "lake", "--out", out, *more)
        if more:
            record_look(self.ledger, read_look(out, lake=self.place / "lake"), now=self.now)
        return out

    def answer(self, name: str, campaign_id: str, said: str, *, after: timedelta) -> None:
        """Answer what a campaign was; `after` the present, for answers from the future."""
        noted = NewDisposition(
            disposition_id=name,
            subject_kind="campaign",
            subject_id=campaign_id,
            answer=said,
            source_kind="case",
            source_id=f"case-{campaign_id}",
        )
        with self.ledger.write(actor="ann", now=self.now + after) as change:
            change.note_disposition(noted)


def run_of(result: Path) -> dict[str, Any]:
    """Read a run's record."""
    return dict(orjson.loads((result / "run.json").read_bytes()))


def tables_of(result: Path) -> dict[str, pl.DataFrame]:
    """Read what a look has found."""
    return {name: pl.read_parquet(result / f"{name}.parquet") for name in TABLES}


def assert_same(one: Path, other: Path) -> None:
    """Every table of findings, to the last bit."""
    for name, frame in tables_of(one).items():
        assert_frame_equal(frame, tables_of(other)[name], check_exact=True)


@pytest.fixture(scope="module")
def desk(demo: Path, command: Command, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Give a desk at which a look without a ledger, and one with an empty one, were made."""
    made = Desk(tmp_path_factory.mktemp("desk"), demo, command)
    made.look("alone")
    made.look("first", "--ledger", made.where)
    return made


def test_an_empty_ledger_changes_nothing(desk: Desk) -> None:
    """The same tables; without a ledger neither its file nor its word is in the result."""
    alone, first = desk.place / "alone", desk.place / "first"
    assert_same(alone, first)
    assert "answers" not in run_of(alone)
    assert not (alone / "standings.parquet").exists()
    assert {p.name for p in first.iterdir()} - {p.name for p in alone.iterdir()} == {
        "standings.parquet"
    }
    assert run_of(first)["answers"]["innocent"] == 0
    named = pl.read_parquet(first / "standings.parquet")["campaign_id"].drop_nulls()
    assert set(named) == set(tables_of(first)["campaigns"]["campaign_id"])


def test_an_answer_is_used_by_the_next_look_and_taken_back_by_a_later_one(desk: Desk) -> None:
    """Less sure of it, surer of nothing, and said so everywhere; then as before, bit by bit."""
    first = desk.place / "first"
    groups = tables_of(first)["groups"].filter(pl.col("judgement") == "harvest")
    row = groups.sort("q_value", "group_id").row(0, named=True)
    desk.answer("n-1", row["campaign_id"], "innocent", after=timedelta(0))
    desk.answer("n-9", row["campaign_id"], "distillation", after=timedelta(days=1))
    second = desk.look("second", "--ledger", desk.where)
    told = run_of(second)["answers"]
    assert (told["innocent"], told["innocent_campaigns"]) == (1, [row["campaign_id"]])
    assert row["group_id"] in [one["group_id"] for one in told["milder"]]
    said = "Calibrated with 1 group that people marked innocent"
    for page in ("report.html", "report.md"):
        assert said in (second / page).read_text(encoding="utf-8")
    before, after = tables_of(first), tables_of(second)
    both = before["groups"].join(after["groups"], on="group_id", suffix="_then")
    assert (both["q_value_then"] >= both["q_value"]).all()
    q = after["groups"].filter(pl.col("group_id") == row["group_id"])["q_value"].item()
    assert q > 100 * row["q_value"]
    accounts = before["accounts"].join(after["accounts"], on="account_id", suffix="_then")
    assert (accounts["probability_then"] <= accounts["probability"]).all()
    own = accounts.filter(pl.col("group_id") == row["group_id"])
    assert (own["probability_then"] < own["probability"]).all()
    assert (own["verdict_then"] != "fraudulent").all()
    desk.answer("n-2", row["campaign_id"], "distillation", after=timedelta(0))
    third = desk.look("third", "--ledger", desk.where)
    assert_same(first, third)
    told = run_of(third)["answers"]
    assert (told["innocent"], told["confirmed"], told["milder"]) == (0, 1, [])
    assert told["reliability"][-1]["confirmed"] == 1
    assert desk.ledger.verify().is_whole
