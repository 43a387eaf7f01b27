"""`stillwatch sql`: a lake opened in DuckDB, a view a table, to ask or to browse."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.app.commands.lakes.places import LakeToRead
from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.screen import say, say_json, show_table
from stillwatch.domain.errors import InputError

if TYPE_CHECKING:
    import duckdb

_EXAMPLES = examples(
    "stillwatch sql lake/                   [dim]# its tables[/dim]",
    'stillwatch sql lake/ "SELECT day, count(*) FROM observed GROUP BY day ORDER BY day"',
    'stillwatch sql lake/ "SELECT * FROM campaign_history ORDER BY look" --json',
    "stillwatch sql lake/ - < question.sql",
)


def sql(
    lake: LakeToRead,
    query: Annotated[
        str | None,
        typer.Argument(metavar="[QUERY]", help="One statement; `-` reads it; none lists tables."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask a lake in SQL.

    Every table is a view with its column `day`, named as in the lake: observed, system, register,
    quarantine, campaign_history and others. Names in it are keyed hashes; texts are not there. The
    lake itself can't be changed.
    """
    from stillwatch.app.steps.opening import lake_to_read  # noqa: PLC0415  brings Numba

    with lake_to_read(lake):
        columns, rows = _ask(lake, sys.stdin.read() if query == "-" else query)
    if as_json:
        say_json([dict(zip(columns, map(_plain, row), strict=True)) for row in rows])
    elif rows:
        show_table(columns, rows)
    else:
        say("no rows")


def _ask(lake: Path, query: str | None) -> tuple[list[str], list[tuple[object, ...]]]:
    import duckdb  # noqa: PLC0415  a tenth of a second that other commands can do without

    from stillwatch.store.views import open_views  # noqa: PLC0415  likewise

    try:
        with open_views(lake) as connection:
            return _run(connection, query or "SELECT * FROM tables")
    except duckdb.Error as refused:
        message = f"DuckDB refuses: {str(refused).splitlines()[0]}"
        raise InputError(message, hint=f"`stillwatch sql {lake}` lists the tables") from refused


def _run(
    connection: duckdb.DuckDBPyConnection, query: str
) -> tuple[list[str], list[tuple[object, ...]]]:
    answer = connection.execute(query)
    names = [column[0] for column in answer.description or ()]
    return names, answer.fetchall()


def _plain(value: object) -> object:
    """What JSON has no word for becomes text."""
    return value if isinstance(value, str | int | float | bool | list | None) else str(value)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(sql), epilog=_EXAMPLES)(sql)
