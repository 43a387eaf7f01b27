"""What all records together tell, and what is known beside the traffic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import polars as pl
import pytest

from stillwatch.domain import limits
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import GRANT, LAUNCH, REGISTER
from stillwatch.ingest import settle
from stillwatch.ingest.register import RegisterReading, read_register
from stillwatch.ingest.sources.files import TrafficFiles

KEY = PseudonymKey.from_bytes(bytes(range(16)))
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def observed(*rows: tuple[str, datetime, int, int, int]) -> pl.DataFrame:
    """Give rows of exchange_id, time, record_hash, source_file, source_line."""
    names = ["exchange_id", "time", "record_hash", "source_file", "source_line"]
    return pl.DataFrame(list(rows), schema=names, orient="row")


def test_a_time_far_from_the_median_is_quarantined() -> None:
    """More than 400 days either way; exactly 400 stays."""
    offsets = (0, 0, 0, 400, 401, -401)
    rows = [(f"e{i}", DAY + timedelta(days=d), i, 1, i) for i, d in enumerate(offsets)]
    settled = settle(observed(*rows), names=("a.jsonl", "b.jsonl"))
    assert settled.kept.to_list() == [True, True, True, True, False, False]
    assert settled.quarantine["file"].to_list() == ["b.jsonl", "b.jsonl"]
    assert settled.quarantine["line"].to_list() == [4, 5]
    assert settled.duplicates.is_empty()


def test_of_two_that_differ_the_smaller_hash_stays() -> None:
    """Wherever they stand; of two that are the same, the first place stays."""
    rows = [("e", DAY, 9, 0, 1), ("e", DAY, -5, 1, 7), ("e", DAY, -5, 1, 3), ("f", DAY, 0, 0, 2)]
    settled = settle(observed(*rows), names=("a.jsonl", "b.jsonl"))
    assert settled.kept.to_list() == [False, False, True, True]
    assert settled.duplicates.rows() == [("e", "a.jsonl", 1), ("e", "b.jsonl", 7)]
    turned = settle(observed(*rows[::-1]), names=("a.jsonl", "b.jsonl"))
    assert turned.kept.to_list() == settled.kept.to_list()[::-1]


def test_ids_that_share_a_hash_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted hashes only say where to look: the ids themselves decide."""
    monkeypatch.setattr(pl.Series, "hash", lambda ids: pl.Series([7] * len(ids), dtype=pl.UInt64))
    rows = [(name, DAY, n, 0, n) for n, name in enumerate(("a", "b", "a", "c"))]
    settled = settle(observed(*rows), names=("a.jsonl",))
    assert settled.kept.to_list() == [True, True, False, True]


def test_what_is_far_can_be_nobody_s_duplicate() -> None:
    """A sound record stays, though a far one of the same id has the smaller hash."""
    far = DAY + timedelta(days=1000)
    rows = [("e", DAY, 5, 0, 1), ("f", DAY, 5, 0, 2), ("e", far, 1, 0, 3)]
    assert settle(observed(*rows), names=("a",)).kept.to_list() == [True, True, False]


def known(tmp_path: Path, **files: list[object]) -> RegisterReading:
    """Write these files and read them."""
    paths = {}
    for name, rows in files.items():
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        paths[name] = (path,)
    return read_register(TrafficFiles(**paths), key=KEY)


def test_without_files_the_tables_are_empty(tmp_path: Path) -> None:
    """Every check that needs one stands aside by itself."""
    reading = known(tmp_path)
    assert reading.register.schema == REGISTER.schema
    assert reading.grants.schema == GRANT.schema
    assert reading.launches.schema == LAUNCH.schema
    assert reading.register.height + reading.grants.height + reading.launches.height == 0


def test_a_register_is_pseudonymised(tmp_path: Path) -> None:
    """Names become hashes, instants are read, ids stay readable and match the exchanges'."""
    account = {
        "account_id": 7,
        "created_at": 1772323200,
        "email_domain": "Example.ORG",
        "email_hash": "someone@example.org",
        "payment_fingerprint": "fp_1",
        "referrer": "",
        "plan": "pro",
        "verified": True,
        "revenue_30d": "much",
        "status_changed_at": "never",
    }
    lower = {"account_id": "b", "email_domain": "example.org", "payment_fingerprint": "fp_1"}
    reading = known(tmp_path, accounts=[account, lower, {"plan": "pro"}, 5])
    one, two = reading.register.to_dicts()
    assert (one["account_id"], one["created_at"], one["plan"]) == ("7", DAY, "pro")
    assert one["email_domain_hash"] == two["email_domain_hash"]
    assert one["payment_hash"] == two["payment_hash"]
    assert one["referrer_hash"] is None
    assert "example.org" not in str(reading.register.to_dicts()).lower()
    counts = reading.counts["accounts"]
    assert (counts.read, counts.accepted, counts.quarantined) == (4, 2, 2)
    assert dict(counts.nulled) == {"revenue_30d": 1, "status_changed_at": 1}
    assert reading.quarantine["reason"].to_list() == ["no account_id", "not a JSON object"]


def test_of_two_rows_of_an_account_the_later_status_stays(tmp_path: Path) -> None:
    """The order of rows is irrelevant; a row without a status is the earliest."""
    rows: list[object] = [
        {"account_id": "a", "status": "active", "status_changed_at": "2026-01-01"},
        {"account_id": "a", "status": "suspended", "status_changed_at": "2026-02-01"},
        {"account_id": "a", "status": "terminated"},
        {"account_id": "b", "plan": "x"},
        {"account_id": "b", "plan": "y"},
    ]
    reading = known(tmp_path, accounts=rows)
    assert reading.register["status"].to_list() == ["suspended", None]
    assert reading.duplicates["accounts"] == 3
    assert reading.register.equals(known(tmp_path, accounts=rows[::-1]).register)


