"""What came through the service is found as in a scan of the files; a head's heir at its first."""

from __future__ import annotations

from pathlib import Path

import orjson
import polars as pl
import pytest
from fastapi import FastAPI
from polars.testing import assert_frame_equal
from starlette.testclient import TestClient
from whole_runs import SECRET

from stillwatch.app.loops.committing import Committed, Committer
from stillwatch.app.loops.detecting import Detector
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.app.progress import QuietProgress
from stillwatch.app.service.ingestion import Ingestion, IngestionSettings
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.store.lake import Lake
from stillwatch.store.segments import JournalBounds, SegmentFolder

KEY = PseudonymKey.from_bytes(bytes.fromhex(SECRET))
TABLES = ("accounts", "groups", "campaigns", "exchanges", "evidence", "harvest", "templates")
_LINES = 4_000


def send(place: Path, bodies: list[tuple[str, bytes]]) -> Committed:
    """Send bodies to a service over a journal of small segments, and commit them all."""
    settings = IngestionSettings(
        place / "journal",
        place / "lake",
        commits=False,
        bounds=JournalBounds(segment_bytes=8 * 2**20),
    )
    ingestion = Ingestion(settings, key=KEY)
    app = FastAPI(lifespan=ingestion.lifespan)
    app.include_router(ingestion.router)
    with TestClient(app) as client:
        for kind, body in bodies:
            assert client.post(f"/ingest/{kind}", content=body).status_code == 202
    done = Committer(SegmentFolder(place / "journal"), place / "lake", KEY, Settings())
    committed = done.commit_waiting()
    assert committed is not None
    assert committed.left == 0
    return committed


@pytest.fixture(scope="module")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a place whose lake has taken the demo through the service, in a dozen bodies."""
    folder = tmp_path_factory.mktemp("service")
    log = (demo / "exchanges-0000.jsonl").read_bytes().splitlines(keepends=True)
    bodies = [("native", b"".join(log[at : at + _LINES])) for at in range(0, len(log), _LINES)]
    kinds = ("accounts", "permissions", "releases")
    bodies += [(kind, (demo / f"{kind}.jsonl").read_bytes()) for kind in kinds]
    send(folder, bodies)
    return folder


@pytest.fixture(scope="module")
def looked(place: Path) -> Path:
    """Give the result of the detection loop's first round."""
    detector = Detector(place / "lake", ResultsFolder(place / "results"), KEY, Settings())
    outcome = detector.look_if_new(QuietProgress())
    assert outcome is not None
    return outcome.result


def test_what_came_through_the_service_is_found_as_in_a_scan(looked: Path, scanned: Path) -> None:
    """Every table of findings, to the last bit."""
    for name in TABLES:
        ours, theirs = (pl.read_parquet(one / f"{name}.parquet") for one in (looked, scanned))
        assert_frame_equal(ours, theirs, check_exact=True)


def test_heirs_of_heads_are_found_at_once_and_heirs_of_innocents_are_not(
    place: Path, looked: Path, demo: Path
) -> None:
    """Three exchanges of a head, and of a clear account, sent again by accounts of other names."""
    accounts = pl.read_parquet(looked / "accounts.parquet").sort("account_id")
    heads = accounts.filter(pl.col("verdict") == "fraudulent")["account_id"].to_list()[::5]
    clear = accounts.filter(pl.col("verdict") == "clear")["account_id"].to_list()[::5]
    sent: dict[str, list[dict[str, object]]] = {}
    for line in (demo / "exchanges-0000.jsonl").read_bytes().splitlines():
        row = orjson.loads(line)
        sent.setdefault(row["account_id"], []).append(row)
    register = {
        row["account_id"]: row
        for row in map(orjson.loads, (demo / "accounts.jsonl").read_bytes().splitlines())
    }
    chosen = (*heads, *clear)
    rows = [
        {**row, "account_id": f"heir-{one}", "exchange_id": f"h-{row['exchange_id']}"}
        for one in chosen
        for row in sent[one][:3]
    ]
    known = [{**register[one], "account_id": f"heir-{one}"} for one in chosen]
    send(
        place,
        [
            ("accounts", b"\n".join(map(orjson.dumps, known))),
            ("native", b"\n".join(map(orjson.dumps, rows))),
        ],
    )
    found = set(Lake(place / "lake").read("early_findings")["account_id"])
    caught = len(found & {f"heir-{one}" for one in heads}) / len(heads)
    accused = len(found & {f"heir-{one}" for one in clear}) / len(clear)
    assert accused == 0.0
    assert caught >= 0.4, (
        "the fast path sees no templates, and one of three campaigns has only them"
    )
