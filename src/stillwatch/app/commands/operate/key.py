"""`stillwatch key`: another pseudonym key for what comes from now on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stillwatch.app.commands.operate.places import LakeToTend
from stillwatch.app.commands.options import examples, page
from stillwatch.app.commands.screen import say, warn
from stillwatch.app.settings import read_key

_EXAMPLES = examples(
    "systemctl stop stillwatch; stillwatch commit journal/ --lake lake/ --once",
    "stillwatch key rotate lake/ --new-key new.key --segments journal/",
    "mv new.key pseudonym.key; systemctl start stillwatch",
)


def rotate(
    lake: LakeToTend,
    *,
    new_key: Annotated[
        Path, typer.Option("--new-key", metavar="FILE", help="The new key; made if it is absent.")
    ],
    segments: Annotated[
        Path | None,
        typer.Option("--segments", metavar="JOURNAL", help="Journal, in which nothing may wait."),
    ] = None,
) -> None:
    """Change the pseudonym key of a lake: what comes from now on is made with the new one.

    Pseudonyms under two keys never meet, so that looks begin anew: what came before stands aside,
    and each look says so. Ingest the register again. Killed anywhere, run it again; several lakes
    under one key, one after the other with the same FILE.
    """
    from stillwatch.app.operate.turning import turn_to  # noqa: PLC0415  brings Numba
    from stillwatch.store.secret_key import key_from_file  # noqa: PLC0415  likewise

    is_news = turn_to(key_from_file(new_key), lake=lake, old=read_key(), journal=segments)
    say(f"{lake} takes the key in {new_key}" + ("" if is_news else ": it did already"))
    if segments is None:
        warn("no journal was looked at", hint="what waits in one can't be opened with the new key")
    warn(
        f"put {new_key} in the place of the old key, then ingest the register again",
        hint="destroy the old key, and pseudonyms of before can't be tested by anybody any more; "
        "backups with keys hold it too",
    )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode="rich")
    group.callback()(lambda: None)
    group.command("rotate", help=page(rotate), epilog=_EXAMPLES)(rotate)
    app.add_typer(group, name="key", help="The pseudonym key: change it.")
