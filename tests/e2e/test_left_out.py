"""What is found where logs leave things out: `bench/left_out.py` itself, a small part of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LEFT_OUT = Path(__file__).parents[2] / "bench" / "left_out.py"


@pytest.mark.long
def test_a_campaign_is_found_in_poorer_logs_and_no_honest_account_is_called(tmp_path: Path) -> None:
    """One row an omission; of accounts that are found without texts, what they send counts."""
    poorer = ["nothing", "all text", "refused requests, status"]
    asked = [
        "--left-out",
        *poorer,
        "--scenarios",
        "reasoning-150k",
        "--scale",
        "0.004",
        "--seed",
        "71",
    ]
    told = subprocess.run(
        [sys.executable, str(LEFT_OUT), *asked, "--keep", str(tmp_path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    cells = {
        cell["left_out"]: cell
        for cell in (json.loads(file.read_text()) for file in tmp_path.glob("*.json"))
    }
    assert set(cells) == set(poorer)
    assert told.stdout.count("\n| reasoning-150k |") == len(cells)
    assert not any(cell["evaluation"]["false_accounts"] for cell in cells.values())
    assert cells["nothing"]["evaluation"]["account_recall"] >= 0.9
    wordless = cells["all text"]["evaluation"]
    assert wordless["account_recall_at_suspect"] >= 0.9
    assert wordless["exchange_recall"] >= 0.9
    without = cells["refused requests, status"]["counts"]["exchanges"]
    assert without < cells["nothing"]["counts"]["exchanges"]
