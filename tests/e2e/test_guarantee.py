"""The demonstration of the guarantee, a small part of it: `bench/guarantee.py` itself."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

BENCH = Path(__file__).parents[2] / "bench"
SEEDS = 6
NONE_OF = ("groups", "strangers", "applications", "campaigns")
NO_OTHERS = (*(word for kind in NONE_OF for word in (f"--{kind}", "0")), "--deal-every", str(SEEDS))


def _run(keep: Path) -> subprocess.CompletedProcess[str]:
    asked = ["--keep", str(keep), "--innocent", str(SEEDS), "--first-seed", "771", *NO_OTHERS]
    return subprocess.run(
        [sys.executable, str(BENCH / "guarantee.py"), *asked],
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.long
def test_six_innocent_seeds_are_judged_clean(tmp_path: Path) -> None:
    """No honest group is a harvest at 0.05, no account fraudulent; asked again, nothing runs."""
    first = _run(tmp_path)
    cells = [json.loads(place.read_text()) for place in tmp_path.glob("*.json")]
    assert len(cells) == SEEDS
    for cell in cells:
        false = [
            g
            for g in cell["groups"]
            if g["harvest_share"] < 0.5 and g["judgement"] == "harvest" and g["q_value"] <= 0.05
        ]
        assert false == [], cell["seed"]
        assert cell["false"] == 0, cell["seed"]
        assert cell["groups"], "a seed without a tied group says nothing"
    dealt = [cell["null"]["dealt"] for cell in cells if cell["null"]]
    assert len(dealt) == 1
    assert dealt[0]["least_q"] > 0.05
    again = _run(tmp_path)
    assert again.stdout == first.stdout
    assert again.stderr == "0 incidents to run\n"


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    """What the page is made by."""
    return runpy.run_path(str(BENCH / "guarantee_tables.py"))


def test_the_bound_of_a_mean_is_nearly_exact_where_nothing_was_seen(tables: dict[str, Any]) -> None:
    """Of n zeros it lies between the exact bound, 1 - 0.05^(1/n), and 1.7 times that."""
    for n in (20, 100, 300):
        exact = 1 - 0.05 ** (1 / n)
        assert exact <= tables["bound_mean"]([0.0] * n) <= 1.7 * exact
    assert tables["bound_mean"]([]) == 1.0


def test_the_bound_of_a_mean_covers_it(tables: dict[str, Any]) -> None:
    """In 300 studies of 100 skewed proportions each, at most 5 % of the bounds are too low."""
    rng = np.random.default_rng(1)
    low = 0
    for _ in range(300):
        shown = np.where(rng.random(100) < 0.1, rng.random(100), 0.0)
        low += tables["bound_mean"](shown.tolist()) < 0.05
    assert low <= 0.05 * 300


def test_dealt_traits_keep_every_value_as_popular_and_no_family_together(tables: object) -> None:
    """Each family's rows move as one hand; what two families said of one account comes apart."""
    del tables
    sys.path.insert(0, str(BENCH))
    try:
        deal = runpy.run_path(str(BENCH / "guarantee_incident.py"))["deal_families"]
    finally:
        sys.path.remove(str(BENCH))
    names = [f"a{k:03d}" for k in range(200)]
    given = pl.concat(
        pl.DataFrame({"account_id": names, "channel": channel, "value": range(200), "share": 1.0})
        for channel in ("address", "subnet", "payment")
    )
    dealt = deal(given, seed=1)
    wide = dealt.pivot("channel", index="account_id", values="value").sort("account_id")
    assert dealt["value"].sort().to_list() == given["value"].sort().to_list()
    assert wide.height == 200
    assert (wide["address"] == wide["subnet"]).all()
    assert (wide["address"] == wide["payment"]).sum() < 10
