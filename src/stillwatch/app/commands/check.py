"""`stillwatch check`: what is in these logs, before anything is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stillwatch.app.commands.options import AccountField, AsJson, Format, Mapping, examples, page
from stillwatch.app.commands.screen import say, say_json, show_table, warn_of_damage
from stillwatch.app.progress import shown_progress
from stillwatch.app.requests import Source, TrafficCheck
from stillwatch.app.settings import read_settings, utc_now

_EXAMPLES = examples(
    "stillwatch check logs/",
    "stillwatch check logs/ --mapping ours.toml --json",
)


def check(
    traffic: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of logs, or `-`.")],
    *,
    log_format: Format = None,
    mapping: Mapping = None,
    account_field: AccountField = None,
    as_json: AsJson = False,
) -> None:
    """Say what is in these logs, which checks can run, and what would have to be there to show.

    Nothing is judged and nothing is written.
    """
    from stillwatch.app.pipeline import check_traffic  # noqa: PLC0415  brings every stage
    from stillwatch.store.secret_key import ephemeral_key  # noqa: PLC0415  brings Numba

    source = Source(traffic, log_format, mapping, account_field)
    with shown_progress() as progress:
        found = check_traffic(
            source,
            settings=read_settings(),
            key=ephemeral_key(),
            now=utc_now(),
            progress=progress,
        )
    if as_json:
        say_json(found)
    else:
        _show(found)
        warn_of_damage(found["inputs"])


def _show(found: TrafficCheck) -> None:
    show_table(
        ("file", "dialect", "records #"),
        [(one["file"], one["dialect"], f"{one['records']:,}") for one in found["inputs"]],
    )
    say(", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in found["counts"].items()))
    say()
    show_table(
        ("record", "field", "full #"),
        [(one["table"], one["field"], f"{one['share']:.1%}") for one in found["fields"]],
    )
    say()
    show_table(
        ("check", "", "because"),
        [
            (one["check"], "runs" if one["runs"] else "stands aside", one["reason"])
            for one in found["checks"]
        ],
    )
    say()
    smallest = found["smallest_campaign"]
    say(smallest["says"] if smallest else "no campaign could show in these logs")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(check), epilog=_EXAMPLES)(check)
