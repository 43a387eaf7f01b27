"""`stillwatch templates`: the list of public templates, and the templates of some traffic.

`add` and `list` keep the list: hashes of public texts, no word of them. `find` looks: which
templates the traffic has, who sends them, how those accounts are spread, which are public by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stillwatch.app.commands.lists.shown import show_origins
from stillwatch.app.commands.lists.texts import Field, Texts, read_texts
from stillwatch.app.commands.options import AccountField, AsJson, Format, Mapping, examples, page
from stillwatch.app.commands.screen import say, say_json, show_table, warn
from stillwatch.app.progress import shown_progress
from stillwatch.app.requests import Source
from stillwatch.app.settings import read_key, read_settings, read_template_list

if TYPE_CHECKING:
    import polars as pl

    from stillwatch.observe.template_book.public import PublicTemplates

_SHOWN: Final = 20
"""Templates shown; all of them are in the files."""
_TITLES = {
    "name": "origin",
    "texts": "texts #",
    "left_out": "left out #",
    "hashes": "hashes #",
    "licence": "licence",
}
_EXAMPLES: Final = examples(
    "stillwatch templates list",
    "stillwatch templates add ours prompts.jsonl --index public.idx --field text",
    "stillwatch templates find logs/ --out monday-templates",
    "stillwatch templates find logs/ --book monday-templates --out tuesday-templates",
)


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the texts are called.")],
    files: Texts,
    *,
    index: Annotated[
        Path, typer.Option("--index", metavar="PATH", help="The list; made where there is none.")
    ],
    field: Field = "text",
    licence: Annotated[str, typer.Option("--licence", help="The texts' licence.")] = "not stated",
) -> None:
    """Add public texts (a framework's system prompts, say) to a list, or take them in anew.

    The list holds hashes alone. Under a name that is there already they take its place.
    """
    from stillwatch.observe.template_book.form import write_public  # noqa: PLC0415  brings Numba
    from stillwatch.observe.template_book.public import (  # noqa: PLC0415  with the rest
        PublicTemplates,
        index_public,
    )
    from stillwatch.store.durable import replace_file  # noqa: PLC0415  with the rest

    before = read_template_list(str(index)) if index.exists() else PublicTemplates()
    source = index_public(read_texts(files, field), name=name, licence=licence)
    others = tuple(one for one in before.sources if one.name != name)
    replace_file(index, write_public(PublicTemplates((*others, source))))
    say(f"{name}: {len(source.sizes):,} texts in {index}, {source.left_out:,} left out")
    if source.left_out:
        warn("texts under eleven words cannot be told, and one that is there twice is kept once")


def show(
    *,
    index: Annotated[
        Path | None,
        typer.Option("--index", metavar="PATH", help="The list; default: the one in the settings."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the origins of a list: texts, hashes, licence."""
    rows = _describe(read_template_list(str(index or read_settings().observe.template_list)))
    show_origins(rows, titles=_TITLES, as_json=as_json)


def _describe(public: PublicTemplates) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "texts": len(one.sizes),
            "left_out": one.left_out,
            "hashes": len(one.shingles),
            "licence": one.licence,
        }
        for one in public.sources
    ]


def find(  # noqa: PLR0913  one parameter an option
    traffic: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of logs.")],
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Folder to write; must not exist.")
    ],
    book: Annotated[
        Path | None,
        typer.Option("--book", metavar="FOLDER", help="What `find` wrote last: its ids go on."),
    ] = None,
    log_format: Format = None,
    mapping: Mapping = None,
    account_field: AccountField = None,
    as_json: AsJson = False,
) -> None:
    """Find the templates of some traffic, day by day, and how the accounts that send them differ.

    Judges nobody: a template that reads `public` is sent by accounts as different as the
    population's, one that reads `cohort` by accounts that have something in common. Ids stay the
    same from run to run with --book, under one pseudonym key.
    """
    from stillwatch.app.commands.lists.find import find_templates  # noqa: PLC0415  brings every stage

    source = Source(traffic, log_format, mapping, account_field)
    with shown_progress() as progress:
        figures = find_templates(
            source, out=out, book=book, settings=read_settings(), key=read_key(), progress=progress
        )
    if as_json:
        say_json(figures.drop("signups").to_dicts())
    else:
        _show_figures(figures, out)


def _show_figures(figures: pl.DataFrame, out: Path) -> None:
    readings = figures["reading"].value_counts(sort=True).rows()
    told = ", ".join(f"{count:,} {reading}" for reading, count in readings)
    say(f"{len(figures):,} templates ({told or 'none'}) in {out}")
    top = figures.sort("actors", "template_id", descending=[True, False]).head(_SHOWN)
    show_table(
        ("template", "place", "accounts #", "exchanges #", "covers #", "reading", "public text"),
        [
            (
                r["template_id"],
                r["place"],
                f"{r['accounts']:,}",
                f"{r['exchanges']:,}",
                f"{r['coverage']:.0%}",
                r["reading"],
                r["public_name"] or "",
            )
            for r in top.iter_rows(named=True)
        ],
    )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode="rich")
    group.command("find", help=page(find), epilog=_EXAMPLES)(find)
    group.command("add", help=page(add), epilog=_EXAMPLES)(add)
    group.command("list", help=page(show), epilog=_EXAMPLES)(show)
    app.add_typer(
        group, name="templates", help="Find templates and their spread; list public ones."
    )
