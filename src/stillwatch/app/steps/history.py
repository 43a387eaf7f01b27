"""Campaigns of a look under their lasting ids, with what became of each; remembered in the lake.

The rim's part of *detect* through time: reads what the looks before left, has today's campaigns
followed (`detect/through_time`), and appends this look. A look at what was looked at before (the
same ingests, the same days) is no new look: it gives what that one gave and leaves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from stillwatch.app import late
from stillwatch.app.steps.facts import LookFacts, read_looks
from stillwatch.app.steps.run import Run
from stillwatch.app.steps.window import Window
from stillwatch.detect.successors import list_stopped
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
from stillwatch.domain.lake_tables import HEAD, HISTORY, TELLING
from stillwatch.store.lake import Lake


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
    memory = Memory(lake.read(HISTORY.name), lake.read(HEAD.name), lake.read(TELLING.name))
    before = memory.before(look.look)
    known = recall_campaigns(before)
    seen = sight_campaigns(detected.found, detected.accounts, telling=telling)
    as_of = _end_of(window)
    stopped = list_stopped(window.snapshot.register, at=as_of)
    tracked = track_campaigns(known, seen, stopped=stopped, as_of=as_of)
    alarmed = _alarmed(before.history)
    alarms = _raise(detected, tracked, alarmed, look.look, run)
    noted = note_look(tracked, seen, alarms, alarmed_before=alarmed, at=(look.look, as_of))
    history = pl.concat([before.history, noted.history])
    renamed = rename_campaigns(detected, tracked.name_of)
    return Followed(renamed, look, is_new, noted, history)


def remember_look(lake: Lake, followed: Followed) -> None:
    """Append a look to the lake, if it is a new one.

    Grain:   one append; HISTORY, HEAD and TELLING rows of this look.
    """
    if not followed.is_new:
        return
    noted, look = followed.noted, followed.look
    entries = [
        lake.write(HISTORY.name, noted.history),
        lake.write(HEAD.name, noted.heads),
        lake.write(TELLING.name, noted.telling),
    ]
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


def _alarmed(history: pl.DataFrame) -> dict[str, int]:
    """Campaigns whose alarm was raised before, and at which look."""
    raised = history.drop_nulls("alarmed_at_look").group_by("campaign_id")
    return dict(raised.agg(pl.col("alarmed_at_look").min()).iter_rows())


def _raise(
    detected: late.Detected, tracked: Tracked, alarmed: dict[str, int], look: int, run: Run
) -> Alarms:
    """Raise alarms by the name that a scan gives; groups that are no campaign count as tested."""
    named = {group: name for group, (name, _) in detected.found.of_group.items()}
    tested = {
        named.get(group, group): p
        for group, p in detected.p_values.items()
        if tracked.name_of.get(named.get(group, ""), "") not in alarmed
    }
    harvesting = {name for name, kind in detected.found.of_group.values() if kind == "distillation"}
    return raise_alarms(
        tested,
        eligible=frozenset(harvesting),
        look=look,
        raised_before=len(alarmed),
        level=run.settings.detect.alarm_fdr_max,
    )
