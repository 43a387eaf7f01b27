"""`stillwatch schema`: what a record or a file looks like, for other people's tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import say_json, show_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.domain.schema import Table

_FILES = {"decisions": "decision"}
"""Files that are not called after their table."""
_EXAMPLES = examples(
    "stillwatch schema",
    "stillwatch schema policy > policy.schema.json",
    "stillwatch schema exchange > exchange.schema.json",
    "stillwatch schema accounts.parquet",
)


def _tables() -> tuple[Table, ...]:
    from stillwatch.decide.policy.ruling import BUDGET, RULING  # noqa: PLC0415  brings Polars
    from stillwatch.domain.results import PUBLISHED  # noqa: PLC0415  likewise

    return (*PUBLISHED, RULING, BUDGET)


def _others() -> dict[str, tuple[str, Callable[[], dict[str, Any]]]]:
    """List what is no table: what one of it is, and what gives its schema."""
    from stillwatch.act.published import (  # noqa: PLC0415  brings SQLAlchemy
        effects_schema,
        notices_schema,
    )
    from stillwatch.decide.policy.language.published import policy_schema  # noqa: PLC0415  Polars

    return {
        "policy": ("one file of rules, in YAML", policy_schema),
        "effects": ("one request of effects to a webhook", effects_schema),
        "notices": ("one message of notices to a webhook", notices_schema),
    }


def _names() -> list[str]:
    return [*(table.name for table in _tables()), *_others()]


def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A record or a file.", autocompletion=_names),
    ] = None,
) -> None:
    """Print the JSON Schema of a record or a file; without a name, list them all."""
    if name is None:
        rows = [(one.name, one.grain) for one in _tables()]
        rows += [(other, about) for other, (about, _) in _others().items()]
        show_table(("name", "one record is"), rows)
    elif (stem := name.split(".", maxsplit=1)[0]) in (others := _others()):
        say_json(others[stem][1]())
    else:
        from stillwatch.domain.schema import json_schema  # noqa: PLC0415  brings Polars

        say_json(json_schema(_find(name)))


def _find(name: str) -> Table:
    stem = name.split(".", maxsplit=1)[0]
    wanted = _FILES.get(stem, stem)
    for table in _tables():
        if table.name == wanted:
            return table
    message = f"no record or file is called {name}; there are {', '.join(_names())}"
    raise typer.BadParameter(message)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(schema), epilog=_EXAMPLES)(schema)
