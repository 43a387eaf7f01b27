"""The same traffic in each dialect gives the same campaigns, fields that a dialect lacks aside.

The rule: what a dialect's log says is what a native log says from which the lacking fields were
taken. So each is held, to the last bit, to a native log of the same rows without those fields, and
the accounts that are called out to those of the full native log.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from whole_runs import Command

_WRITTEN = runpy.run_path(
    str(Path(__file__).resolve().parents[1] / "contract" / "dialects" / "writers.py")
)
pytestmark = pytest.mark.long
WRITERS = _WRITTEN["WRITERS"]
LACKS: dict[str, frozenset[str]] = _WRITTEN["LACKS"]
_GATEWAYS = tuple(name for name in sorted(WRITERS) if name != "bedrock")
_READERS_SAY = {"turn": 1}
"""Every reader counts the turns of what it sees, and one message was written."""
_BEDROCK_SAYS = {**_READERS_SAY, "access_path": "bedrock", "status": 200}
_CALLED = ("fraudulent", "suspect")
_JACCARD_MIN = 0.9
_POORER_JACCARD_MIN = 0.8
"""Where addresses, clients and keys are missing too: a campaign that only they tie gets smaller."""

Row = dict[str, Any]
Scan = Callable[[str], pl.DataFrame]


def _without(rows: Iterable[Row], lacks: frozenset[str], says: Row) -> list[Row]:
    """Take fields out of rows, and put in what a reader says in their place."""
    return [
        {name: value for name, value in row.items() if name not in lacks}
        | says
        | {"output_tokens": row["output_tokens"] or None}  # of a failed call: nothing, or 0
        for row in rows
    ]


@pytest.fixture(scope="module")
def rows(demo: Path) -> dict[str, list[Row]]:
    """Give the demo's rows as each family of dialects can carry them."""
    with (demo / "exchanges-0000.jsonl").open("rb") as lines:
        full = [orjson.loads(line) for line in lines]
    lacks = frozenset[str]().union(*(LACKS[name] for name in _GATEWAYS))
    return {
        "gateways": _without(full, lacks, _READERS_SAY),
        "bedrock": _without(full, LACKS["bedrock"], _BEDROCK_SAYS),
    }


@pytest.fixture(scope="module")
def scan(
    rows: dict[str, list[Row]],
    demo: Path,
    command: Command,
    tmp_path_factory: pytest.TempPathFactory,
) -> Scan:
    """Give the accounts that a scan of the demo in some dialect leaves; each is scanned once."""
    found: dict[str, pl.DataFrame] = {}

    def once(name: str) -> pl.DataFrame:
        if name not in found:
            folder = tmp_path_factory.mktemp(name)
            _write(folder / "logs", name=name, rows=rows, beside=demo)
            command("scan", folder / "logs", "--out", folder / "run")
            run = orjson.loads((folder / "run" / "run.json").read_bytes())
            assert run["counts"]["exchanges"] == run["counts"]["read"]
            assert run["inputs"][-1]["dialect"] == name.split("-", maxsplit=1)[0]
            found[name] = pl.read_parquet(folder / "run" / "accounts.parquet")
        return found[name]

    return once


def _write(folder: Path, *, name: str, rows: dict[str, list[Row]], beside: Path) -> None:
    folder.mkdir()
    for kind in ("accounts", "permissions", "releases"):
        (folder / f"{kind}.jsonl").symlink_to(beside / f"{kind}.jsonl")
    with (folder / "exchanges.jsonl").open("wb") as log:
        log.writelines(line + b"\n" for line in _lines(name, rows))


def _lines(name: str, rows: dict[str, list[Row]]) -> Iterator[bytes]:
    if name.startswith("native-"):
        return map(orjson.dumps, rows[name.removeprefix("native-")])
    lines: Iterator[bytes] = WRITERS[name](rows["bedrock" if name == "bedrock" else "gateways"])
    return lines


def _called(accounts: pl.DataFrame) -> set[str]:
    return set(accounts.filter(pl.col("verdict").is_in(_CALLED))["account_id"])


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_a_dialect_says_what_a_native_log_without_its_gaps_says(name: str, scan: Scan) -> None:
    """Every verdict, probability, campaign and sentence is equal, of every account."""
    alike = scan("native-bedrock" if name == "bedrock" else "native-gateways")
    assert _called(alike)
    assert_frame_equal(scan(name), alike, check_exact=True)


@pytest.mark.parametrize("name", _GATEWAYS)
def test_a_gateway_log_calls_out_whom_the_full_log_calls_out(
    name: str, scan: Scan, scanned: Path
) -> None:
    """What gateways don't log (devices, reasoning blocks, turns) changes few accounts, if any."""
    full = pl.read_parquet(scanned / "accounts.parquet")
    assert _overlap(_called(scan(name)), _called(full)) >= _JACCARD_MIN


def test_a_log_without_addresses_and_clients_accuses_nobody_new(
    scan: Scan, scanned: Path, demo: Path
) -> None:
    """Bedrock's log lacks two families: it shows nearly the same accounts, and no innocent one.

    A head of which an own address spoke in the full log may come in.
    """
    truth = pl.read_csv(demo / "truth" / "accounts.csv", infer_schema_length=None)
    heads = set(truth.filter(role="fraud")["account_id"])
    full = _called(pl.read_parquet(scanned / "accounts.parquet"))
    called = _called(scan("bedrock"))
    assert called - full <= heads
    assert _overlap(called, full) >= _POORER_JACCARD_MIN
