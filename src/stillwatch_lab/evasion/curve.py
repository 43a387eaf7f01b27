"""From single runs to the rows of the curve: cost and recall of every setting.

Reads what each run of a plan gave (`Outcome`); gives `Row`s. The one idea: settings that are one
plan share its runs, and runs of one plan are pooled before a bar is sought. Absent: the running
(`bench/evasion_curve.py`), and any smoothing: a row is what its seeds gave.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.evaluation.counting import ratio
from stillwatch_lab.evaluation.operating_points import (
    OperatingPoint,
    Ranking,
    Rung,
    find_operating_point,
)
from stillwatch_lab.evasion.costs import count_days, price_harvest
from stillwatch_lab.evasion.knobs import BASE, BASES, KNOBS, Knob, list_turns

FALSE_SHARE_MAX: Final = 0.01
"""Share of all called that may be false: the operating point of CONTRACT.md, section 2."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of a plan gave."""

    seed: int
    ranking: Ranking
    found: int
    """Heads that the scan itself calls fraudulent."""
    false: int
    """Honest accounts that it calls so."""
    suspected: int = 0
    """Heads that it calls at least suspect."""

    @property
    def tied(self) -> int:
        """Count the heads in a group of tied accounts, whatever that was judged to be.

        A member of a group has a probability above 0, or is suspect for being coordinated.
        """
        above = sum(rung.guilty for rung in self.ranking.rungs if rung.probability > 0)
        return max(above, self.suspected)

    @property
    def recall(self) -> float | None:
        """Share of the heads that the scan calls fraudulent."""
        return ratio(self.found, self.ranking.guilty)


@dataclass(frozen=True, slots=True)
class Row:
    """One setting of one knob, from one base."""

    base: str
    knob: Knob
    label: str
    plan: Plan
    dollars: float
    """For a thousand harvested exchanges."""
    relative: float
    """The same, against the plain base."""
    days: float
    """In which its accounts harvest what the base harvests in the run."""
    ranked: OperatingPoint
    """At the bar that lets one in a hundred called be false."""
    called: tuple[float | None, ...]
    """Recall by the scan's own verdict, by seed."""
    found: int
    false: int
    """Both by the scan's own verdict, over all seeds."""
    suspected: int
    """Heads at `suspect` or above, over all seeds."""
    tied: int
    """Heads in a tied group, over all seeds."""
    heads: int
    """That sent anything, over all seeds."""

    @property
    def recall(self) -> float | None:
        """Recall by the scan's own verdict, over all seeds."""
        return ratio(self.found, self.heads)

    @property
    def tied_share(self) -> float | None:
        """Share of the heads that stand in a tied group: what linking finds, before judging."""
        return ratio(self.tied, self.heads)


def name_plan(plan: Plan) -> str:
    """Give a plan a short name of its own, which changes with any knob."""
    return f"{zlib.crc32(json.dumps(asdict(plan), sort_keys=True).encode()):08x}"


def write_ranking(ranking: Ranking) -> dict[str, Any]:
    """Turn a ranking into what JSON holds."""
    rungs = [[rung.probability, rung.guilty, rung.honest] for rung in ranking.rungs]
    return {"guilty": ranking.guilty, "rungs": rungs}


def read_ranking(held: Mapping[str, Any]) -> Ranking:
    """Read what `write_ranking` wrote."""
    return Ranking(held["guilty"], tuple(Rung(*rung) for rung in held["rungs"]))


def list_rows(
    outcomes: Mapping[str, Sequence[Outcome]],
    *,
    days: int,
    knobs: Sequence[Knob] = KNOBS,
    bases: Mapping[str, Plan] = BASES,
) -> list[Row]:
    """Give a row for every setting whose plan was run; a setting that was not is left out.

    outcomes: runs by the name of their plan (`name_plan`).
    Order:   as `list_turns` lists them.
    """
    return [
        _make_row((base, knob, setting.label), plan, outcomes[name_plan(plan)], days=days)
        for base, knob, setting, plan in list_turns(knobs, bases)
        if outcomes.get(name_plan(plan))
    ]


def _make_row(
    place: tuple[str, Knob, str], plan: Plan, outcomes: Sequence[Outcome], *, days: int
) -> Row:
    dollars = price_harvest(plan, days=days)
    rankings = [one.ranking for one in outcomes]
    base = replace(BASE, heads=plan.heads)
    return Row(
        *place,
        plan=plan,
        dollars=dollars,
        relative=dollars / price_harvest(base, days=days),
        days=count_days(plan, base=base, days=days),
        ranked=find_operating_point(rankings, false_share_max=FALSE_SHARE_MAX),
        called=tuple(one.recall for one in outcomes),
        found=sum(one.found for one in outcomes),
        false=sum(one.false for one in outcomes),
        suspected=sum(one.suspected for one in outcomes),
        tied=sum(one.tied for one in outcomes),
        heads=sum(one.guilty for one in rankings),
    )


def find_cheapest(rows: Sequence[Row], *, recall_max: float) -> Row | None:
    """Find the cheapest setting that leaves at most this recall at the controlled share.

    Order:   of equal costs, the first listed.
    """
    hidden = [row for row in rows if (row.ranked.recall or 0.0) <= recall_max]
    return min(hidden, key=lambda row: row.dollars, default=None)
