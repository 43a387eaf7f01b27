"""How much of a campaign is found, knob by knob, against what evading costs; resumable.

    python bench/evasion_curve.py --keep runs/evasion --jobs 2 --date 2026-11-23

Each cell plays one plan (`stillwatch_lab.evasion`) in the honest traffic of `innocent`, scans and
evaluates it in processes of its own, and leaves one JSON file in `--keep`, named after the plan:
what is there is not run again, and a plan whose knobs have changed has another name. Traffic and
result are deleted after each cell. Then `docs/lab/evasion.svg` and `evasion.md` are written from
the cells that are there (`--draw-only`: without running any).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Final

from matrix import Cell, draw_key, judge_traffic, keep_cell
from scan_speed import run_cold
from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.evaluation.case import read_case
from stillwatch_lab.evaluation.operating_points import rank_accounts
from stillwatch_lab.evasion.chart import plot_curve
from stillwatch_lab.evasion.curve import (
    Outcome,
    Row,
    list_rows,
    name_plan,
    read_ranking,
    write_ranking,
)
from stillwatch_lab.evasion.knobs import BASES, KNOBS, Knob, list_plans
from stillwatch_lab.evasion.tables import (
    render_hiding,
    render_prices,
    render_reading,
    render_rows,
)
from stillwatch_lab.scenarios import Scenario
from stillwatch_lab.scenarios.innocent import POPULATION, cast_preset
from stillwatch_lab.scene import FORTNIGHT
from stillwatch_lab.show.drawing import draw_chart, stand_alone
from stillwatch_lab.simulate import Output, simulate

PAGE: Final = Path(__file__).with_name("evasion_curve_page.md")
DOCS: Final = Path(__file__).parents[1] / "docs" / "lab"
KNOB_NAMES: Final = tuple(knob.name for knob in KNOBS)


def play(plan: Plan, *, out: Path, scale: float, seed: int) -> None:
    """Simulate one plan in honest traffic at a scale; its heads are the plan's at any scale."""
    sized = replace(plan, heads=round(plan.heads / scale))
    cast = partial(cast_preset, plans=(sized,))
    scenario = Scenario(plan.name, FORTNIGHT, cast)
    simulate(scenario, out=out, scale=scale, seed=seed, output=Output())


def run_plan(plan: Plan, *, scale: float, seed: int) -> Cell:
    """Simulate, scan and evaluate one plan."""
    with tempfile.TemporaryDirectory() as folder:
        traffic, result = Path(folder, "traffic"), Path(folder, "result")
        began = time.perf_counter()
        order = json.dumps([asdict(plan), str(traffic), scale, seed])
        run_cold([sys.executable, __file__, "--play", order])
        simulated_s = time.perf_counter() - began
        judged = judge_traffic(traffic, result, key=draw_key(seed))
        ranking = rank_accounts(read_case(result, truth=traffic / "truth"))
        return {
            "plan": asdict(plan),
            "scale": scale,
            "seed": seed,
            "simulate_s": simulated_s,
            **judged,
            "ranking": write_ranking(ranking),
        }


def play_order(order: str) -> None:
    """Simulate what `run_plan` ordered of this process."""
    fields, out, scale, seed = json.loads(order)
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    play(Plan(**{**fields, **lists}), out=Path(out), scale=scale, seed=seed)


def place_cell(plan: Plan, asked: argparse.Namespace, seed: int) -> Path:
    """Give the file of a cell."""
    place: Path = asked.keep / f"{name_plan(plan)}-{asked.scale:g}-{seed}.json"
    return place


def run_missing(plans: Sequence[Plan], asked: argparse.Namespace) -> None:
    """Run the cells that have no file, seed by seed, `--jobs` at a time."""

    def run(plan: Plan, seed: int) -> None:
        keep_cell(run_plan(plan, scale=asked.scale, seed=seed), place_cell(plan, asked, seed))

    missing = [
        (plan, seed)
        for seed in asked.seeds
        for plan in plans
        if not place_cell(plan, asked, seed).exists()
    ]
    print(f"{len(missing)} cells to run", file=sys.stderr, flush=True)
    with ThreadPoolExecutor(asked.jobs) as pool:
        running = [pool.submit(run, plan, seed) for plan, seed in missing]
        try:
            for one in running:
                one.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def read_outcome(cell: Cell) -> Outcome:
    """Read what the curve needs of a cell."""
    said = cell["evaluation"]
    return Outcome(
        seed=cell["seed"],
        ranking=read_ranking(cell["ranking"]),
        found=said["called_fraudulent"] - said["false_accounts"],
        false=said["false_accounts"],
        suspected=round((said["account_recall_at_suspect"] or 0.0) * said["fraud_accounts"]),
    )


