"""`stillwatch templates`: a list is made and shown, traffic is looked at, ids go on."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from stillwatch.app.cli import app
from stillwatch.domain.observations import (
    TEMPLATE_BOOK,
    TEMPLATE_COVER,
    TEMPLATE_FIGURES,
    TEMPLATE_SPREAD,
)

TABLES = (TEMPLATE_BOOK, TEMPLATE_COVER, TEMPLATE_FIGURES, TEMPLATE_SPREAD)
SYLLABLES = ("ba", "ko", "li", "mu", "ne", "ra", "so", "ti", "vu", "ze")
TEXT = " ".join(f"{a}{b}" for a in SYLLABLES for b in SYLLABLES[:6])
"""Sixty words that nobody else says."""


def run(*args: object) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, [str(one) for one in args])


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write two days of eight accounts that send the text with an item of their own."""
    monkeypatch.setenv("STILLWATCH_KEY", "ab" * 16)
    folder = tmp_path / "logs"
    folder.mkdir()
    rows = [
        {
            "account_id": f"acct-{k}",
            "time": f"2026-03-0{day}T10:0{k}:00Z",
            "prompt": f"{TEXT} item{k} of day{day} and some words besides",
        }
        for day in (2, 3)
        for k in range(8)
    ]
    (folder / "exchanges.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Put the text on a list, beside one that is too short."""
    texts = tmp_path / "texts.jsonl"
    texts.write_text(f"{json.dumps({'body': TEXT})}\n{json.dumps({'body': 'too short'})}\n")
    path = tmp_path / "public.idx"
    found = run(
        "templates",
        "add",
        "ours 1.0",
        texts,
        "--index",
        path,
        "--field",
        "body",
        "--licence",
        "MIT",
    )
    assert found.exit_code == 0, found.output
    assert "ours 1.0: 1 texts" in found.stdout
    assert "1 left out" in found.stdout
    return path


def test_what_is_added_is_listed_and_added_again_takes_its_own_place(
    index: Path, tmp_path: Path
) -> None:
    """One origin, with its counts and licence."""
    more = tmp_path / "more.txt"
    more.write_text(f"{TEXT}\n{TEXT[::-1]}\n")
    assert run("templates", "add", "ours 1.0", more, "--index", index).exit_code == 0
    (row,) = json.loads(run("templates", "list", "--index", index, "--json").stdout)
    assert (row["name"], row["texts"], row["licence"]) == ("ours 1.0", 2, "not stated")
    assert "ours 1.0" in run("templates", "list", "--index", index).stdout


def test_the_shipped_list_is_shown_where_none_is_named() -> None:
    """Origins with a version and a licence."""
    rows = json.loads(run("templates", "list", "--json").stdout)
    assert all(row["texts"] and row["licence"] in {"MIT", "Apache-2.0"} for row in rows)


def test_traffic_is_looked_at_and_public_templates_are_named(
    logs: Path, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four files, each as its table says; the template has the list's name and both days."""
    monkeypatch.setenv("STILLWATCH_OBSERVE_TEMPLATE_LIST", str(index))
    out = tmp_path / "found"
    found = run("templates", "find", logs, "--out", out)
    assert found.exit_code == 0, found.output
    assert "ours 1.0" in found.stdout
    for table in TABLES:
        table.conform(pl.read_parquet(out / f"{table.name}.parquet"))
    figures = pl.read_parquet(out / "template_figures.parquet").sort("coverage")
    assert figures.select("accounts", "exchanges", "public_name").row(-1) == (8, 16, "ours 1.0")
    assert pl.read_parquet(out / "template_book.parquet")["days"].max() == 2


def test_ids_go_on_with_the_book_of_the_last_run(logs: Path, tmp_path: Path) -> None:
    """The second day alone, after the first: the ids of both together."""
    both, first, second = (tmp_path / name for name in ("both", "first", "second"))
    assert run("templates", "find", logs, "--out", both).exit_code == 0
    lines = (logs / "exchanges.jsonl").read_text().splitlines()
    (logs / "exchanges.jsonl").write_text("\n".join(lines[:8]))
    assert run("templates", "find", logs, "--out", first).exit_code == 0
    (logs / "exchanges.jsonl").write_text("\n".join(lines[8:]))
    found = run("templates", "find", logs, "--out", second, "--book", first, "--json")
    assert {row["template_id"] for row in json.loads(found.stdout)} <= set(
        pl.read_parquet(both / "template_book.parquet")["template_id"]
    )
    books = [pl.read_parquet(place / "template_book.parquet") for place in (both, second)]
    assert books[0].equals(books[1])


def test_a_book_of_an_older_version_goes_on_too(logs: Path, tmp_path: Path) -> None:
    """Its hashes have bits that are none any more: they are cut as the day's are."""
    first = tmp_path / "first"
    assert run("templates", "find", logs, "--out", first).exit_code == 0
    path = first / "template_book.parquet"
    book = pl.read_parquet(path)
    book.with_columns(pl.col("hashes").list.eval(pl.element() + 4_711)).write_parquet(path)
    assert run("templates", "find", logs, "--out", tmp_path / "b", "--book", first).exit_code == 0
    assert pl.read_parquet(tmp_path / "b" / path.name).equals(book)


@pytest.mark.parametrize("content", [None, b"no parquet"])
def test_a_book_that_is_none_is_refused_in_one_line(
    logs: Path, tmp_path: Path, content: bytes | None
) -> None:
    """And nothing is left behind."""
    if content is not None:
        (tmp_path / "template_book.parquet").write_bytes(content)
    found = run("templates", "find", logs, "--out", tmp_path / "out", "--book", tmp_path)
    assert found.exit_code == 2
    assert found.stderr.startswith("error: ")
    assert "holds no template book" in found.stderr
    assert not (tmp_path / "out").exists()


def test_a_list_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    """Damaged, or not there."""
    bad = tmp_path / "bad.idx"
    bad.write_bytes(b"SWPUBLIC")
    for path in (bad, tmp_path / "none.idx"):
        found = run("templates", "list", "--index", path)
        assert found.exit_code == 2
        assert "cannot use the list of public templates" in found.stderr
