"""An address in a register goes no further than ingest: into no lake, no quarantine, no result."""

from __future__ import annotations

from pathlib import Path

import orjson
import polars as pl
import pytest
from incidents_by_hand import record, run

from stillwatch.domain.tables import REGISTER
from stillwatch.store.lake import Lake

MAILBOX, DOMAIN = "canary.keeper77", "north-mine.example"
BATCH, ISSUER = "batch-of-the-north-mine", "bank-of-the-north-mine"


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ingest logs with addresses in every place where one may stand, look, and scan."""
    folder = tmp_path_factory.mktemp("canaries")
    logs = folder / "logs"
    logs.mkdir()
    sent = [record(f"acct-{n % 8}", n) for n in range(24)]
    (logs / "exchanges.jsonl").write_bytes(b"\n".join(map(orjson.dumps, sent)))
    told = {"payment_batch": BATCH, "payment_issuer": ISSUER}
    rows: list[bytes] = [
        orjson.dumps(told | {"account_id": f"acct-{n}", "email": f"{MAILBOX}+{n}@{DOMAIN}"})
        for n in range(8)
    ]
    rows += [
        orjson.dumps({"email": f"{MAILBOX}@{DOMAIN}"}),
        orjson.dumps({"account_id": "acct-8", "email": [f"{MAILBOX}@{DOMAIN}"]}),
        orjson.dumps({"account_id": "acct-9", "email": f"<{MAILBOX}@{DOMAIN}>"}),
        orjson.dumps({"account_id": "acct-9", "email": f"{MAILBOX}@{DOMAIN}"})[:-3],
    ]
    (logs / "accounts.jsonl").write_bytes(b"\n".join(rows))
    run("ingest", logs, "--lake", folder / "lake", "--max-quarantine", 1)
    run("watch", folder / "lake", "--out", folder / "look")
    run("scan", logs, "--out", folder / "run", "--max-quarantine", 1, "--retain-text")
    return folder


@pytest.mark.parametrize("place", ["lake", "look", "run"])
def test_no_address_is_left(place: str, left: Path) -> None:
    """Neither in bytes nor in a text of a table, even where text is retained."""
    held = []
    for path in sorted(path for path in (left / place).rglob("*") if path.is_file()):
        held.append(path.read_bytes())
        if path.suffix == ".parquet":
            held.append(str(pl.read_parquet(path, hive_partitioning=False).to_dicts()).encode())
    assert len(held) > 4
    for word in (MAILBOX, DOMAIN, "canary", BATCH, ISSUER):
        assert word.encode() not in b"\n".join(held)


def test_what_it_tells_is_in_the_lake(left: Path) -> None:
    """The control: eight accounts of one mailbox, one shape, one batch and one issuer."""
    rows = Lake(left / "lake").read(REGISTER.name).head(8)
    for name in ("email_hash", "email_domain_hash", *REGISTER.later):
        assert rows[name].null_count() == 0, name
        assert rows[name].n_unique() == 1, name
