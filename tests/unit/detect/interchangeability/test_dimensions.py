"""Content, parameters, hours and volume: heads of one queue share all four, people none."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.detect.interchangeability.dimensions import DIMENSIONS, list_cells, measure_shares
from stillwatch.detect.interchangeability.sketch import sketch_accounts

BY_HAND: Any = runpy.run_path(str(Path(__file__).with_name("groups_by_hand.py")))


@pytest.mark.parametrize("name", DIMENSIONS)
def test_heads_have_hardly_any_share_and_people_have_one(name: str) -> None:
    """By dimension: below a twentieth in 40 interchangeable accounts, surely above them in others.

    Even quotas and hours that count once push a share below 0, so 0 need not be in its interval.
    """
    rng = np.random.default_rng(6)
    heads, people = (
        measure_shares(sketch_accounts(BY_HAND["draw_group"](rng, accounts=40, share=share)))[name]
        for share in (0.0, 0.4)
    )
    assert heads.high < 0.05
    assert people.low > max(heads.high, 0.01)


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_a_known_share_of_content_is_recovered_from_stored_bytes(share: float) -> None:
    """Of 30 groups at least 24 intervals hold the share that their content was drawn with.

    Volumes are unequal by design, embeddings rounded to signed bytes.
    """
    rng = np.random.default_rng(int(1_000 * share))
    found = [
        measure_shares(sketch_accounts(BY_HAND["draw_group"](rng, accounts=30, share=share)))
        for _ in range(30)
    ]
    assert sum(f["content"].low <= share <= f["content"].high for f in found) >= 24
    assert np.mean([f["content"].share for f in found]) == pytest.approx(share, rel=0.15)


def test_below_ten_accounts_every_dimension_is_silent() -> None:
    """Nine accounts give nan in all four."""
    exchanges = BY_HAND["draw_group"](np.random.default_rng(7), accounts=9, share=0.2)
    shares = measure_shares(sketch_accounts(exchanges))
    assert np.isnan([shares[name].share for name in DIMENSIONS]).all()


def test_a_burst_counts_once_in_the_hours() -> None:
    """A hundred exchanges in one hour are one active hour."""
    account = np.repeat([0, 1], [100, 2])
    exchanges = BY_HAND["observe"](
        account,
        vectors=np.ones((102, 32)),
        hours=np.array([3] * 100 + [4, 5]),
        parameters=np.zeros(102, np.int64),
    )
    assert list_cells(sketch_accounts(exchanges), "hours").sizes.tolist() == [1, 2]


def test_one_setting_for_all_says_nothing() -> None:
    """Where nobody's parameters vary, there is no variance between accounts, nor any within."""
    rng = np.random.default_rng(8)
    account = np.repeat(np.arange(12), 20)
    exchanges = BY_HAND["observe"](
        account,
        vectors=30 * rng.standard_normal((240, 32)),
        hours=rng.integers(0, 300, 240),
        parameters=np.zeros(240, np.int64),
    )
    shares = measure_shares(sketch_accounts(exchanges))
    assert np.isnan(shares["parameters"].share)
    assert not np.isnan(shares["content"].share)


def test_specialised_heads_are_interchangeable_inside_their_specialities() -> None:
    """Ten heads a capability: content differs between accounts, and not inside capabilities."""
    rng = np.random.default_rng(9)
    account = np.repeat(np.arange(40), 60)
    capability = account % 4
    centres = 60 * rng.standard_normal((4, 32))
    exchanges = BY_HAND["observe"](
        account,
        vectors=centres[capability] + 20 * rng.standard_normal((len(account), 32)),
        hours=rng.integers(0, 300, len(account)),
        parameters=rng.integers(0, 5, len(account)),
        capability=capability,
    )
    sketch = sketch_accounts(exchanges, speciality="capability")
    assert measure_shares(sketch)["content"].low > 0.3
    inside = measure_shares(sketch, inside=True)["content"]
    assert inside.low <= 0 <= inside.high
