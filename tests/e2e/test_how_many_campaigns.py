"""Two campaigns through one proxy stay two, and one campaign over two proxies is one."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_runs import scan_played

from stillwatch_lab.scenarios import choose


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["one-proxy", "two-proxies"])
def test_there_are_as_many_campaigns_as_operators(scenario: str, tmp_path: Path) -> None:
    """Nine heads of ten called, and nine of ten of each campaign in one pure piece."""
    told = scan_played(tmp_path, choose(scenario), scale=0.015, seed=8201)
    called = told.filter(verdict="fraudulent")
    assert set(called["role"]) == {"fraud"}
    assert called.height >= 0.9 * told.filter(role="fraud").height
    pieces = called.group_by("campaign", "campaign_id").len()
    assert pieces["campaign_id"].is_unique().all()
    for (_,), own in pieces.group_by("campaign"):
        assert int(own["len"].max()) >= 0.9 * int(own["len"].sum())
