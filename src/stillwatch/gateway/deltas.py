"""What has changed from one version of a table to another, and several such changes made one.

Versions belong to a *series*: a service that starts anew counts anew, and says so by another name,
so that nobody takes its version 3 for the 3 of the day before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stillwatch.gateway.decision import CampaignBudget, Decision, Place

NEVER: Final = -1
"""The version of a table that nobody has filled yet."""


class GapInChangesError(Exception):
    """A delta does not join on to the table: what lies between was missed; ask for all of it."""


class TableFullError(Exception):
    """A table would grow over its bound; the one before stays in force."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What has changed from one version to another; as a snapshot, all there is."""

    series: str
    since: int
    version: int
    puts: tuple[Decision, ...] = ()
    removals: tuple[Place, ...] = ()
    budgets: tuple[CampaignBudget, ...] = ()
    ended_budgets: tuple[str, ...] = ()
    is_snapshot: bool = False

    @property
    def size(self) -> int:
        """Count what it carries."""
        return (
            len(self.puts)
            + len(self.removals)
            + len(self.ended_budgets)
            + sum(1 + len(one.account_ids) for one in self.budgets)
        )


def merge_deltas(deltas: Iterable[Delta]) -> Delta:
    """Make one delta of several that follow one another: of each place the last word.

    Cost:    linear in their rows.
    """
    parts = list(deltas)
    places: dict[Place, Decision | None] = {}
    budgets: dict[str, CampaignBudget | None] = {}
    for part in parts:
        if part.is_snapshot:
            places.clear()
            budgets.clear()
        places.update(dict.fromkeys(part.removals))
        places.update({one.place: one for one in part.puts})
        budgets.update(dict.fromkeys(part.ended_budgets))
        budgets.update({one.campaign_id: one for one in part.budgets})
    return Delta(
        series=parts[-1].series,
        since=parts[0].since,
        version=parts[-1].version,
        puts=tuple(one for one in places.values() if one),
        removals=tuple(place for place, one in places.items() if one is None),
        budgets=tuple(one for one in budgets.values() if one),
        ended_budgets=tuple(name for name, one in budgets.items() if one is None),
        is_snapshot=any(part.is_snapshot for part in parts),
    )
