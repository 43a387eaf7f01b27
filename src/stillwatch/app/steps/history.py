"""Campaigns of a look under their lasting ids, with what became of each; remembered in the lake.

The rim's part of *detect* through time: reads what the looks before left, has today's campaigns
followed (`detect/through_time`), and appends this look. A look at what was looked at before (the
same ingests, the same days) is no new look: it gives what that one gave and leaves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from stillwatch.app import late
from stillwatch.app.steps.facts import LookFacts, read_looks
from stillwatch.app.steps.run import Run
from stillwatch.app.steps.window import Window
from stillwatch.detect.campaigns import name_campaign
from stillwatch.detect.through_time import (
    Memory,
    note_look,
    raise_alarms,
    recall_campaigns,
    rename_campaigns,
    sight_campaigns,
    track_campaigns,
)
from stillwatch.detect.through_time.alarms import Alarms
from stillwatch.detect.through_time.events import Tracked
from stillwatch.detect.verdicts.successors import list_stopped
from stillwatch.domain.lake_tables import HEAD, HISTORY, TELLING, WAGER
from stillwatch.store.lake import Lake

_TABLES: Final = (HISTORY, HEAD, TELLING, WAGER)
"""What a look leaves in the lake, in the order of `Memory`."""


@dataclass(frozen=True)
class Followed:
    """What a look has found, under lasting ids, and the history up to it."""

    detected: late.Detected
    look: LookFacts
    is_new: bool
    """Whether this is a look at something that was not looked at before."""
    noted: Memory
    history: pl.DataFrame
    """HISTORY of this look and of all before it."""

    def tell(self) -> list[dict[str, Any]]:
        """Give what became of each campaign, for run.json.

        Grain:   one record per campaign that is known or seen.
        """
        rows = self.noted.history.with_columns(pl.col(pl.Datetime).dt.to_string("iso:strict"))
        return rows.to_dicts()


def follow_campaigns(
    lake: Lake, window: Window, detected: late.Detected, telling: pl.DataFrame, run: Run
) -> Followed:
    """Follow campaigns from the look before to this one.

    Grain:   as detected; HISTORY one row per campaign that is known or seen.
    Cost:    linear in the comings and goings of all looks, and in today's campaigns.
    """
    look, is_new = _number_look(lake, window)
    before = Memory(*(lake.read(table.name) for table in _TABLES)).before(look.look)
    known = recall_campaigns(before)
    seen = sight_campaigns(detected.found, detected.accounts, telling=telling)
    as_of = _end_of(window)
    stopped = list_stopped(window.snapshot.register, at=as_of)
    tracked = track_campaigns(known, seen, stopped=stopped, as_of=as_of)
    alarms = _raise(detected, tracked, before, run)
    at = (look.look, as_of)
    noted = note_look(tracked, seen, alarms, alarmed_before=before.alarmed(), at=at)
    history = pl.concat([before.history, noted.history])
    renamed = rename_campaigns(detected, tracked.name_of)
    return Followed(renamed, look, is_new, noted, history)


def remember_look(lake: Lake, followed: Followed) -> None:
    """Append a look to the lake, if it is a new one.

    Grain:   one append; HISTORY, HEAD, TELLING and WAGER rows of this look.
    """
    if not followed.is_new:
        return
    noted, look = followed.noted, followed.look
    rows = (noted.history, noted.heads, noted.telling, noted.wagers)
    entries = [lake.write(t.name, frame) for t, frame in zip(_TABLES, rows, strict=True)]
    about = {"look": look.look, "ingests": look.ingests, "window": list(look.window)}
    lake.commit([one for one in entries if one["files"]], {"look": about})


def _number_look(lake: Lake, window: Window) -> tuple[LookFacts, bool]:
    looks = read_looks(lake)
    ingests = len(window.ingests)
    for one in reversed(looks):
        if one.ingests == ingests and one.window == window.days:
            return one, False
    return LookFacts(len(looks) + 1, ingests, window.days), True


def _end_of(window: Window) -> datetime:
    last = window.arrived.observed().select(pl.col("time").max()).collect().item()
    assert isinstance(last, datetime)  # noqa: S101  a window without a row was refused before
    return last


def _raise(detected: late.Detected, tracked: Tracked, before: Memory, run: Run) -> Alarms:
    """Raise alarms by lasting id; groups that are no campaign are tested as what they would be."""
    alarmed = before.alarmed()
    of_group = detected.found.of_group
    ids = {
        group: tracked.name_of[of_group[group][0]] if group in of_group else name_campaign(group)
        for group in detected.p_values
    }
    harvesting = {
        ids[g] for g, (_, kind) in of_group.items() if kind == "distillation" and g in ids
    }
    tested = {ids[g]: p for g, p in detected.p_values.items() if ids[g] not in alarmed}
    return raise_alarms(
        tested,
        wagers=before.wagered(),
        eligible=frozenset(harvesting),
        raised_before=len(alarmed),
        level=run.settings.detect.alarm_fdr_max,
    )
