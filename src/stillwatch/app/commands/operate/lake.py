"""`stillwatch lake`: compacting a lake, and bringing an older one to this version."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from stillwatch.app.commands.operate.places import LakeToTend
from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.screen import say, say_json
from stillwatch.app.settings import utc_now

_EXAMPLES = examples(
    "stillwatch lake compact lake/                        [dim]# every day that is over[/dim]",
    "stillwatch lake compact lake/ --before 2026-11-23",
    "stillwatch lake migrate lake/                        [dim]# after an upgrade[/dim]",
)
GRACE_S = 3_600
"""Seconds for which replaced files stay: a program that opened them without holding the lake."""


def compact(
    lake: LakeToTend,
    *,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="DAY", help="Merge days before this; default: today."),
    ] = None,
    now: Annotated[
        bool, typer.Option("--sweep-now", help="Delete replaced files at once, without grace.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Merge the files of days that are over, and all manifests into one.

    Nothing that reads the lake finds anything else than before. It waits for an ingest or a look
    that is under way, and they wait for it. Files that were replaced are deleted by the next
    compaction, an hour later at the soonest, and never while somebody reads.
    """
    from stillwatch.app.operate.tending import tend_lake  # noqa: PLC0415  brings Polars

    at = utc_now()
    day = before or str(at.date())
    grace = timedelta(seconds=0 if now else GRACE_S)
    done = tend_lake(lake, before=day, grace=grace, now=at)
    if as_json:
        say_json(asdict(done))
        return
    merged = done.compaction
    if merged.is_news:
        files = f"{merged.files_before:,} files into {merged.files_after:,}"
        say(f"{merged.appends:,} manifests into one, {files}")
    else:
        say("there was nothing to merge")
    if done.swept_files:
        say(f"{done.swept_files:,} replaced files deleted, {done.swept_bytes / 1e6:,.1f} MB")


def migrate(lake: LakeToTend, *, as_json: AsJson = False) -> None:
    """Bring a lake of an older version to this one; versions before can't open it any more.

    It waits for an ingest or a look that is under way. Hashes of content are cut to the bits that
    they have now, and files that were replaced go with the next compaction; nothing else that the
    lake holds is changed. Killed, run it again. A lake of a newer version is refused.
    """
    from stillwatch.app.steps.opening import lake_to_migrate  # noqa: PLC0415  brings Polars
    from stillwatch.store.manifest import FORMAT, check_lake  # noqa: PLC0415  likewise
    from stillwatch.store.upkeep import migrate_lake  # noqa: PLC0415  likewise

    with lake_to_migrate(lake) as held:
        is_news = migrate_lake(held, at=utc_now().isoformat())
    check_lake(lake, key_check=None)
    if as_json:
        say_json({"lake": str(lake), "format": FORMAT, "migrated": is_news})
    else:
        say(f"{lake} is of format {FORMAT}" + ("" if is_news else ": there was nothing to do"))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode="rich")
    group.command("compact", help=page(compact), epilog=_EXAMPLES)(compact)
    group.command("migrate", help=page(migrate), epilog=_EXAMPLES)(migrate)
    app.add_typer(group, name="lake", help="Upkeep of a lake: compact it, migrate an older one.")
