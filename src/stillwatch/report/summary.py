"""The findings in short: a headline for people, and a small JSON object for machines.

Reads findings; gives sentences and plain Python values. The one idea: whoever says how many
campaigns were found (page, ticket, terminal, console, JSON) says what the headline says, which is
graded by what was judged. Deliberately absent: accounts one by one; whoever wants rows reads the
tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from stillwatch.domain.results import JUDGEMENTS
from stillwatch.report.figures import count, day, tokens
from stillwatch.report.findings import GRADES, Findings, Row, harvest_total, rank_campaigns

_RUN_KEYS: Final = ("stillwatch", "started_at", "finished_at")
_MEASURES: Final = ("exchanges", "output_tokens")
_TOGETHER: Final = "coordinated_other"
_LEAST_SHOWN: Final = 0.001
"""The least share that is shown in figures, and the least that is said to lack to all."""


@dataclass(frozen=True, slots=True)
class Headline:
    """What was found, in words that are the same wherever they stand.

    `taken` is by grade and measure: what `found` campaigns have harvested, what groups `to_look_at`
    perhaps have. `apart` names what the title does not count as found.
    """

    title: str
    apart: str
    lead: str
    campaigns: dict[str, list[Row]]
    taken: dict[str, dict[str, int]]

    @property
    def live(self) -> list[Row]:
        """All campaigns but the permitted ones, in their order."""
        return [*self.campaigns["found"], *self.campaigns["to_look_at"]]

    @property
    def heading(self) -> str:
        """Say what a list of them is a list of."""
        if not self.campaigns["to_look_at"]:
            return "Campaigns"
        return f"{'Campaigns and groups' if self.campaigns['found'] else 'Groups'} to look at"


def summarise_headline(campaigns: pl.DataFrame, accounts: pl.DataFrame) -> Headline:
    """Say what was found, graded by what is said of the accounts.

    Grain:   one headline of CAMPAIGNS_OUT and ACCOUNTS_OUT. Only where somebody is called
             fraudulent a campaign is found; what others took is perhaps harvested; permitted ones
             are counted apart.
    Order:   campaigns as in `rank_campaigns`.
    """
    ranked = rank_campaigns(campaigns, accounts)
    graded = {grade: [row for row in ranked if row["grade"] == grade] for grade in GRADES}
    taken = {grade: {m: harvest_total(graded[grade], m) for m in _MEASURES} for grade in GRADES}
    found, to_look_at, permitted = graded.values()
    more = "more " if found else ""
    apart = [f"{_number(len(to_look_at), f'{more}group')} to look at"] if to_look_at else []
    if permitted:
        apart.append(f"{count(len(permitted))} {'more ' if found or to_look_at else ''}permitted")
    campaign = _number(len(found), "campaign") if found else "No campaign"
    title = ", ".join([f"{campaign} found", *apart]) if ranked else "Nothing found"
    lead = " ".join(_lead(graded, accounts))
    return Headline(title, ", ".join(apart), lead, graded, taken)


def word_taken(row: Row) -> str:
    """Say what became of a campaign's exchanges, as far as it was judged.

    Grain:   one row of `rank_campaigns`.
    """
    if row["kind"] == _TOGETHER:
        return "sent together"
    return "perhaps harvested" if row["grade"] == "to_look_at" else "harvested"


def _lead(graded: dict[str, list[Row]], accounts: pl.DataFrame) -> Iterator[str]:
    found, to_look_at, permitted = graded.values()
    seen = f"{count(accounts.height)} seen"
    if not (found or to_look_at):
        but = ", but for those that a permission covers" if permitted else ""
        yield (
            f"No group of tied accounts among the {seen} is more of a harvest than honest tied "
            f"groups are{but}."
        )
        return
    all_exchanges = max(int(accounts["exchanges"].sum()), 1)
    yield _word_accounts(dict(accounts.group_by("verdict").len().iter_rows()), seen)
    if found:
        yield _word_harvest(found, "harvested", all_exchanges)
    more = "more group" if found else "group"
    if may := [row for row in to_look_at if row["kind"] != _TOGETHER]:
        called = f", and nobody of {'it' if len(may) == 1 else 'them'} is called fraudulent"
        yield (
            f"{_number(len(may), more)} may be harvesting{called if found else ''}: "
            f"{_word_harvest(may, 'perhaps harvested', all_exchanges)}"
        )
    if together := len(to_look_at) - len(may):
        act = "acts" if together == 1 else "act"
        yield f"{_number(together, more)} {act} together, though not to harvest."


def _word_accounts(verdicts: dict[str, int], seen: str) -> str:
    fraudulent, suspect = (verdicts.get(verdict, 0) for verdict in ("fraudulent", "suspect"))
    if not fraudulent:
        are = "is" if suspect == 1 else "are"
        return f"No account among {seen} is called fraudulent; {count(suspect)} {are} suspect."
    also = f" and {count(suspect)} suspect" if suspect else ""
    return f"{count(fraudulent)} fraudulent{also} account{_s(suspect or fraudulent)} among {seen}."


def _word_harvest(rows: Sequence[Row], verb: str, all_exchanges: int) -> str:
    exchanges, output = (harvest_total(rows, measure) for measure in _MEASURES)
    first, last = min(row["first_seen"] for row in rows), max(row["last_seen"] for row in rows)
    return (
        f"{_number(exchanges, 'exchange')}, {_per_cent(exchanges / all_exchanges)} of all, and "
        f"{tokens(output)} output tokens were {verb} between {day(first)} and {day(last)}."
    )


def _per_cent(share: float) -> str:
    """Word a share as the console does: never rounded to nought or to all."""
    if 0 < share < _LEAST_SHOWN:
        return "< 0.1 %"
    if 1 - _LEAST_SHOWN < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def _number(number: int, thing: str) -> str:
    return f"{count(number)} {thing}{_s(number)}"


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def summarise_json(findings: Findings) -> dict[str, Any]:
    """Summarise the findings for machines.

    Grain:   `campaigns` has one entry per campaign, with its columns, `grade`, `is_permitted` and
             `verdicts`; `found`, `campaigns_count` and `harvested` are those of called ones.
    Units:   as in the tables; instants are RFC 3339 in UTC.
    Nulls:   null where a figure was not computed; never NaN.
    Order:   campaigns as on the page; keys always in this order.
    """
    headline = summarise_headline(findings.campaigns, findings.accounts)
    graded = headline.campaigns
    judged = dict(findings.groups.group_by("judgement").len().iter_rows())
    effects = findings.decisions.group_by("effect").len().sort("effect")
    return {
        **{key: _value(findings.run.get(key)) for key in _RUN_KEYS},
        "headline": headline.title,
        "found": bool(graded["found"]),
        "campaigns_count": len(graded["found"]),
        "campaigns_by_grade": {grade: len(rows) for grade, rows in graded.items()},
        "accounts_seen": findings.accounts.height,
        "verdicts": findings.verdict_counts(),
        "harvested": headline.taken["found"],
        "perhaps_harvested": headline.taken["to_look_at"],
        "campaigns": [_campaign(findings, row) for rows in graded.values() for row in rows],
        "groups": {judgement: judged.get(judgement, 0) for judgement in JUDGEMENTS},
        "groups_let_be": findings.groups_let_be().height,
        "effects": dict(effects.iter_rows()),
        "smallest_campaign": findings.smallest_campaign(),
        "power": _value(list(findings.run.get("power") or ())),
        "stood_aside": _value(list(findings.run.get("stood_aside") or ())),
        "counts": _value(dict(findings.run.get("counts") or {})),
    }


def _campaign(findings: Findings, row: Row) -> dict[str, Any]:
    verdicts = findings.verdict_counts(row["campaign_id"])
    return {**{name: _value(value) for name, value in row.items()}, "verdicts": verdicts}


def _value(value: Any) -> Any:  # noqa: ANN401  JSON in, JSON out
    """Make a value fit for JSON: instants become text, NaN and infinities null."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _value(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_value(inner) for inner in value]
    return value
