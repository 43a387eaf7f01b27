"""How well campaigns are found: scenario x scale x seed, one table, resumable.

    python bench/matrix.py --scenarios ghost proxy-20k --scales 0.05 --seeds 1 2 3 --keep runs/

Each cell is simulated, scanned and evaluated in processes of its own, and leaves one JSON file in
`--keep`; a cell whose file is there is not run again, so a matrix that was stopped goes on. The
traffic and the result are deleted after each cell. The table has a row per scenario and scale:
means over seeds, and below it a row per campaign and per role of falsely called accounts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from scan_speed import run_cold

STILLWATCH: Final = Path(sys.executable).with_name("stillwatch")
HEADER: Final = (
    "| scenario | scale | seeds | accounts | exchanges | recall | at suspect | false accounts "
    "| false share | honest suspects | exchange recall | exchange precision | scan s | peak GB |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)
CAMPAIGNS: Final = (
    "| scenario | scale | campaign | heads | recall | at suspect | purity | in one piece |\n"
    "|---|---|---|---|---|---|---|---|"
)
WORD: Final = (
    "| scenario | scale | tied accounts | fraud | said | is fraud | expected error "
    "| false among those called | promised |\n|---|---|" + "---:|" * 7
)
"""Of tied accounts alone; what was promised is the mean of 1 - probability over those called."""
Cell = dict[str, Any]


def run_cell(scenario: str, *, scale: float, seed: int, workers: int) -> Cell:
    """Simulate, scan and evaluate one cell."""
    with tempfile.TemporaryDirectory() as folder:
        traffic, result = Path(folder, "traffic"), Path(folder, "result")
        began = time.perf_counter()
        simulate = [STILLWATCH, "simulate", scenario, "--out", traffic, "--scale", str(scale)]
        run_cold([*simulate, "--seed", str(seed), "--workers", str(workers)])
        simulated_s = time.perf_counter() - began
        return {
            "scenario": scenario,
            "scale": scale,
            "seed": seed,
            "simulate_s": simulated_s,
            **judge_traffic(traffic, result, key=draw_key(seed)),
        }


def draw_key(seed: int) -> str:
    """Give the pseudonym key of a seed.

    Which hours are sampled and which ties win follows from hashes: another key, other figures.
    """
    return hashlib.blake2b(str(seed).encode(), digest_size=16).hexdigest()


def judge_traffic(traffic: Path, result: Path, *, key: str) -> Cell:
    """Scan simulated traffic under a key and evaluate the result against its truth."""
    scan = run_cold(
        [STILLWATCH, "scan", traffic, "--out", result], environment={"STILLWATCH_KEY": key}
    )
    page = result.with_name("evaluation.json")
    evaluate = [STILLWATCH, "evaluate", result, "--truth", traffic / "truth", "--json"]
    run_cold(evaluate, output=page)
    return {
        "scan_s": scan.wall_s,
        "peak_gb": scan.peak_gb,
        "counts": json.loads((result / "run.json").read_text())["counts"],
        "evaluation": json.loads(page.read_text()),
    }


def keep_cell(cell: Cell, kept: Path) -> None:
    """Write a cell's file, whole or not at all."""
    draft = kept.with_suffix(".part")
    draft.write_text(json.dumps(cell, indent=1))
    shutil.move(draft, kept)
    print(f"{kept.stem}: {cell['scan_s']:.0f} s", file=sys.stderr, flush=True)


def list_cells(
    scenarios: Sequence[str], *, scales: Sequence[float], seeds: Sequence[int]
) -> Iterator[tuple[str, float, int]]:
    """List the cells in the order in which they run: small ones of every scenario first."""
    for scale in sorted(scales):
        for seed in seeds:
            for scenario in scenarios:
                yield scenario, scale, seed


