"""The guarantee, demonstrated: how often an innocent group is judged a harvest, seed by seed.

    python bench/guarantee.py --keep runs/guarantee --jobs 2 > docs/guarantee.md

Five kinds of traffic, small and many: `innocent` (all look-alikes, at the size that the scale
leaves them, one of each at least), `honest-groups` (every kind of tied honest group, of 5 to 400
accounts), strangers (innocent traffic without look-alikes), applications (kinds that declare
nobody, with people who work off one list, users' own keys and clocks, which the null has not
seen), and presets with campaigns, in turn.
Each incident leaves one JSON file in `--keep`; what is there is not run again. All incidents of a
worker run in one process, where kernels are compiled once. The page goes to the standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Final

SCALE: Final = 0.005
"""2,500 honest accounts: every look-alike is there."""
GROUPS_SCALE: Final = 1 / 3
"""Twenty groups of nineteen kinds, in turn, among 1,300 strangers."""
APPLICATIONS_SCALE: Final = 0.07
"""Forty groups that declare nobody, half of them people who work off a list."""
CAMPAIGNS: Final = (
    ("demo", 0.25),
    ("reasoning-150k", SCALE),
    ("proxy-20k", 2 * SCALE),
    ("agentic-3m", SCALE),
    ("ghost", 2 * SCALE),
    ("coding-13m", 2 * SCALE),
    ("phantom", SCALE),
)
"""Campaigns have 60 heads at least, whatever the scale; some are found from 100 heads on."""
ONE_THREAD: Final = ("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS")
"""Set to 1 before a worker starts: workers share the cores among them."""


def list_orders(asked: argparse.Namespace) -> Iterator[tuple[str, str, float, int, bool]]:
    """List the incidents in the order in which they run: kinds of traffic by turns."""
    counts = (asked.innocent, asked.groups, asked.strangers, asked.applications, asked.campaigns)
    for number in range(max(counts)):
        seed, deals = asked.first_seed + number, number % asked.deal_every == 0
        if number < asked.innocent:
            yield "innocent", "innocent", SCALE, seed, deals
        if number < asked.groups:
            yield "groups", "honest-groups", round(GROUPS_SCALE, 3), seed, deals
        if number < asked.strangers:
            yield "strangers", "strangers", SCALE, seed, False
        if number < asked.applications:
            yield "applications", "applications", APPLICATIONS_SCALE, seed, False
        if number < asked.campaigns:
            scenario, scale = CAMPAIGNS[number % len(CAMPAIGNS)]
            yield "campaigns", scenario, scale, seed, False


def run_and_keep(given: tuple[str, str, float, int, bool], folder: Path) -> str:
    """Run one incident in this worker and write its file, whole or not at all."""
    from guarantee_incident import Order, run_incident  # noqa: PLC0415  after the threads are set

    order = Order(*given)
    cell = run_incident(order)
    draft = folder / f"{order.name}.part"
    draft.write_text(json.dumps(cell))
    draft.rename(folder / f"{order.name}.json")
    return f"{order.name}: {cell['cpu_s']:.1f} CPU s"


def run_missing(asked: argparse.Namespace) -> None:
    """Run the incidents that have no file, `--jobs` at a time."""
    missing = [o for o in list_orders(asked) if not place_cell(o, asked.keep).exists()]
    print(f"{len(missing)} incidents to run", file=sys.stderr, flush=True)
    if not missing:
        return
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(run_and_keep, order, asked.keep) for order in missing]
        try:
            for one in as_completed(running):
                print(one.result(), file=sys.stderr, flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def place_cell(order: tuple[str, str, float, int, bool], folder: Path) -> Path:
    """Give the file of an incident."""
    part, scenario, scale, seed, _ = order
    return folder / f"{part}-{scenario}-{scale:g}-{seed}.json"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", type=Path, required=True, help="one JSON file an incident")
    parser.add_argument("--innocent", type=int, default=300, help="incidents of innocent traffic")
    parser.add_argument("--groups", type=int, default=100, help="of honest groups of all sizes")
    parser.add_argument("--strangers", type=int, default=50, help="without look-alikes")
    parser.add_argument("--applications", type=int, default=50, help="lists, own keys, clocks")
    parser.add_argument("--campaigns", type=int, default=105, help="of presets, in turn")
    parser.add_argument("--deal-every", type=int, default=3, help="incidents from dealt traits to")
    parser.add_argument("--first-seed", type=int, default=20_001)
    parser.add_argument("--jobs", type=int, default=2, help="incidents at a time")
    parser.add_argument("--draw-only", action="store_true", help="from the files that are there")
    return parser.parse_args()


def main() -> None:
    """Run what has not been run, and print the page of what is there."""
    from guarantee_tables import render_page  # noqa: PLC0415  brings NumPy: not before the threads

    asked = parse_arguments()
    asked.keep.mkdir(parents=True, exist_ok=True)
    if not asked.draw_only:
        run_missing(asked)
    places = [place_cell(order, asked.keep) for order in list_orders(asked)]
    cells = [json.loads(place.read_text()) for place in places if place.exists()]
    if not cells:
        sys.exit("there is no incident to tell of")
    print(render_page(cells, command=spell_command(asked)))


def spell_command(asked: argparse.Namespace) -> str:
    """Write the command that gives this page, whatever it was resumed from."""
    kinds = ("innocent", "groups", "strangers", "applications", "campaigns")
    counts = (*kinds, "deal_every", "first_seed", "jobs")
    said = " ".join(f"--{n.replace('_', '-')} {getattr(asked, n)}" for n in counts)
    return f"python bench/guarantee.py --keep runs/guarantee {said}"


if __name__ == "__main__":
    main()
