"""How the command line starts: with the command that is asked for, and what that one needs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
import typer

from stillwatch.app.cli import app, build_app
from stillwatch.app.commands import BUILT_IN

HEAVY = ("polars", "numba", "scipy.stats", "sqlalchemy", "alembic", "fastapi", "altair", "duckdb")


def names_of(built: typer.Typer) -> list[str]:
    """Name the commands and groups of a command line, each as it is typed."""
    commands = [
        one.name or getattr(one.callback, "__name__", "") for one in built.registered_commands
    ]
    return [*commands, *(group.name or "" for group in built.registered_groups)]


def loaded_by(code: str) -> set[str]:
    """Run a few lines in an interpreter of their own, and say what heavy packages they bring."""
    asks = f"{code}\nimport sys\nprint(*(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_module_has_the_command_that_it_is_listed_under(name: str) -> None:
    """A command that is listed under another name would never be found by its own."""
    alone = typer.Typer()
    import_module(f"stillwatch.app.commands.{BUILT_IN[name]}").register(alone)
    assert names_of(alone) == [name]
    assert names_of(build_app([name, "--help"])) == [name]


@pytest.mark.parametrize("words", [[], ["--help"], ["scna"], ["--debug", "simulate"]])
def test_whoever_names_no_built_in_command_gets_all(words: list[str]) -> None:
    """Help lists every command, a wrong name is compared with every one, the lab's come too."""
    assert set(names_of(build_app(words))) >= {*BUILT_IN, "simulate"}
    assert set(names_of(build_app(words))) == set(names_of(app))


def test_an_option_before_the_command_hides_it_not() -> None:
    """`stillwatch --debug scan` is a scan."""
    assert names_of(build_app(["--debug", "scan", "logs/"])) == ["scan"]


def test_the_command_line_brings_nothing_heavy() -> None:
    """`stillwatch scan --help` waits for no package that the scan will need, nor one that not."""
    assert loaded_by("from stillwatch.app.cli import build_app; build_app(['scan'])") == set()


def test_reading_begins_before_judging_is_loaded() -> None:
    """What a scan imports before its first record: not what judges, reports or keeps a ledger."""
    brought = loaded_by("import stillwatch.app.pipeline")
    assert brought == {"polars", "numba"}
