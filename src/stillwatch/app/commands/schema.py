"""`stillwatch schema`: what a record or a file looks like, for other people's tools."""

from __future__ import annotations

from typing import Annotated

import typer

from stillwatch.act.published import effects_schema, notices_schema
from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import say_json, show_table
from stillwatch.decide.policy.language.published import policy_schema
from stillwatch.decide.policy.ruling import BUDGET, RULING
from stillwatch.domain.results import PUBLISHED
from stillwatch.domain.schema import Table, json_schema

_TABLES = (*PUBLISHED, RULING, BUDGET)
_FILES = {"decisions": "decision"}
"""Files that are not called after their table."""
_OTHERS = {
    "policy": ("one file of rules, in YAML", policy_schema),
    "effects": ("one request of effects to a webhook", effects_schema),
    "notices": ("one message of notices to a webhook", notices_schema),
}
"""What is no table: what one of it is, and its schema."""
_EXAMPLES = examples(
    "stillwatch schema",
    "stillwatch schema policy > policy.schema.json",
    "stillwatch schema exchange > exchange.schema.json",
    "stillwatch schema accounts.parquet",
)


def _names() -> list[str]:
    return [*(table.name for table in _TABLES), *_OTHERS]


def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A record or a file.", autocompletion=_names),
    ] = None,
) -> None:
    """Print the JSON Schema of a record or a file; without a name, list them all."""
    if name is None:
        rows = [(one.name, one.grain) for one in _TABLES]
        rows += [(other, about) for other, (about, _) in _OTHERS.items()]
        show_table(("name", "one record is"), rows)
    elif (stem := name.split(".", maxsplit=1)[0]) in _OTHERS:
        say_json(_OTHERS[stem][1]())
    else:
        say_json(json_schema(_find(name)))


def _find(name: str) -> Table:
    stem = name.split(".", maxsplit=1)[0]
    wanted = _FILES.get(stem, stem)
    for table in _TABLES:
        if table.name == wanted:
            return table
    message = f"no record or file is called {name}; there are {', '.join(_names())}"
    raise typer.BadParameter(message)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(schema), epilog=_EXAMPLES)(schema)
