"""Options that several commands share, each written once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

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
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy", metavar="FILE", help="YAML: what is done with whom; default: the shipped one."
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of every random draw.", min=0)]


@dataclass(frozen=True, slots=True)
class Judging:
    """How a run judges: the two options that say nothing of the traffic."""

    policy: PolicyFile = None
    seed: Seed = 0


def takes_judging(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--policy` and `--seed`, handed on as its one parameter `judging`."""
    return takes_options(command, judging=Judging)


def takes_options(command: Callable[..., None], **groups: type) -> Callable[..., None]:
    """Give a command the fields of a dataclass as options, handed on as one parameter each."""
    fields = {
        name: list(inspect.signature(group, eval_str=True).parameters.values())
        for name, group in groups.items()
    }
    own = inspect.signature(command, eval_str=True).parameters.values()
    kept = [one for one in own if one.name not in groups]
    spread = [one for options in fields.values() for one in options]
    added = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in spread]

    @functools.wraps(command)
    def spread_command(*args: Any, **given: Any) -> None:  # noqa: ANN401  whatever it takes
        chosen = {
            name: group(**{one.name: given.pop(one.name) for one in fields[name]})
            for name, group in groups.items()
        }
        command(*args, **chosen, **given)

    vars(spread_command)["__signature__"] = inspect.Signature([*kept, *added])
    spread_command.__annotations__ = {one.name: one.annotation for one in [*kept, *added]}
    return spread_command


def page(command: Callable[..., None]) -> str:
    """Word a help page from a docstring: paragraphs flow, whatever the width of the terminal."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def examples(*lines: str) -> str:
    """Word the end of a help page: commands to copy, kept on their lines."""
    return "\n\n".join(["[bold]Examples[/bold]", *("  $ " + line for line in lines)])