def mean(values: Iterable[float | None]) -> float | None:
    """Give the mean of those that are known."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def spell(value: float | None) -> str:
    """Write a share with three decimals; what there is not, as a dash."""
    return "-" if value is None else f"{value:.3f}"


def render_table(cells: Sequence[Cell]) -> str:
    """Write the tables: by scenario, by campaign, by role of falsely called accounts."""
    groups: dict[tuple[str, float], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell["scenario"], cell["scale"]), []).append(cell)
    rows = [_row(*key, group) for key, group in groups.items()]
    campaigns = [line for key, group in groups.items() for line in _campaign_rows(*key, group)]
    roles = [line for key, group in groups.items() for line in _role_rows(*key, group)]
    words = [_word_row(*key, group) for key, group in groups.items()]
    parts = [HEADER, *rows, "", CAMPAIGNS, *campaigns, "", WORD, *words]
    if roles:
        parts += ["", "| scenario | scale | falsely called role | accounts |", "|---|---|---|---|"]
        parts += roles
    return "\n".join(parts)


def _row(scenario: str, scale: float, cells: Sequence[Cell]) -> str:
    found = [cell["evaluation"] for cell in cells]

    def average(name: str) -> str:
        return spell(mean(one[name] for one in found))

    accounts = mean(cell["counts"]["accounts"] for cell in cells) or 0.0
    exchanges = mean(cell["counts"]["exchanges"] for cell in cells) or 0.0
    false = sum(one["false_accounts"] for one in found)
    suspected = sum(one["false_at_suspect"] for one in found)
    return (
        f"| {scenario} | {scale:g} | {len(cells)} | {accounts:,.0f} | {exchanges:,.0f} "
        f"| {average('account_recall')} | {average('account_recall_at_suspect')} | {false} "
        f"| {average('false_discovery')} | {suspected} | {average('exchange_recall')} "
        f"| {average('exchange_precision')} | {mean(c['scan_s'] for c in cells) or 0.0:.0f} "
        f"| {max(cell['peak_gb'] for cell in cells):.1f} |"
    )


def _campaign_rows(scenario: str, scale: float, cells: Sequence[Cell]) -> Iterator[str]:
    by_name: dict[str, list[dict[str, Any]]] = {}
    for cell in cells:
        for score in cell["evaluation"]["campaigns"]:
            by_name.setdefault(score["campaign"], []).append(score)
    for name, scores in by_name.items():
        heads = mean(score["heads"] for score in scores) or 0.0
        shares = " | ".join(
            spell(mean(score[field] for score in scores))
            for field in ("recall", "recall_at_suspect", "purity", "in_one_piece")
        )
        yield f"| {scenario} | {scale:g} | {name} | {heads:,.0f} | {shares} |"


def _word_row(scenario: str, scale: float, cells: Sequence[Cell]) -> str:
    """Say how far the probability could be taken at its word, over tied accounts."""
    found = [cell["evaluation"] for cell in cells]
    tied = [one["calibration_tied"] for one in found]
    accounts, fraud = (sum(one[name] for one in tied) for name in ("accounts", "fraud"))
    said = sum((one["mean_probability"] or 0.0) * one["accounts"] for one in tied)
    called = sum(one["called_fraudulent"] for one in found)
    false = sum(one["false_accounts"] for one in found)
    promised = sum(
        (one["promised_false_discovery"] or 0.0) * one["called_fraudulent"] for one in found
    )
    return (
        f"| {scenario} | {scale:g} | {accounts:,} | {fraud:,} | {spell(said / max(accounts, 1))} "
        f"| {spell(fraud / max(accounts, 1))} | {spell(mean(o['expected_error'] for o in tied))} "
        f"| {spell(false / max(called, 1))} | {spell(promised / max(called, 1))} |"
    )


def _role_rows(scenario: str, scale: float, cells: Sequence[Cell]) -> Iterator[str]:
    roles: Counter[str] = Counter()
    for cell in cells:
        roles.update(cell["evaluation"]["false_by_role"])
    for role, count in sorted(roles.items()):
        yield f"| {scenario} | {scale:g} | {role} | {count:,} |"


def main() -> None:
    """Run what has not been run, and print the table of all cells that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenarios", nargs="+", required=True)
    parser.add_argument("--scales", nargs="+", type=float, default=[0.05])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, required=True, help="one JSON file a cell")
    asked = parser.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    cells = []
    for scenario, scale, seed in list_cells(
        asked.scenarios, scales=asked.scales, seeds=asked.seeds
    ):
        kept = asked.keep / f"{scenario}-{scale:g}-{seed}.json"
        if not kept.exists():
            cell = run_cell(scenario, scale=scale, seed=seed, workers=asked.workers)
            keep_cell(cell, kept)
        cells.append(json.loads(kept.read_text()))
    print(render_table(cells))


if __name__ == "__main__":
    main()
