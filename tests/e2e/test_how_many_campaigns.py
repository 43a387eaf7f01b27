"""Two campaigns through one proxy stay two, and one campaign over two proxies is one."""

from __future__ import annotations

from pathlib import Path

import pytest
from whole_runs import scan_played

from stillwatch_lab.scenarios import choose


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["one-proxy", "two-proxies"])
def test_there_are_as_many_campaigns_as_operators(scenario: str, tmp_path: Path) -> None:
    """Every campaign whole and alone: nine heads of ten called, and nobody of another's."""
    told = scan_played(tmp_path, choose(scenario), scale=0.015, seed=8201)
    called = told.filter(verdict="fraudulent")
    assert set(called["role"]) == {"fraud"}
    assert called.height >= 0.9 * told.filter(role="fraud").height
    pairs = called.select("campaign", "campaign_id").unique()
    assert pairs["campaign"].n_unique() == pairs["campaign_id"].n_unique() == pairs.height
