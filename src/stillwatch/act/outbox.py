"""The outbox: an effect is written down before it is carried out, and carried out once.

`enqueue_effects` makes the intention survive a crash; `deliver_effects` brings the gateway's
table up to it and then clears the outbox. Delivery may be repeated at any point without changing
the table, and never brings back what was reverted in between.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson
import polars as pl

from stillwatch.act.gateway_table import (
    TABLE_FILE,
    effect_lines,
    join_lines,
    read_lines,
    read_reversals,
    table_bytes,
)
from stillwatch.store.durable import held_alone, replace_file

OUTBOX_FILE: Final = "outbox.jsonl"


def enqueue_effects(place: Path, decisions: pl.DataFrame) -> int:
    """Write effects into the outbox of a result; say how many wait there now.

    Grain:   one line per decision. Order: any; the table has its own.

    Raises:
        NotAResult: what waits there already cannot be read.
    """
    with held_alone(place):
        outbox = place / OUTBOX_FILE
        waiting = list(dict.fromkeys([*read_lines(outbox), *effect_lines(decisions)]))
        replace_file(outbox, join_lines(waiting))
    return len(waiting)


def deliver_effects(place: Path) -> int:
    """Bring the gateway's table up to the outbox, and clear it; say how many are in force.

    An empty outbox leaves an empty table where there was none: "nobody" is an answer too.

    Raises:
        NotAResult: the table or the outbox cannot be read; both are left as they were.
    """
    with held_alone(place):
        outbox, table = place / OUTBOX_FILE, place / TABLE_FILE
        reverted = read_reversals(place)
        lines = [
            line
            for line in [*read_lines(table), *read_lines(outbox)]
            if orjson.loads(line)["decision_id"] not in reverted
        ]
        content = table_bytes(lines)
        replace_file(table, content)
        outbox.unlink(missing_ok=True)
    return content.count(b"\n")
