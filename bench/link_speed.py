"""How fast linking and detection are, on exchanges that are observed already, and how they grow.

    python bench/link_speed.py --sizes 1M 4M 16M [--scenario agentic-3m] [--folder DIR]
    python bench/link_speed.py --sizes --hubs 0 4k 40k 400k

Each size is simulated (a preset at the scale that gives so many exchanges), observed, linked and
detected, by a process of its own each; seconds and peak memory are of the last, reading the lake
included, kernels cached. Growth is that of CPU seconds, which a shared machine hardly moves. Then
half a million made-up accounts are linked in which one value more is held by so many of them,
beside as many holders of values that forty hold: a popular value may cost what its holders cost,
and no more. Traffic is deleted after each size (2.5 GB at 16 M).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from scan_speed import parse_size, run_cold
from stillwatch_lab.presets import PRESETS, SIZES
from stillwatch_lab.scenarios.innocent import EACH, POPULATION

STEPS: Final = Path(__file__).with_name("link_speed_steps.py")
STILLWATCH: Final = Path(sys.executable).with_name("stillwatch")
KEY: Final = "5711a7c4" * 4
"""Any key: figures don't depend on it."""
EXPONENT_MAX: Final = 1.1
SECONDS_MAX: Final = 60.0
"""Of linking and detection together, at sixteen million exchanges: issue 6, like the other bars."""
PEAK_GB_MAX: Final = 4.0
FULL: Final = 16_000_000
SPREAD: Final = 40
"""Holders of each of the values that a popular one is compared with."""
HEADER: Final = (
    "| exchanges | accounts | seeds | groups | link s | detect s | both s "
    "| CPU s | CPU us an exchange | growth exponent, CPU | peak GB, link | peak GB |\n|---|"
    + "---:|"
    * 11
)
Figures = dict[str, Any]


def find_scale(scenario: str, exchanges: int) -> float:
    """Give the scale at which a preset has so many exchanges."""
    plans = PRESETS.get(scenario, ())
    heads = sum(SIZES[plan.name].heads * SIZES[plan.name].exchanges for plan in plans)
    return exchanges / (POPULATION * EACH + heads)


def measure(exchanges: int, asked: argparse.Namespace) -> Figures:
    """Simulate, observe, link and detect so many exchanges."""
    with tempfile.TemporaryDirectory(dir=asked.folder) as place:
        folder, traffic = Path(place), Path(place, "traffic")
        scale = find_scale(asked.scenario, exchanges)
        simulate = [STILLWATCH, "simulate", asked.scenario, "--out", traffic, "--seed", "1"]
        run_cold([*simulate, "--scale", f"{scale:.6f}", "--workers", str(asked.workers)])
        run_cold([sys.executable, STEPS, "observe", traffic, folder])
        page = folder / "said.json"
        run_cold([sys.executable, STEPS, "link", traffic, folder], output=page)
        words = page.read_text()
    if asked.profile:
        print(words, file=sys.stderr)
    said: Figures = json.loads(next(line for line in words.splitlines() if line.startswith("{")))
    return said


def count_cpu(said: Figures) -> float:
    """Add up CPU seconds: of linking and detection, on all cores; other work is in none of them."""
    return float(said["link_cpu_s"] + said["detect_cpu_s"])


def render(said: Figures, before: Figures | None) -> str:
    """Write one row; a `!` marks a figure beyond its bar."""
    seconds, cpu_s = said["link_s"] + said["detect_s"], count_cpu(said)
    growth = "-"
    if before:
        exponent = math.log(cpu_s / count_cpu(before)) / math.log(
            said["exchanges"] / before["exchanges"]
        )
        growth = f"{exponent:.2f}{'!' if exponent > EXPONENT_MAX else ''}"
    is_full = said["exchanges"] >= 0.9 * FULL
    slow = "!" if is_full and seconds > SECONDS_MAX else ""
    large = "!" if said["peak_gb"] > PEAK_GB_MAX else ""
    return (
        f"| {said['exchanges']:,} | {said['accounts']:,} | {said['seeds']:,} | {said['groups']} "
        f"| {said['link_s']:.1f} | {said['detect_s']:.1f} | {seconds:.1f}{slow} "
        f"| {cpu_s:.1f} | {1e6 * cpu_s / said['exchanges']:.2f} | {growth} "
        f"| {said['link_peak_gb']:.2f} | {said['peak_gb']:.2f}{large} |"
    )


def measure_hub(holders: int, values: int, folder: Path) -> float:
    """Link made-up traits in which so many accounts hold one of so many values more."""
    page = folder / "said.json"
    run_cold([sys.executable, STEPS, "hub", str(holders), str(values)], output=page)
    return float(json.loads(page.read_text().splitlines()[-1])["cpu_s"])


def print_hubs(counts: Sequence[int]) -> None:
    """Print what a popular value costs, beside values that few hold."""
    print(
        "\n| holders | one value, CPU s | added | us a holder | of values that forty hold, CPU s |"
    )
    print("|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as place:
        bare = measure_hub(0, 1, Path(place))
        for count in counts:
            one = measure_hub(count, 1, Path(place))
            spread = measure_hub(count, max(count // SPREAD, 1), Path(place))
            each = f"{1e6 * (one - bare) / count:.2f}" if count else "-"
            flag = "!" if one > spread and one - bare > 0.1 * bare else ""
            print(
                f"| {count:,} | {one:.2f}{flag} | {one - bare:.2f} | {each} | {spread:.2f} |",
                flush=True,
            )


def main() -> None:
    """Print the tables, a row as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", nargs="*", type=parse_size, default=[10**6, 4 * 10**6])
    parser.add_argument("--scenario", default="agentic-3m", choices=["innocent", *PRESETS])
    parser.add_argument("--hubs", nargs="*", type=parse_size, default=[])
    parser.add_argument("--workers", type=int, default=1, help="of the simulator")
    parser.add_argument("--folder", type=Path, help="where to work")
    parser.add_argument(
        "--profile", type=int, default=0, help="list so many functions of each size"
    )
    asked = parser.parse_args()
    os.environ |= {"STILLWATCH_KEY": KEY, "LINK_SPEED_PROFILE": str(asked.profile)}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the beginning")
    print(
        f"bars: growth exponent {EXPONENT_MAX:g}, {SECONDS_MAX:g} s at 16 M, {PEAK_GB_MAX:g} GB; "
        "! is beyond\n"
    )
    before: Figures | None = None
    for size in asked.sizes:
        said = measure(size, asked)
        print(f"{HEADER}\n{render(said, before)}" if before is None else render(said, before))
        sys.stdout.flush()
        before = said
    if asked.hubs:
        print_hubs(asked.hubs)


if __name__ == "__main__":
    main()
