"""Options that several commands share, each written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from stillwatch.app.settings import parse_instant


def _read_instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as refused:
        message = f"{text!r} is no day or instant; write 2026-11-23 or 2026-11-23T08:00:00Z"
        raise typer.BadParameter(message) from refused


ResultDirectory = Annotated[
    Path, typer.Option("--result", help="Result directory that `scan` wrote.", metavar="RESULT")
]
MaxQuarantine = Annotated[
    float,
    typer.Option(min=0, max=1, help="Exit with 3 if a larger share of records is unreadable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a machine, nothing else.")]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="F", help="Dialect of the logs; default: detected."),
]
Mapping = Annotated[
    Path | None,
    typer.Option(
        "--mapping", metavar="FILE", help="TOML: our field = a path into your record.", exists=True
    ),
]
AccountField = Annotated[
    str | None,
    typer.Option("--account-field", metavar="PATH", help="Which field of the log is the account."),
]
Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="T", parser=_read_instant, help="Leave out what came before."),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", metavar="T", parser=_read_instant, help="Leave out from then on."),
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of every random draw.", min=0)]


def page(command: Callable[..., None]) -> str:
    """Word a help page from a docstring: paragraphs flow, whatever the width of the terminal."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def examples(*lines: str) -> str:
    """Word the end of a help page: commands to copy, kept on their lines."""
    return "\n\n".join(["[bold]Examples[/bold]", *("  $ " + line for line in lines)])
