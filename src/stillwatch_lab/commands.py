"""The lab's commands: `simulate` and `evaluate`, added to the command line by an entry point.

Light to import, because every start of `stillwatch` imports it: the work is imported when a command
runs. Failures are raised; the command line turns them into one line each.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class OutputFormat(StrEnum):
    """How exchanges are written."""

    parquet = "parquet"
    jsonl = "jsonl"


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
        OutputFormat, typer.Option("--format", metavar="F", help="parquet or jsonl.")
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
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="What `scan` wrote.")],
    *,
    truth: Annotated[
        Path, typer.Option("--truth", metavar="DIR", help="DIR/truth of a simulated directory.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for a machine, nothing else.")
    ] = False,
) -> None:
    """Count a result against the truth: recall, precision, false accounts by role."""
    from rich.console import Console  # noqa: PLC0415  with the tables

    from stillwatch_lab.evaluate import evaluate  # noqa: PLC0415  brings Polars
    from stillwatch_lab.show import render_evaluation  # noqa: PLC0415  with the tables

    evaluation = evaluate(result, truth=truth)
    if as_json:
        typer.echo(evaluation.to_json())
    else:
        Console().print(render_evaluation(evaluation))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("simulate")(simulate_command)
    app.command("evaluate")(evaluate_command)
