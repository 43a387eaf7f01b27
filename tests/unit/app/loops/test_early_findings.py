"""The fast path in the lake: a new account that works as a known campaign does is told at once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from committed import Place, exchange, ndjson

from stillwatch.domain.lake_tables import EARLY, TELLING
from stillwatch.store.lake import Lake


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give a lake in which a look has found a campaign, told by its device and its address."""
    place = Place(tmp_path / "journal", tmp_path / "lake")
    place.keep(ndjson([head(1, "old"), exchange(2)]))
    place.committer().commit_waiting()
    row = place.rows().filter(pl.col("account_id") == "old").row(0, named=True)
    told = [("c1", 1, channel, row[f"{channel}_hash"], 5.9) for channel in ("device", "address")]
    lake = Lake(place.lake)
    telling = pl.DataFrame(told, schema=TELLING.schema, orient="row")
    about = {"look": 1, "ingests": 1, "window": ["2026-01-01"]}
    lake.commit([lake.write(TELLING.name, telling)], {"look": about})
    return place


def head(number: int, account: str) -> dict[str, object]:
    """Make an exchange of the campaign's."""
    return exchange(number, account_id=account, device_id="d-9", ip="203.0.113.9")


def test_a_new_account_with_its_traits_is_suspect_at_its_first_request(place: Place) -> None:
    """With the evidence; not an account that was there before, and nobody twice."""
    place.keep(ndjson([head(10, "heir"), head(11, "old"), exchange(12, account_id="stranger")]))
    done = place.committer().commit_waiting()
    assert done is not None
    assert done.early == 1
    place.keep(ndjson([head(13, "heir")]))
    again = place.committer().commit_waiting()
    assert again is not None
    assert again.early == 0
    (found,) = place.rows(EARLY.name).to_dicts()
    assert (found["account_id"], found["campaign_id"]) == ("heir", "c1")
    assert found["verdict"] == "suspect"
    assert found["exchanges"] == 1
    assert set(found["families"]) == {"infrastructure", "client"}
    assert found["weight_bits"] == pytest.approx(11.8)
