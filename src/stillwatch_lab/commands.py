"""The lab's commands: `simulate` and `evaluate`, added to the command line by an entry point.

Light to import, because every start of `stillwatch` imports it: the work is imported when a command
runs. Failures are raised; the command line turns them into one line each.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stillwatch_lab.evaluation.record import Study


class OutputFormat(StrEnum):
    """How exchanges are written."""

    parquet = "parquet"
    jsonl = "jsonl"
    jsonl_zst = "jsonl.zst"


def simulate_command(  # noqa: PLR0913  one an option
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO", help="demo, innocent, honest-groups, trial or a preset."
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Directory to write; must not exist.")
    ],
    scale: Annotated[
        float, typer.Option("--scale", metavar="X", help="Multiplies the numbers of accounts.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of every random draw.", min=0)] = 0,
    file_format: Annotated[
        OutputFormat, typer.Option("--format", metavar="F", help="parquet, jsonl or jsonl.zst.")
    ] = OutputFormat.parquet,
    workers: Annotated[
        int, typer.Option("--workers", help="Processes; the bytes are the same with any number.")
    ] = 1,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Real texts to write with: DIR/prompts/benign."),
    ] = None,
    look_alike: Annotated[
        list[str] | None,
        typer.Option("--look-alike", metavar="NAME=N", help="N groups of it, 0 for none; repeats."),
    ] = None,
) -> None:
    """Simulate API traffic with ground truth under DIR/truth."""
    from stillwatch_lab.cohorts.casting import read_asked  # noqa: PLC0415  brings Polars
    from stillwatch_lab.scenarios import choose  # noqa: PLC0415  brings Polars
    from stillwatch_lab.simulate import Output, simulate  # noqa: PLC0415  brings Polars

    output = Output(file_format.value, workers)
    chosen = choose(scenario, asked=read_asked(look_alike or ()))
    chosen = replace(chosen, scene=replace(chosen.scene, data=data))
    summary = simulate(chosen, out=out, scale=scale, seed=seed, output=output)
    typer.echo(
        f"{summary.exchanges:,} exchanges of {summary.accounts:,} accounts in {summary.files} "
        f"file(s), {summary.size_bytes / 1e6:,.1f} MB, in {summary.out}"
    )
    for name, accounts in summary.campaigns.items():
        typer.echo(f"  {name}: {accounts:,} accounts, {summary.harvest[name]:,} exchanges")


def evaluate_command(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULT...", help="What `scan` wrote; several for means."),
    ],
    *,
    truths: Annotated[
        list[Path],
        typer.Option(
            "--truth", metavar="DIR", help="DIR/truth of its traffic; once for every RESULT."
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for a machine, nothing else.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page, too.")
    ] = None,
) -> None:
    """Count a result against the truth: recall, precision, false accounts by role."""
    from stillwatch_lab.evaluate import evaluate_several  # noqa: PLC0415  brings Polars

    study = evaluate_several(results, truths=truths)
    if html:
        _write_page(study, html)
    _print_study(study, as_json=as_json)


def _write_page(study: Study, place: Path) -> None:
    from stillwatch_lab.show.page import render_page  # noqa: PLC0415  brings Altair

    page = render_page(study)
    beside = place.with_name(f".{place.name}.part")
    beside.write_bytes(page)
    beside.replace(place)


def _print_study(study: Study, *, as_json: bool) -> None:
    """Print one evaluation as itself, and several as the study that they are."""
    from rich.console import Console  # noqa: PLC0415  with the tables

    from stillwatch_lab.show import render_evaluation, render_study  # noqa: PLC0415  with the tables

    alone = study.evaluations[0] if len(study.evaluations) == 1 else None
    if as_json:
        typer.echo((alone or study).to_json())
    else:
        Console().print(render_evaluation(alone) if alone else render_study(study))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("simulate")(simulate_command)
    app.command("evaluate")(evaluate_command)
