"""What is remembered of campaigns between looks, as tables; and today's campaigns as sightings.

Around `track`: reads `HISTORY`, `HEAD` and `TELLING` of the looks before and gives what is known;
reads what was detected and gives what is seen; writes the rows that the next look will read. The
one idea: heads are kept as comings and goings, so that a year of looks costs what has changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from stillwatch.detect.campaigns import Campaigns
from stillwatch.detect.through_time.alarms import Alarms, Wager
from stillwatch.detect.through_time.events import Event, Known, Sightings, Tracked
from stillwatch.detect.through_time.matching import Look
from stillwatch.domain.lake_tables import HEAD, HISTORY, TELLING, WAGER


@dataclass(frozen=True)
class Memory:
    """Rows of all looks before, or of one look."""

    history: pl.DataFrame
    heads: pl.DataFrame
    telling: pl.DataFrame
    wagers: pl.DataFrame

    def before(self, look: int) -> Memory:
        """Give what was known before a look.

        Grain:   rows of looks with a smaller number.
        """
        return Memory(
            *(rows.filter(pl.col("look") < look) for rows in (self.history, self.heads)),
            *(rows.filter(pl.col("look") < look) for rows in (self.telling, self.wagers)),
        )

    def alarmed(self) -> dict[str, int]:
        """Give the campaigns whose alarm was raised, and at which look.

        Grain:   one entry per campaign with an alarm.
        """
        raised = self.history.drop_nulls("alarmed_at_look").group_by("campaign_id")
        return dict(raised.agg(pl.col("alarmed_at_look").min()).iter_rows())

    def wagered(self) -> dict[str, Wager]:
        """Give what was wagered on every group ever tested, as it stood last.

        Grain:   one entry per group.
        """
        last = self.wagers.sort("look").group_by("campaign_id").last()
        columns = last.select("campaign_id", "share", "batch", "looks", "evidence")
        return {name: Wager(*rest) for name, *rest in columns.iter_rows()}


def recall_campaigns(memory: Memory) -> dict[str, Known]:
    """Say what is known of each campaign.

    Grain:   one Known per campaign of `memory`, as it stood when it was last spoken of; of its
             accounts and telling values, those of the last look that saw it.
    Cost:    linear in the comings and goings of all looks.
    """
    last = memory.history.sort("look").group_by("campaign_id").last()
    moves = memory.heads.sort("look")
    ever = dict(moves.group_by("campaign_id").agg(pl.col("account_id").unique()).iter_rows())
    now = moves.group_by("campaign_id", "account_id").last().filter("is_in")
    inside = dict(now.group_by("campaign_id").agg("account_id").iter_rows())
    told = memory.telling.filter(pl.col("look") == pl.col("look").max().over("campaign_id"))
    values = _values(told, by="campaign_id")
    return {
        row["campaign_id"]: Known(
            Look(
                frozenset(inside.get(row["campaign_id"], ())),
                frozenset(ever.get(row["campaign_id"], ())),
                values.get(row["campaign_id"], {}),
            ),
            row["state"],
            row["kind"],
            row["first_seen"],
            row["last_seen"],
        )
        for row in last.sort("campaign_id").iter_rows(named=True)
    }


def sight_campaigns(
    found: Campaigns, accounts: pl.DataFrame, *, telling: pl.DataFrame
) -> dict[str, Sightings]:
    """Say what today's look sees, by the name that a scan gives.

    Grain:   one entry per campaign. `accounts` is ACCOUNTS_OUT, `telling` by group_id.
    """
    named = accounts.drop_nulls("campaign_id")
    heads = dict(named.group_by("campaign_id").agg("account_id").iter_rows())
    heirs = dict(
        named.group_by("campaign_id")
        .agg(pl.col("predecessor_account_id").is_not_null().sum())
        .iter_rows()
    )
    group_of = {name: group for group, (name, _) in found.of_group.items()}
    values = _values(telling, by="group_id")
    return {
        row["campaign_id"]: Sightings(
            Look(
                frozenset(heads.get(row["campaign_id"], ())),
                frozenset(heads.get(row["campaign_id"], ())),
                values.get(group_of[row["campaign_id"]], {}),
            ),
            row["kind"],
            row["first_seen"],
            row["last_seen"],
            int(heirs.get(row["campaign_id"], 0)),
        )
        for row in found.campaigns.iter_rows(named=True)
    }


def _values(rows: pl.DataFrame, *, by: str) -> dict[str, dict[tuple[str, int], float]]:
    out: dict[str, dict[tuple[str, int], float]] = {}
    for name, channel, value, bits in rows.select(
        by, "channel", "value", "weight_bits"
    ).iter_rows():
        out.setdefault(name, {})[channel, value] = bits
    return out


def note_look(
    tracked: Tracked,
    seen: Mapping[str, Sightings],
    alarms: Alarms,
    *,
    alarmed_before: Mapping[str, int],
    at: tuple[int, dt.datetime],
) -> Memory:
    """Write down a look, for the result and for the looks to come.

    Grain:   HISTORY one row per event; HEAD one per account that came or went; TELLING one per
             telling value of a campaign that was seen; WAGER one per group that was tested.
    `alarms` are by lasting id; `at` is (number of the look, end of its window).
    Order:   by campaign id, then account, channel and value.
    """
    look, as_of = at
    history = [_history_row(event, alarms, alarmed_before, look, as_of) for event in tracked.events]
    moves = [
        (event.campaign_id, look, account, is_in)
        for event in tracked.events
        for accounts, is_in in ((event.gone, False), (event.came, True))
        for account in sorted(accounts)
    ]
    told = [
        (tracked.name_of[fresh], look, channel, value, bits)
        for fresh, sighting in seen.items()
        for (channel, value), bits in sorted(sighting.look.values.items())
    ]
    return Memory(
        pl.DataFrame(history, schema=HISTORY.schema, orient="row").sort("campaign_id"),
        pl.DataFrame(moves, schema=HEAD.schema, orient="row").sort("campaign_id", "account_id"),
        pl.DataFrame(told, schema=TELLING.schema, orient="row").sort(
            "campaign_id", "channel", "value"
        ),
        pl.DataFrame(
            [
                (name, look, one.share, one.batch, one.looks, one.evidence)
                for name, one in sorted(alarms.wagers.items())
            ],
            schema=WAGER.schema,
            orient="row",
        ),
    )


def _history_row(
    event: Event, alarms: Alarms, before: Mapping[str, int], look: int, as_of: dt.datetime
) -> dict[str, object]:
    name = event.campaign_id
    wager = alarms.wagers.get(name)
    return {
        "campaign_id": name,
        "look": look,
        "as_of": as_of,
        "state": event.state,
        "fresh_id": event.fresh_id,
        "kind": event.kind,
        "first_seen": event.first_seen,
        "last_seen": event.last_seen,
        "accounts": event.accounts,
        "new_accounts": len(event.new),
        "gone_accounts": len(event.gone),
        "stopped_accounts": event.stopped,
        "successors": event.successors,
        "account_overlap": event.overlap.accounts if event.overlap else None,
        "trait_overlap": event.overlap.traits if event.overlap else None,
        "related": list(event.related),
        "alarm_e_value": _log2(wager.evidence) if wager else None,
        "alarm_threshold": _log2(alarms.bars[name]) if wager else None,
        "alarmed_at_look": before.get(name, look if name in alarms.raised else None),
    }


def _log2(value: float) -> float:
    return float(np.log2(value)) if value > 0 else float("-inf")
