"""What people see on the terminal: one place that prints, and that trusts no text of a log.

Ids come from logs that an attacker writes; a control character in one could move the cursor or
recolour a line. `printable` shows such characters instead of sending them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

_WIDE: Final = 200
"""Columns when nobody's terminal says otherwise: a pipe should not cut lines at 80."""
_MARGIN: Final = 2


def printable(text: object) -> str:
    """Show what cannot be printed as its escape."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in str(text)
    )


def say(line: str = "") -> None:
    """Print one line for a person or a pipe."""
    typer.echo(printable(line))


def complain(what: object, *, hint: str = "", word: str = "error") -> None:
    """Print what went wrong in one line on the standard error, and what to do in a second."""
    colour = typer.colors.RED if word == "error" else typer.colors.YELLOW
    line = " ".join(str(what).split())
    typer.echo(f"{typer.style(word + ':', fg=colour)} {printable(line)}", err=True)
    if hint:
        typer.echo(f"{typer.style('hint:', dim=True)} {printable(hint)}", err=True)


def warn(what: object, *, hint: str = "") -> None:
    """Print what deserves a look although the work went on."""
    complain(what, hint=hint, word="warning")


def warn_of_damage(inputs: Sequence[Mapping[str, Any]]) -> None:
    """Name each input file that broke off: no share of records tells how much it held."""
    for one in inputs:
        if damage := one.get("damage"):
            told = f"{one['file']} could not be read to its end ({damage})"
            warn(told, hint="what it held further on is missing here: write the file anew")


def say_json(content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print an object for a machine, and nothing else."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    typer.echo(orjson.dumps(content, option=options).decode())


def show_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print names and values in two columns; long values wrap under themselves."""
    grid = Grid.grid(padding=(0, _MARGIN, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(Text(printable(name)), Text(printable(value)))
    _console().print(grid)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; columns whose name ends in `#` are figures, set to the right."""
    grid = Grid(box=None, pad_edge=False, header_style="bold", padding=(0, _MARGIN, 0, 0))
    for name in columns:
        is_figure = name.endswith("#")
        grid.add_column(
            name.removesuffix("#").rstrip(),
            justify="right" if is_figure else "left",
            no_wrap=is_figure,
            overflow="fold",
        )
    for row in rows:
        grid.add_row(*(Text(printable(cell)) for cell in row))
    _console().print(grid)


def _console() -> Console:
    width = None if sys.stdout.isatty() else _WIDE
    return Console(file=sys.stdout, width=width, highlight=False, emoji=False)
