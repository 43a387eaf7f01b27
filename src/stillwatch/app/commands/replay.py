"""`stillwatch replay`: the index of public items that prompts are looked up in.

Reads texts, writes hashes: the index holds no word of them. A set that is added again takes its
own place, so that an index can be kept up to date.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.screen import say, say_json, show_table, warn
from stillwatch.app.settings import read_replay_index, read_settings
from stillwatch.domain.errors import InputError

if TYPE_CHECKING:
    from stillwatch.observe.content.replay import ReplayIndex

_PARQUET = b"PAR1"
_EXAMPLES = examples(
    "stillwatch replay list",
    "stillwatch replay add ours items.jsonl --index replay.idx --field question",
    "STILLWATCH_OBSERVE_REPLAY_INDEX=replay.idx stillwatch scan logs/ --out monday",
)
_Texts = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="JSON lines, Parquet, or a text a line; also packed."),
]
_Index = Annotated[
    Path | None,
    typer.Option("--index", metavar="PATH", help="The index; default: the one that scans use."),
]
_Field = Annotated[str, typer.Option("--field", help="Field of a record that holds the item.")]


def add(  # noqa: PLR0913  one parameter an option
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the set is called.")],
    files: _Texts,
    *,
    index: Annotated[
        Path, typer.Option("--index", metavar="PATH", help="The index; made where there is none.")
    ],
    field: _Field = "text",
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
    common = list_ordinary(_read_texts(ordinary or [], field))
    source = index_source(_read_texts(files, field), name=name, licence=licence, ordinary=common)
    others = tuple(one for one in before.sources if one.name != name)
    replace_file(index, write_index(ReplayIndex((*others, source))))
    say(f"{name}: {len(source.sizes):,} items in {index}, {source.left_out:,} left out")
    if source.left_out:
        warn("items under eight words, or made of common phrases alone, cannot be told")


def show(*, index: _Index = None, as_json: AsJson = False) -> None:
    """List the sets of an index: items, hashes, licence."""
    rows = _describe(read_replay_index(str(index or read_settings().observe.replay_index)))
    if as_json:
        say_json(rows)
        return
    show_table(
        ("set", "items #", "left out #", "hashes #", "licence"),
        [
            (r["name"], f"{r['items']:,}", f"{r['left_out']:,}", f"{r['hashes']:,}", r["licence"])
            for r in rows
        ],
    )


def _describe(index: ReplayIndex) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "items": len(one.sizes),
            "left_out": one.left_out,
            "hashes": len(one.entries),
            "licence": one.licence,
        }
        for one in index.sources
    ]


def _read_texts(files: list[Path], field: str) -> Any:  # noqa: ANN401  an Arrow array
    import pyarrow as pa  # noqa: PLC0415  half a second that `--help` can do without

    return pa.array([text for path in files for text in _read_file(path, field)], pa.large_string())


def _read_file(path: Path, field: str) -> Iterator[str]:
    """Give the texts of a file; the first bytes tell its form.

    Raises:
        InputError: it can't be read, or a record has no such field.
    """
    from stillwatch.ingest.sources.unpack import ByteStream  # noqa: PLC0415  brings Polars

    stream = ByteStream(path)
    data = b"".join(stream.blocks())
    if stream.damage:
        message = f"{path} breaks off: {stream.damage}"
        raise InputError(message)
    if data.startswith(_PARQUET):
        yield from _read_parquet(data, path, field)
        return
    for number, line in enumerate(data.splitlines(), 1):
        if line.startswith(b"{"):
            yield _read_record(line, field, where=f"{path}:{number}")
        elif line.strip():
            yield line.decode("utf-8", "replace")


def _read_parquet(data: bytes, path: Path, field: str) -> Iterator[str]:
    import polars as pl  # noqa: PLC0415  only where it is needed

    try:
        column = pl.read_parquet(data, columns=[field])[field]
    except pl.exceptions.PolarsError as wrong:
        message = f"{path} has no column {field} that can be read"
        raise InputError(message, hint="name it with --field") from wrong
    yield from column.cast(pl.String).drop_nulls()


def _read_record(line: bytes, field: str, *, where: str) -> str:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as wrong:
        message = f"{where} is no JSON object"
        raise InputError(message) from wrong
    text = record.get(field)
    if not isinstance(text, str):
        message = f"{where} has no text in the field {field}"
        raise InputError(message, hint="name the field that holds the item with --field")
    return text


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode="rich")
    group.command("add", help=page(add), epilog=_EXAMPLES)(add)
    group.command("list", help=page(show), epilog=_EXAMPLES)(show)
    app.add_typer(
        group, name="replay", help="Index public sets of items, and look prompts up in them."
    )
