"""A campaign that shares nothing but its queue, among the whole catalogue of look-alikes."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_runs import scan_played

from stillwatch_lab.scenarios import choose

FLEETS = {"fleet": 8, "card-fleet": 8}
"""More honest customers who hand on out of sight than the scenario has by itself."""


@pytest.mark.long
def test_the_hand_behind_a_phantom_is_called_and_no_fleet_is(tmp_path: Path) -> None:
    """Half of the heads, those that a refused request betrays; nobody else is `fraudulent`."""
    told = scan_played(tmp_path, choose("phantom", asked=FLEETS), scale=0.03, seed=8101)
    called = told.filter(verdict="fraudulent")
    assert set(called["role"]) == {"fraud"}
    assert called.height >= 0.4 * told.filter(role="fraud").height
    assert called["campaign_id"].n_unique() == 1
