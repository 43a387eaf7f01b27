"""What the ledger permits is permitted to a look as if a file had said it, and no longer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from whole_runs import Command

from stillwatch.app.settings import parse_instant, utc_now
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger
from stillwatch.store.ledger.nouns.policies import NewPermission

pytestmark = pytest.mark.long
KEY = AuditKey(b"a key of a test, sixteen or more")
PERMISSIONS = "permissions.jsonl"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    made = make_ledger(tmp_path / "ledger.db", key=KEY, ledger_id="house", now=utc_now())
    yield made
    made.close()


@pytest.fixture(scope="module")
def lake(demo: Path, command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's traffic in a lake, but for what it permits."""
    place = tmp_path_factory.mktemp("beside")
    shutil.copytree(demo, place / "traffic", ignore=shutil.ignore_patterns(PERMISSIONS, "truth"))
    command("ingest", place / "traffic", "--lake", place / "lake")
    return place / "lake"


def permit(ledger: Ledger, demo: Path) -> list[str]:
    """Write into the ledger what the demo's file permits; gives the ids."""
    rows = [orjson.loads(line) for line in (demo / PERMISSIONS).read_bytes().splitlines()]
    with ledger.write(actor="adam", now=utc_now()) as change:
        for number, row in enumerate(rows):
            bounds = {n: row[n] and parse_instant(row[n]) for n in ("valid_from", "valid_to")}
            change.grant_permission(NewPermission(permission_id=f"p-{number}", **{**row, **bounds}))
    return [f"p-{number}" for number in range(len(rows))]


def test_a_permission_of_the_ledger_is_one_of_a_file(  # noqa: PLR0917  fixtures
    lake: Path, ledger: Ledger, demo: Path, scanned: Path, command: Command, tmp_path: Path
) -> None:
    """A head that the ledger permits is permitted, and after a revocation a head as in a scan."""
    expected = pl.read_parquet(scanned / "accounts.parquet")
    head = expected.filter(pl.col("verdict") == "fraudulent")["account_id"][0]
    ids = permit(ledger, demo)
    with ledger.write(actor="adam", now=utc_now()) as change:
        own = NewPermission(
            permission_id="p-head", account_id=head, scope="distillation", granted_by="adam"
        )
        change.grant_permission(own)
    command("watch", lake, "--out", tmp_path / "beside", "--ledger", tmp_path / "ledger.db")
    found = pl.read_parquet(tmp_path / "beside" / "accounts.parquet")
    assert found.filter(pl.col("verdict") == "permitted")["account_id"].to_list() == [head]
    told = orjson.loads((tmp_path / "beside" / "run.json").read_bytes())
    assert [one["permission_id"] for one in told["permissions"]["from"]] == [*ids, "p-head"]
    assert (told["policy"]["from"], told["policy"]["version"]) == ("shipped", None)
    with ledger.write(actor="adam", now=utc_now()) as change:
        change.revoke_permission("p-head")
    command("watch", lake, "--out", tmp_path / "after", "--ledger", tmp_path / "ledger.db")
    assert_frame_equal(
        pl.read_parquet(tmp_path / "after" / "accounts.parquet"), expected, check_exact=True
    )