def test_a_raw_address_tells_its_domain_its_mailbox_and_its_shape(tmp_path: Path) -> None:
    """As the operator's own columns would; the address is nowhere behind, and never in a reason."""
    raw: list[object] = [
        {"account_id": "a", "email": "Anna.Lindqvist87@Example.org"},
        {"account_id": "b", "email": "anna.lindqvist87+two@example.org", "email_domain": ""},
        {"account_id": "c", "email_domain": "EXAMPLE.org", "email_shape": " A3.a8D2 "},
        {"account_id": "d", "email": "nobody at example.org"},
        {"account_id": "e", "email": 5},
        {"email": "anna.lindqvist87@example.org"},
    ]
    reading = known(tmp_path, accounts=raw)
    a, b, c, d, e = reading.register.to_dicts()
    for name in ("email_domain_hash", "email_shape_hash"):
        assert a[name] == b[name] == c[name] is not None
        assert d[name] is e[name] is None
    assert a["email_hash"] == b["email_hash"] is not None
    assert c["email_hash"] is d["email_hash"] is None
    assert dict(reading.counts["accounts"].nulled) == {"email": 2}
    assert reading.quarantine["reason"].to_list() == ["no account_id"]
    held = str([reading, *(frame.to_dicts() for frame in (reading.register, reading.quarantine))])
    assert "lindqvist" not in held.lower()
    assert "email" not in reading.register.columns


def test_a_raw_address_in_a_parquet_register_is_read_alike(tmp_path: Path) -> None:
    """The columns of another kind of file, the same three hashes."""
    row = {"account_id": "a", "email": "anna.lindqvist87@example.org", "payment_batch": "B-17"}
    pl.DataFrame([row]).write_parquet(tmp_path / "columns.parquet")
    files = TrafficFiles(accounts=(tmp_path / "columns.parquet",))
    columns = read_register(files, key=KEY).register
    assert columns.equals(known(tmp_path, accounts=[row]).register)
    assert columns["email_shape_hash"].null_count() == 0


def test_issuers_and_batches_are_hashed_as_people_write_them(tmp_path: Path) -> None:
    """Capitals and blanks around are nothing, blanks alone are no name, and kinds don't meet."""
    rows: list[object] = [
        {"account_id": "a", "payment_issuer": "Mint Bank", "payment_batch": "mint bank"},
        {"account_id": "b", "payment_issuer": " MINT BANK ", "payment_batch": "  "},
    ]
    a, b = known(tmp_path, accounts=rows).register.to_dicts()
    assert a["payment_issuer_hash"] == b["payment_issuer_hash"] != a["payment_batch_hash"]
    assert b["payment_batch_hash"] is None


def test_of_two_rows_that_differ_in_later_columns_alone_one_stays(tmp_path: Path) -> None:
    """Whatever their order."""
    rows: list[object] = [{"account_id": "a", "payment_batch": name} for name in ("x", "y", None)]
    first, turned = (known(tmp_path, accounts=some).register for some in (rows, rows[::-1]))
    assert first.equals(turned)
    assert first["payment_batch_hash"].null_count() == 0


def test_an_organisation_counts_where_it_is_verified(tmp_path: Path) -> None:
    """As stated; where nobody states it, where all of its accounts are verified."""
    told: list[object] = [
        {"account_id": "a", "org_id": "o", "verified": True, "org_verified": False},
        {"account_id": "b", "org_id": "o", "verified": True},
    ]
    untold: list[object] = [
        {"account_id": "a", "org_id": "o", "verified": True},
        {"account_id": "b", "org_id": "o", "verified": True},
        {"account_id": "c", "org_id": "p", "verified": True},
        {"account_id": "d", "org_id": "p"},
        {"account_id": "e", "verified": True},
    ]
    assert known(tmp_path, accounts=told).register["org_verified"].to_list() == [False, None]
    derived = known(tmp_path, accounts=untold).register["org_verified"].to_list()
    assert derived == [True, True, False, False, None]


def test_a_permission_that_cannot_be_read_permits_nothing(tmp_path: Path) -> None:
    """An unreadable end would be an open one; an unknown scope or nobody named is no permission."""
    sound = {"account_id": "a", "scope": "distillation", "valid_to": "2026-03-01"}
    reading = known(
        tmp_path,
        permissions=[
            sound,
            {**sound, "valid_to": "soon"},
            {**sound, "scope": "everything"},
            {"scope": "resale"},
            {"org_id": "o", "scope": "resale", "budget_exchanges": 5},
        ],
    )
    assert reading.grants["valid_to"].to_list() == [None, DAY]
    assert reading.grants["budget_exchanges"].to_list() == [5, None]
    assert sorted(reading.quarantine["line"].to_list()) == [2, 3, 4]


def test_a_model_is_released_once(tmp_path: Path) -> None:
    """Its first release stays; one without an instant is quarantined."""
    rows: list[object] = [
        {"model": "m", "released_at": "2026-03-02"},
        {"model": "m", "released_at": "2026-03-01"},
        {"model": "n"},
        {"model": "n", "released_at": "soon"},
    ]
    reading = known(tmp_path, releases=rows)
    assert reading.launches.rows() == [("m", DAY)]
    reasons = sorted(reading.quarantine["reason"].to_list())
    assert reasons == ["no released_at", "released_at cannot be read"]


def test_a_register_beyond_the_bound_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing partial is returned."""
    monkeypatch.setattr(limits, "REGISTER_ROWS_MAX", 1)
    with pytest.raises(LimitExceeded, match="REGISTER_ROWS_MAX"):
        known(tmp_path, accounts=[{"account_id": "a"}, {"account_id": "b"}])
