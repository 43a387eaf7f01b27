"""Effects for batch consumers: files of what has changed, and one file of what is in force.

`effects-<UTC>.jsonl` holds a round's operations; `in_force.jsonl` all that is in force, and names
in its first line the last file of effects that it holds. Who reads it and then the files whose
names come after that one is at the state of the ledger; who has missed one begins again with it.
Each file appears as a whole. One deliverer at a time has the folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from stillwatch.act.effect_messages import IN_FORCE_SCHEMA
from stillwatch.act.gateway_table import join_lines
from stillwatch.domain.service_limits import EFFECTS_FILES_KEPT
from stillwatch.store.durable import create_file, replace_file

IN_FORCE_FILE: Final = "in_force.jsonl"
_PATTERN: Final = "effects-*.jsonl"
_NAME: Final = "effects-%Y%m%dT%H%M%S.%fZ.jsonl"
_STEP: Final = timedelta(microseconds=1)


def list_effects_files(folder: Path) -> list[str]:
    """List the files of effects by name.

    Order:   the oldest first: names are in the order in which files were written.
    Cost:    one listing of the folder.
    """
    return sorted(path.name for path in folder.glob(_PATTERN))


def write_effects_file(folder: Path, lines: Iterable[bytes], *, now: datetime) -> str:
    """Write a round's operations as a new file; give its name, which comes after all others.

    Grain:   one line per delivery. Order: as given.
    """
    newest = list_effects_files(folder)[-1:]
    name = now.strftime(_NAME)
    if newest and newest[0] >= name:
        name = (_instant_of(newest[0]) + _STEP).strftime(_NAME)
    create_file(folder / name, join_lines(lines))
    return name


def write_in_force_file(folder: Path, lines: list[bytes], *, version: int, now: datetime) -> None:
    """Write all that is in force, over what was there, and let go of the oldest files of effects.

    Grain:   a line about the file, then one line per (account_id, decision_id).
    """
    names = list_effects_files(folder)
    about = {
        "schema": IN_FORCE_SCHEMA,
        "written_at": now,
        "version": version,
        "through": names[-1] if names else None,
        "rows": len(lines),
    }
    head = orjson.dumps(about, option=orjson.OPT_UTC_Z)
    replace_file(folder / IN_FORCE_FILE, join_lines([head, *lines]))
    for name in names[:-EFFECTS_FILES_KEPT]:
        (folder / name).unlink(missing_ok=True)


def _instant_of(name: str) -> datetime:
    return datetime.strptime(name, _NAME).replace(tzinfo=UTC)
