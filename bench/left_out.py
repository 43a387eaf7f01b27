"""What is found where logs leave things out: scenario x what is missing, one table, resumable.

    python bench/left_out.py --scenarios february-24k proxy-20k ghost --seed 501 --keep runs/

The same simulated traffic is scanned as it is, and with columns taken out of its exchanges and its
register, as gateways and warehouses do. Each cell leaves one JSON file in `--keep`; a cell whose
file is there is not run again. Traffic and results are deleted.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from matrix import STILLWATCH, Cell, draw_key, judge_traffic, keep_cell, spell
from scan_speed import run_cold

HEADER: Final = (
    "| scenario | left out | recall | at suspect | false accounts | honest suspects "
    "| exchange recall | exchange precision |\n|---|---|" + "---:|" * 6
)
REGISTER: Final = "accounts.jsonl"
ANSWERED: Final = 200
"""HTTP status of an answer."""
CLIENTS: Final = ("ip", "user_agent", "tls_fingerprint", "device_id", "access_path")
TEXTS: Final = ("system", "prompt", "response")
WHO_AND_WHEN: Final = ("exchange_id", "time", "account_id", "model")


@dataclass(frozen=True)
class Omission:
    """What a kind of log leaves out."""

    name: str
    exchanges: tuple[str, ...] = ()
    """Columns of exchanges that are missing."""
    only: tuple[str, ...] = ()
    """The only columns of exchanges that are there; all, where none is named."""
    register: tuple[str, ...] | None = None
    """The only fields of an account that are there; all, where None; no register, where none."""
    answered_only: bool = False
    """Requests that were refused are not logged."""


OMISSIONS: Final = (
    Omission("nothing"),
    Omission("refused requests, status", exchanges=("status",), answered_only=True),
    Omission("network, client", exchanges=CLIENTS),
    Omission("all text", exchanges=TEXTS),
    Omission("register but id, day, domain, plan",
             register=("account_id", "created_at", "email_domain", "plan")),
    Omission("register", register=()),
    Omission("all but text, account, time", only=(*WHO_AND_WHEN, *TEXTS), register=()),
)  # fmt: skip


def leave_out(traffic: Path, into: Path, omission: Omission) -> None:
    """Copy a traffic directory, with less in it. Truth, releases and permissions are left as is."""
    into.mkdir()
    for file in sorted(traffic.iterdir()):
        if file.suffix == ".parquet":
            frame = pl.read_parquet(file)
            if omission.answered_only:
                frame = frame.filter(pl.col("status") == ANSWERED)
            if omission.only:
                frame = frame.select(omission.only)
            frame.drop(omission.exchanges).write_parquet(into / file.name)
        elif file.name == REGISTER and omission.register is not None:
            _thin_out_register(file, into / file.name, omission.register)
        else:
            (into / file.name).symlink_to(file.resolve())


def _thin_out_register(file: Path, thinned: Path, fields: Sequence[str]) -> None:
    if not fields:
        return
    with file.open(encoding="utf-8") as lines, thinned.open("w", encoding="utf-8") as out:
        for line in lines:
            account = json.loads(line)
            out.write(json.dumps({name: account.get(name) for name in fields}) + "\n")


def run_scenario(
    scenario: str, chosen: Sequence[Omission], *, scale: float, seed: int, keep: Path
) -> list[Cell]:
    """Simulate a scenario once, and scan it with each omission that has no file in `keep` yet."""
    files = {
        omission.name: keep / f"{scenario}-{scale:g}-{seed}-{OMISSIONS.index(omission)}.json"
        for omission in chosen
    }
    with tempfile.TemporaryDirectory() as folder:
        traffic = Path(folder, "traffic")
        for k, omission in enumerate(chosen):
            if files[omission.name].exists():
                continue
            if not traffic.exists():
                simulate = [STILLWATCH, "simulate", scenario, "--out", traffic, "--workers", "2"]
                run_cold([*simulate, "--scale", str(scale), "--seed", str(seed)])
            place = Path(folder, str(k))
            place.mkdir()
            leave_out(traffic, place / "traffic", omission)
            cell = judge_traffic(place / "traffic", place / "result", key=draw_key(seed))
            keep_cell(
                {"scenario": scenario, "left_out": omission.name, **cell}, files[omission.name]
            )
    return [json.loads(file.read_text()) for file in files.values()]


def render_table(cells: Sequence[Cell]) -> str:
    """Write a row per cell, in their order."""
    rows = [HEADER]
    for cell in cells:
        found = cell["evaluation"]
        shares = [spell(found[n]) for n in ("account_recall", "account_recall_at_suspect")]
        counts = [str(found[n]) for n in ("false_accounts", "false_at_suspect")]
        taken = [spell(found[n]) for n in ("exchange_recall", "exchange_precision")]
        rows.append(
            f"| {' | '.join([cell['scenario'], cell['left_out'], *shares, *counts, *taken])} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Run what has not been run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenarios", nargs="+", required=True)
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=501)
    parser.add_argument("--left-out", nargs="+", choices=[o.name for o in OMISSIONS])
    parser.add_argument("--keep", type=Path, required=True, help="one JSON file a cell")
    asked = parser.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    chosen = [o for o in OMISSIONS if not asked.left_out or o.name in asked.left_out]
    cells: list[Cell] = []
    for scenario in asked.scenarios:
        cells += run_scenario(scenario, chosen, scale=asked.scale, seed=asked.seed, keep=asked.keep)
    print(render_table(cells))


if __name__ == "__main__":
    main()
