"""Nothing that a scan leaves holds a prompt, an address or an e-mail, unless text is retained."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from whole_runs import Command

from stillwatch.app import pipeline
from stillwatch.app.arrive import Arrived

_CANARY = "the canary of the north mine sings at a quarter past nine"
_MAIL = "canary.keeper@mine.example"
_ADDRESS = "203.0.113.77"
_SAMPLED = 120
_PIECE = 24
"""Characters of a text that are looked for: no phrase of ours is that long and the same."""
_LONG_ENOUGH = 8
"""Characters from which a value is looked for: shorter ones are found in anything."""
_TOKEN = re.compile(rb"[\w.:@+-]+")
_NAMES = ("ip", "end_user_id", "api_key_id", "device_id", "conversation_id")
_REGISTERED = ("email_domain", "email_hash", "payment_fingerprint", "referrer")


def _plain(folder: Path) -> bytes:
    """Give all that is in a directory; of Parquet files the bytes, and each text and blob once."""
    parts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        parts += [str(path.relative_to(folder)).encode(), path.read_bytes()]
        if path.suffix == ".parquet":
            parts += _texts_of(pl.read_parquet(path, hive_partitioning=False))
    return b"\n".join(parts)


def _texts_of(rows: pl.DataFrame) -> list[bytes]:
    kinds = (pl.String, pl.Binary, pl.List(pl.String))
    columns = [rows[name] for name, kind in rows.schema.items() if kind in kinds]
    flat = [one.explode() if one.dtype == pl.List else one for one in columns]
    return [b"\n".join(one.drop_nulls().unique().cast(pl.Binary)) for one in flat]


def _pieces(texts: pl.Series) -> Iterator[bytes]:
    """Cut sampled texts: their start, their middle and their end."""
    long = texts.drop_nulls().unique(maintain_order=True)
    long = long.filter(long.str.len_chars() >= 3 * _PIECE)
    for text in long.sample(min(_SAMPLED, len(long)), seed=1):
        middle = len(text) // 2
        for piece in (text[:_PIECE], text[middle : middle + _PIECE], text[-_PIECE:]):
            yield piece.encode()


def _values(rows: pl.DataFrame, names: tuple[str, ...]) -> set[bytes]:
    texts = pl.concat([rows[name].drop_nulls().cast(pl.String).alias("value") for name in names])
    return {one.encode() for one in texts.unique() if len(one) >= _LONG_ENOUGH}


def _found(held: bytes, looked_for: Iterator[bytes]) -> list[bytes]:
    return [value for value in looked_for if value in held]


@pytest.fixture(scope="module")
def logs(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the demo with canaries: in a shared prompt, in wrong places, in unreadable lines."""
    folder = tmp_path_factory.mktemp("canaries") / "logs"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("truth"))
    said: dict[str, Any] = {
        "time": "2026-01-05T00:00:00Z",
        "prompt": f"{_CANARY}; write to {_MAIL} from {_ADDRESS}",
        "ip": _ADDRESS,
        "end_user_id": _MAIL,
    }
    lines = [orjson.dumps(said | {"account_id": f"keeper-{i}"}) for i in range(8)]
    lines += [
        orjson.dumps(said | {"account_id": "keeper-8", "temperature": _MAIL, "tools": _CANARY}),
        orjson.dumps(said | {"time": _MAIL, "account_id": "keeper-9"}),
        orjson.dumps(said),
        orjson.dumps(said | {"account_id": "keeper-9"})[:-9],
    ]
    (folder / "exchanges-canaries.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    mails = [orjson.dumps({"account_id": f"keeper-{i}", "email": _MAIL}) for i in range(8)]
    mails += [orjson.dumps({"email": _MAIL}), orjson.dumps({"account_id": _MAIL[:6], "email": 1})]
    (folder / "accounts-canaries.jsonl").write_bytes(b"\n".join(mails) + b"\n")
    return folder


@pytest.fixture(scope="module")
def rows(demo: Path) -> pl.DataFrame:
    """Give the demo's raw exchanges."""
    return pl.read_ndjson(demo / "exchanges-0000.jsonl", infer_schema_length=None)


@pytest.fixture(scope="module")
def register(demo: Path) -> pl.DataFrame:
    """Give the demo's raw register."""
    return pl.read_ndjson(demo / "accounts.jsonl", infer_schema_length=None)


@pytest.fixture(scope="module")
def left(
    logs: Path, command: Command, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, bytes, bytes]:
    """Scan without --retain-text: the result, all in it, and all in the run's own lake."""
    folder = tmp_path_factory.mktemp("left")
    tie_accounts = pipeline.tie_accounts

    def keep_a_copy(arrived: Arrived, *others: Any) -> object:  # noqa: ANN401  handed on
        shutil.copytree(arrived.lake.place, folder / "lake")
        return tie_accounts(arrived, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "tie_accounts", keep_a_copy)
        command("scan", logs, "--out", folder / "run")
    return folder / "run", _plain(folder / "run"), _plain(folder / "lake")


@pytest.mark.parametrize("place", [1, 2], ids=["result", "lake"])
def test_no_text_is_left(place: int, left: tuple[Path, bytes, bytes], rows: pl.DataFrame) -> None:
    """No piece of any sampled prompt, system text or answer, and of no canary."""
    held = left[place]
    assert isinstance(held, bytes)
    for column in ("prompt", "system", "response"):
        assert _found(held, _pieces(rows[column])) == [], column
    assert b"canary of the" not in held
    assert b"north mine" not in held


@pytest.mark.parametrize("place", [1, 2], ids=["result", "lake"])
def test_no_name_of_a_person_or_a_machine_is_left(
    place: int, left: tuple[Path, bytes, bytes], rows: pl.DataFrame, register: pl.DataFrame
) -> None:
    """No address, e-mail, end user, device, conversation, payment or referrer of the input."""
    held = left[place]
    assert isinstance(held, bytes)
    named = _values(rows, _NAMES) | _values(register, _REGISTERED) | {_ADDRESS.encode()}
    assert len(named) > len(register)
    tokens = {token.strip(b".:") for token in _TOKEN.findall(held)}
    assert b"keeper-0" in tokens, "accounts stay: the operator needs them"
    assert tokens & named == set()
    assert b"canary.keeper" not in held
    assert b"mine.example" not in held


def test_a_customer_hears_nothing_of_the_case(
    left: tuple[Path, bytes, bytes], rows: pl.DataFrame
) -> None:
    """One wording an effect and day: no account, no figure, no channel, no campaign in it."""
    result = left[0]
    decisions = [
        orjson.loads(line) for line in (result / "decisions.jsonl").read_bytes().splitlines()
    ]
    wordings = {(one["effect"], one["expires_at"][:10], one["reason"]) for one in decisions}
    assert len(wordings) == len({one["effect"] for one in decisions}) > 0
    told = " ".join(reason for _, _, reason in wordings)
    campaigns = pl.read_parquet(result / "campaigns.parquet")
    for secret in (*rows["account_id"].unique(), *campaigns["campaign_id"]):
        assert secret not in told
    for word in ("template", "payment", "address", "subnet", "%", "q-value", "bits"):
        assert word not in told


def test_the_search_would_have_found_it(
    logs: Path, rows: pl.DataFrame, command: Command, tmp_path: Path
) -> None:
    """The control: with --retain-text a few prompts are there, and rejected records; not more."""
    command("scan", logs, "--out", tmp_path / "run", "--retain-text")
    held = _plain(tmp_path / "run")
    templates = pl.read_parquet(tmp_path / "run" / "templates.parquet")
    shown = templates["exemplars"].explode().drop_nulls()
    assert len(shown) > 0
    assert len(_found(held, _pieces(shown))) > 0
    assert set(shown.str.slice(0, 100)) <= set(rows["prompt"].str.slice(0, 100))
    assert b"canary of the" in held, "a rejected record is kept under --retain-text"
    assert b".lake" not in held
