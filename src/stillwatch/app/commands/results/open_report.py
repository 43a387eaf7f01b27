"""`stillwatch open`: a result in the console, or its report where its packages are missing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import say
from stillwatch.app.settings import has_screen
from stillwatch.domain.errors import NotAResult

_NEEDED: Final = ("fastapi", "uvicorn")
_PORT_MAX: Final = 65_535
_EXAMPLES = examples(
    "stillwatch open monday",
    "stillwatch open monday --no-open --port 8800",
    "stillwatch open monday --report",
)


def open_report(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Result directory.")],
    *,
    report: Annotated[
        bool, typer.Option("--report", help="Open report.html instead: one page, no server.")
    ] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print the address.")] = False,
    port: Annotated[
        int, typer.Option(min=0, max=_PORT_MAX, help="Port on this machine; 0: any that is free.")
    ] = 0,
) -> None:
    """Open a result in the console, read-only and on this machine alone, until Ctrl-C.

    It ends by itself a quarter of an hour after the last page of it was closed. Without the extra
    `serve` the report is opened; where there is no screen the address, or path, is printed.
    """
    shows = has_screen() and not no_open
    if report or any(find_spec(name) is None for name in _NEEDED):
        _open_page(result, shows=shows)
        return
    from stillwatch.app.console.opening import open_result  # noqa: PLC0415  half a second
    from stillwatch.store.results import read_result  # noqa: PLC0415  brings Polars

    def tell(address: str) -> None:
        say(address)
        say("Ctrl-C ends it.")
        if shows:
            typer.launch(address)

    open_result(read_result(result).place.resolve(), tell=tell, port=port)


def _open_page(result: Path, *, shows: bool) -> None:
    """Open the report, or print its path.

    Raises:
        NotAResult: there is none.
    """
    report = result / "report.html"
    if not report.is_file():
        raise NotAResult(str(result), missing=report.name)
    if shows:
        typer.launch(report.resolve().as_uri())
    say(str(report))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("open", help=page(open_report), epilog=_EXAMPLES)(open_report)
