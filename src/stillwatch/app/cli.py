"""The command line: every command, one way to fail, and nothing that computes.

A failure is one line, `error: …`, and a `hint: …`; bad usage and unusable input give exit code 2,
an interrupt 130, a bug 1. A traceback appears under `--debug` alone. Commands of other packages
come through the entry point group `stillwatch.commands`: a function `register(app)` each.
"""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from stillwatch import __version__
from stillwatch.app.commands import BUILT_IN
from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import complain, say, warn
from stillwatch.domain.errors import BadPolicy, StillwatchError

EXTENSIONS: Final = "stillwatch.commands"
_COMMANDS: Final = "stillwatch.app.commands"
EXIT_BUG: Final = 1
EXIT_UNUSABLE: Final = 2
EXIT_INTERRUPTED: Final = 130
"""128 and the number of the interrupt signal, as shells have it."""
_MESSAGE_CHARS: Final = 400
"""Characters of a fault's message on the terminal: five lines at the usual width."""
_GARBAGE_OBJECTS: Final = 2_000_000
"""New objects between two looks for garbage: importing and compiling make a million that stay, and
at Python's 700 a tenth of the start is spent looking, at 100,000 still 0.4 s."""
_SWITCH_S: Final = 0.0005
"""Seconds until a thread that computes in Python lets another in: Python's 5 ms would hold up
parsing, which leaves and enters Python often, while kernels are compiled beside it."""
_DEBUG: Final = ("--debug", "-v")
_EXAMPLES: Final = examples(
    "stillwatch demo                       [dim]# see a campaign found, in a minute[/dim]",
    "stillwatch check logs/                [dim]# what can be found in your logs[/dim]",
    "stillwatch scan logs/ --out monday    [dim]# find it[/dim]",
    "stillwatch explain ID --result monday [dim]# why this account[/dim]",
    "stillwatch --install-completion       [dim]# complete names with the tab key[/dim]",
)


class OneLineErrors(TyperGroup):
    """A group of commands whose failures are one line each, with one exit code a kind."""

    def invoke(self, ctx: Any) -> None:  # noqa: ANN401  Typer publishes no name for its context
        """Run a command; what it returns is nobody's exit code."""
        super().invoke(ctx)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *_: Any,  # noqa: ANN401  Typer's own further parameters
        **extra: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Run the command line and exit."""
        given = list(sys.argv[1:] if args is None else args)
        rest = [one for one in given if one not in _DEBUG]
        extra["standalone_mode"] = False
        try:
            code = super().main(rest, prog_name, **extra)
        except Exception as failure:  # noqa: BLE001  the one place that turns failures into lines
            if len(rest) < len(given):
                traceback.print_exception(failure)
            code = _report(failure)
        if code == EXIT_INTERRUPTED:
            complain("interrupted")
        sys.exit(code or 0)


def _report(failure: Exception) -> int:
    """Print a failure in its line, and give its exit code."""
    if isinstance(failure, BadPolicy):
        for problem, hint in failure.problems:
            complain(f"{failure.where}:{problem}", hint=hint)
        return EXIT_UNUSABLE
    if isinstance(failure, StillwatchError):
        complain(failure, hint=failure.hint)
        return EXIT_UNUSABLE
    if isinstance(failure, typer.TyperException):
        return _report_usage(failure)
    if isinstance(failure, typer.Abort):
        return EXIT_INTERRUPTED
    if isinstance(failure, OSError):
        complain(f"{failure.strerror or failure}: {failure.filename or 'a file'}")
        return EXIT_UNUSABLE
    complain(
        f"unexpected {type(failure).__name__}: {failure}"[:_MESSAGE_CHARS],
        hint="this is a fault in Stillwatch; `--debug` shows where, please report it",
    )
    return EXIT_BUG


def _report_usage(failure: typer.TyperException) -> int:
    context = getattr(failure, "ctx", None)
    command = context.command_path if context else "stillwatch"
    complain(failure.format_message(), hint=f"`{command} --help` shows how")
    return EXIT_UNUSABLE


def _show_version(*, wanted: bool) -> None:
    if wanted:
        say(f"stillwatch {__version__}")
        raise typer.Exit


def _start(
    context: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[
        bool, typer.Option(*_DEBUG, help="Show where a failure comes from; works anywhere.")
    ] = False,
) -> None:
    """Find distillation campaigns in the traffic of an LLM API, and the accounts behind them.

    Logs are read as gateways write them, any other by a mapping file; prompts become sketches at
    the door, and nothing leaves this machine.
    """
    del version, debug
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(EXIT_UNUSABLE)


def build_app(words: Sequence[str] = ()) -> typer.Typer:
    """Put the command line together: the built-in commands, then those of other packages.

    Where `words` name a built-in command, that one alone: the others cost a second to import.
    """
    built = typer.Typer(
        name="stillwatch", cls=OneLineErrors, invoke_without_command=True, rich_markup_mode="rich"
    )
    built.callback(help=page(_start), epilog=_EXAMPLES)(_start)
    named = next((word for word in words if not word.startswith("-")), "")
    alone = BUILT_IN.get(named)
    for module in [alone] if alone else BUILT_IN.values():
        import_module(f"{_COMMANDS}.{module}").register(built)
    if not alone:
        for point in entry_points(group=EXTENSIONS):
            _extend(built, point)
    return built


def _extend(app: typer.Typer, point: Any) -> None:  # noqa: ANN401  its class differs by version of Python
    try:
        point.load()(app)
    except Exception as broken:  # noqa: BLE001  another package's fault must not take ours down
        warn(f"the commands of {point.value} are missing: {type(broken).__name__}: {broken}")


@cache
def _whole_app() -> typer.Typer:
    return build_app()


def __getattr__(name: str) -> typer.Typer:
    """Give `app`, with every command there is: for tests, and tools that document it."""
    if name == "app":
        return _whole_app()
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def main() -> None:
    """Run the command line: the entry point `stillwatch`."""
    gc.set_threshold(_GARBAGE_OBJECTS)
    sys.setswitchinterval(_SWITCH_S)
    try:
        build_app(sys.argv[1:])()
    finally:
        gc.freeze()  # or Python looks through all that a run has left, a second, before it ends
