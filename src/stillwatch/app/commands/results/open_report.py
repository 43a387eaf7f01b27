"""`stillwatch open`: the report of a result, in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import say
from stillwatch.app.settings import has_screen
from stillwatch.domain.errors import NotAResult

_EXAMPLES = examples("stillwatch open monday")


def open_report(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Result directory.")],
) -> None:
    """Open the report of a result in the browser, or print its path where there is no screen."""
    report = result / "report.html"
    if not report.is_file():
        raise NotAResult(str(result), missing=report.name)
    if has_screen():
        typer.launch(report.resolve().as_uri())
    say(str(report))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("open", help=page(open_report), epilog=_EXAMPLES)(open_report)