def read_outcomes(plans: Sequence[Plan], asked: argparse.Namespace) -> dict[str, list[Outcome]]:
    """Read the cells that are there, by the name of their plan."""
    found = {
        name_plan(plan): [place_cell(plan, asked, seed) for seed in asked.seeds] for plan in plans
    }
    return {
        name: [read_outcome(json.loads(place.read_text())) for place in places if place.exists()]
        for name, places in found.items()
    }


def write_page(rows: Sequence[Row], bases: Mapping[str, Plan], asked: argparse.Namespace) -> None:
    """Write the figure and the page beside it."""
    drawing = draw_chart(
        plot_curve(rows),
        name="evasion",
        title="Recall against what evasion costs, knob by knob",
        says="A panel a knob; the table on the page has every figure.",
    )
    asked.docs.mkdir(parents=True, exist_ok=True)
    (asked.docs / "evasion.svg").write_text(stand_alone(drawing))
    text = PAGE.read_text().format(
        date=asked.date,
        command=spell_command(asked),
        honest=f"{round(POPULATION * asked.scale):,}",
        heads=f"{rows[0].plan.heads:,}",
        seeds=" ".join(str(seed) for seed in asked.seeds),
        reading=render_reading(rows),
        hiding=render_hiding(rows),
        rows=render_rows(rows),
        prices=render_prices(bases, days=FORTNIGHT.days),
    )
    (asked.docs / "evasion.md").write_text(text)


def spell_command(asked: argparse.Namespace) -> str:
    """Write the command that gives this page, whatever it was resumed from."""
    said = f"python bench/evasion_curve.py --keep runs/evasion --scale {asked.scale:g}"
    said += f" --heads {asked.heads} --seeds {' '.join(str(seed) for seed in asked.seeds)}"
    if tuple(asked.knobs) != KNOB_NAMES:
        said += f" --knobs {' '.join(asked.knobs)}"
    if tuple(asked.bases) != tuple(BASES):
        said += f" --bases {' '.join(asked.bases)}"
    return f"{said} --jobs {asked.jobs} --date {asked.date}"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--play", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help="one JSON file a cell")
    parser.add_argument("--date", help="that the page bears")
    parser.add_argument("--knobs", nargs="+", choices=KNOB_NAMES, default=list(KNOB_NAMES))
    parser.add_argument("--bases", nargs="+", choices=list(BASES), default=list(BASES))
    parser.add_argument("--scale", type=float, default=0.005, help="of the honest traffic")
    parser.add_argument("--heads", type=int, default=150, help="of the campaign, at any scale")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--jobs", type=int, default=2, help="cells at a time")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page is written")
    parser.add_argument("--draw-only", action="store_true", help="from the cells that are there")
    asked = parser.parse_args()
    if not asked.play and not (asked.keep and asked.date):
        parser.error("--keep and --date are needed")
    return asked


def choose_knobs(names: Sequence[str]) -> tuple[Knob, ...]:
    """Give the knobs by their names, in the order of the figure."""
    return tuple(knob for knob in KNOBS if knob.name in names)


def main() -> None:
    """Run what has not been run, and write figure and page of what is there."""
    asked = parse_arguments()
    if asked.play:
        play_order(asked.play)
        return
    bases = {name: replace(BASES[name], heads=asked.heads) for name in asked.bases}
    knobs = choose_knobs(asked.knobs)
    plans = list_plans(knobs, bases)
    asked.keep.mkdir(parents=True, exist_ok=True)
    if not asked.draw_only:
        run_missing(plans, asked)
    rows = list_rows(read_outcomes(plans, asked), days=FORTNIGHT.days, knobs=knobs, bases=bases)
    if not rows:
        sys.exit("there is no cell to draw")
    write_page(rows, bases, asked)
    print(render_rows(rows))


if __name__ == "__main__":
    main()
