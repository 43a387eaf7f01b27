"""Decisions out of a result's table: what is read, what has changed, and what can't be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from stillwatch.app.service.sources import ResultSource
from stillwatch.domain.errors import LimitExceeded, NotAResult
from stillwatch.gateway.decision import Parameters
from stillwatch.gateway.table import DecisionTable


def row(name: str, effect: str = "suspend", **said: object) -> dict[str, Any]:
    """Make a row as `act` writes it."""
    given = {
        "decision_id": f"d-{name}",
        "account_id": name,
        "effect": effect,
        "reason": "Sorry.",
        "expires_at": "2027-01-01T00:00:00Z",
        "basis": None,
    }
    return given | said


def put(place: Path, *rows: dict[str, Any]) -> ResultSource:
    """Write a table in one step, and give its source."""
    beside = place / "part"
    beside.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in rows))
    beside.replace(place / "decisions.jsonl")
    return ResultSource(place, series="s")


def test_a_table_follows_its_file(tmp_path: Path) -> None:
    """All at first, nothing while nothing changes, then what has changed; versions grow by one."""
    source = put(tmp_path, row("a"), row("b", "review"))
    first = source.read(-1)
    assert first is not None
    assert (first.version, first.is_snapshot, len(first.puts)) == (1, True, 2)
    assert source.read(1) is None
    put(tmp_path, row("b", "deny"), row("c"))
    second = source.read(1)
    assert second is not None
    assert (second.since, second.version, second.is_snapshot) == (1, 2, False)
    assert [place[0] for place in second.removals] == ["a"]
    table = DecisionTable().after(first).after(second)
    assert {one.account_id: one.effect for one in table.rows()} == {"b": "deny", "c": "suspend"}
    put(tmp_path, row("c"), row("b", "deny"))
    assert source.read(2) is None


def test_who_asks_from_another_version_gets_all(tmp_path: Path) -> None:
    """A source never guesses what was missed."""
    source = put(tmp_path, row("a"))
    source.read(-1)
    again = source.read(-1)
    assert again is not None
    assert again.is_snapshot
    assert [one.account_id for one in again.puts] == ["a"]


def test_parameters_are_read_as_policies_write_them(tmp_path: Path) -> None:
    """A JSON text in the row, an object, or nothing; an unknown effect is a review."""
    said = {"exchanges_per_hour": 7, "measures": ["m"]}
    source = put(
        tmp_path,
        row("a", "throttle", parameters=orjson.dumps(said).decode()),
        row("b", "throttle", parameters=said, api_key_id="k"),
        row("c", "explode", expires_at="2027-01-01T00:00:00"),
    )
    delta = source.read(-1)
    assert delta is not None
    found = {one.account_id: one for one in delta.puts}
    assert found["a"].parameters == found["b"].parameters == Parameters(7, measures=("m",))
    assert found["b"].api_key_id == "k"
    assert (found["c"].effect, found["c"].expires_at_s) == ("review", found["a"].expires_at_s)


@pytest.mark.parametrize("line", [b"no json", b"[]", b"{}", b'{"account_id": "a"}', b"3"])
def test_a_broken_line_refuses_the_whole_file(tmp_path: Path, line: bytes) -> None:
    """Half a table would let through whom the other half shuts out; the old one stays."""
    source = put(tmp_path, row("a"))
    source.read(-1)
    (tmp_path / "decisions.jsonl").write_bytes(orjson.dumps(row("b")) + b"\n" + line + b"\n")
    with pytest.raises(NotAResult):
        source.read(1)
    put(tmp_path, row("a"), row("c"))
    mended = source.read(1)
    assert mended is not None
    assert [one.account_id for one in mended.puts] == ["c"]


def test_no_table_and_too_large_a_table_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed, with a hint."""
    with pytest.raises(NotAResult):
        ResultSource(tmp_path, series="s").read(-1)
    monkeypatch.setattr("stillwatch.app.service.sources.DECISIONS_MAX", 1)
    with pytest.raises(LimitExceeded):
        put(tmp_path, row("a"), row("b")).read(-1)
