"""The matrix of scenario by scale by seed, a small part of it: `bench/matrix.py` itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MATRIX = Path(__file__).parents[2] / "bench" / "matrix.py"
SCALE = "0.004"
SCENARIOS = ("innocent", "reasoning-150k")


def _run(keep: Path) -> subprocess.CompletedProcess[str]:
    asked = ["--scenarios", *SCENARIOS, "--scales", SCALE, "--seeds", "71", "--keep", str(keep)]
    return subprocess.run(
        [sys.executable, str(MATRIX), *asked], capture_output=True, text=True, check=True
    )


@pytest.mark.long
def test_a_small_matrix_finds_the_campaign_and_calls_no_honest_account(tmp_path: Path) -> None:
    """A cell a scenario, one table; asked again, it prints the same and runs nothing."""
    first = _run(tmp_path)
    cells = {p.stem: json.loads(p.read_text())["evaluation"] for p in tmp_path.glob("*.json")}
    assert set(cells) == {f"{name}-{SCALE}-71" for name in SCENARIOS}
    assert cells[f"innocent-{SCALE}-71"]["false_accounts"] == 0
    assert cells[f"reasoning-150k-{SCALE}-71"]["account_recall"] >= 0.9
    assert cells[f"reasoning-150k-{SCALE}-71"]["false_accounts"] == 0
    assert first.stderr.count(" s\n") == len(SCENARIOS)
    again = _run(tmp_path)
    assert again.stdout == first.stdout
    assert again.stderr == ""
