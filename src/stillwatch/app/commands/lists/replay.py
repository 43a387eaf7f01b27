"""`stillwatch replay`: the index of public items that prompts are looked up in.

Reads texts, writes hashes: the index holds no word of them. A set that is added again takes its
own place, so that an index can be kept up to date.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.app.commands.lists.shown import show_origins
from stillwatch.app.commands.lists.texts import Field, Texts, read_texts
from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.screen import say, warn
from stillwatch.app.settings import read_replay_index, read_settings

if TYPE_CHECKING:
    from stillwatch.observe.content.replay import ReplayIndex

_TITLES = {
    "name": "set",
    "items": "items #",
    "left_out": "left out #",
    "hashes": "hashes #",
    "licence": "licence",
}
_EXAMPLES = examples(
    "stillwatch replay list",
    "stillwatch replay add ours items.jsonl --index replay.idx --field question",
    "STILLWATCH_OBSERVE_REPLAY_INDEX=replay.idx stillwatch scan logs/ --out monday",
)
_Index = Annotated[
    Path | None,
    typer.Option("--index", metavar="PATH", help="The index; default: the one that scans use."),
]


def add(  # noqa: PLR0913  one parameter an option
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the set is called.")],
    files: Texts,
    *,
    index: Annotated[
        Path, typer.Option("--index", metavar="PATH", help="The index; made where there is none.")
    ],
    field: Field = "text",
    licence: Annotated[str, typer.Option("--licence", help="The set's licence.")] = "not stated",
    ordinary: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Prompts of everyday use: phrases of two don't count."),
    ] = None,
) -> None:
    """Add a public set of instructions or questions to an index, or take it in anew.

    Give ordinary prompts of your own traffic with --ordinary (repeatable): what people say anyway
    then tells of no item. The index holds hashes alone.
    """
    from stillwatch.observe.content.replay import (  # noqa: PLC0415  brings Numba
        ReplayIndex,
        index_source,
        list_ordinary,
        write_index,
    )
    from stillwatch.store.durable import replace_file  # noqa: PLC0415  with the rest

    before = read_replay_index(str(index)) if index.exists() else ReplayIndex()
    common = list_ordinary(read_texts(ordinary or [], field))
    source = index_source(read_texts(files, field), name=name, licence=licence, ordinary=common)
    others = tuple(one for one in before.sources if one.name != name)
    replace_file(index, write_index(ReplayIndex((*others, source))))
    say(f"{name}: {len(source.sizes):,} items in {index}, {source.left_out:,} left out")
    if source.left_out:
        warn("items under eight words, or made of common phrases alone, cannot be told")


def show(*, index: _Index = None, as_json: AsJson = False) -> None:
    """List the sets of an index: items, hashes, licence."""
    rows = _describe(read_replay_index(str(index or read_settings().observe.replay_index)))
    show_origins(rows, titles=_TITLES, as_json=as_json)


def _describe(index: ReplayIndex) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "items": len(one.sizes),
            "left_out": one.left_out,
            "hashes": one.hashes,
            "licence": one.licence,
        }
        for one in index.sources
    ]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode="rich")
    group.command("add", help=page(add), epilog=_EXAMPLES)(add)
    group.command("list", help=page(show), epilog=_EXAMPLES)(show)
    app.add_typer(
        group, name="replay", help="Index public sets of items, and look prompts up in them."
    )
