"""Traffic as arrays: a group's exchanges are slices, and passages know their holders."""

from __future__ import annotations

import numpy as np
import pytest
from traffic_by_hand import Scene


@pytest.fixture
def scene() -> Scene:
    """Three accounts; passage 7 in two exchanges of a and one of b."""
    small = Scene(seed=1)
    small.send("b", [7])
    small.send("a", [7, 8])
    small.send("c", [])
    small.send("a", [7])
    return small


def test_exchanges_stand_account_after_account(scene: Scene) -> None:
    """Sorted by account; the rows of accounts are consecutive; who sent nothing is left out."""
    arranged = scene.traffic(accounts=1)
    assert arranged.accounts == ["a", "b", "c"]
    assert arranged.account_start.tolist() == [0, 2, 3, 4]
    codes = arranged.codes_of(["c", "a", "nobody"])
    assert codes.tolist() == [0, 2]
    ids = arranged.exchanges[arranged.rows_of(codes)]["account_id"].to_list()
    assert ids == ["a", "a", "c"]
    assert len(arranged.rows_of(np.zeros(0, np.int32))) == 0


def test_passages_know_who_holds_them_and_how_much(scene: Scene) -> None:
    """Passage 7: all of a's and b's exchanges; passage 8: half of a's."""
    arranged = scene.traffic(accounts=1)
    assert arranged.holders.tolist() == [2, 1]
    assert arranged.mass.tolist() == pytest.approx([2.0, 0.5])
    assert sorted(np.diff(arranged.passage_start).tolist()) == [0, 1, 1, 2]


def test_embeddings_are_read_and_absent_ones_are_zero(scene: Scene) -> None:
    """Thirty-two signed bytes a row, in the order of the exchanges."""
    scene.rows[0]["embedding"] = None
    embeddings = scene.traffic().embeddings
    assert embeddings.shape == (4, 32)
    assert (np.abs(embeddings).sum(axis=1) == 0).tolist() == [False, False, True, False]
