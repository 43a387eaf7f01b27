"""The outcome of a backtest in figures: harvest prevented, innocents harmed, guards that stopped.

Reads what was replayed and what would have been refused, and writes one record that a terminal or
a machine can show. Accounts of which nobody knows what they are count as neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from stillwatch.decide.backtest.looks import ANSWER, Look
from stillwatch.decide.backtest.refused import find_refused
from stillwatch.decide.backtest.replay import Replayed
from stillwatch.decide.policy.model import REVIEW
from stillwatch.domain.results import TAKING

_AMOUNTS: Final = ("exchanges", "output_tokens")
_INNOCENT: Final = pl.col("is_innocent").fill_null(value=False)
_OF_CAMPAIGN: Final = pl.col("campaign_id").is_not_null()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy would have done, in figures."""

    totals: dict[str, Any]
    rules: list[dict[str, Any]]
    """One rule or budget: accounts hit and waiting, and what it would have refused of whom."""
    days: list[dict[str, Any]]
    """One look: accounts newly hit and newly waiting at it."""
    guards: list[dict[str, Any]]
    """One guard at one look: what it stopped, and by which figures."""
    hits: list[dict[str, Any]]
    """One account that would have been hit: when first, by which rule, and what it is."""


def weigh_outcome(
    replayed: Replayed, *, looks: Sequence[Look], traffic: pl.DataFrame, answers: pl.DataFrame
) -> Outcome:
    """Count what a replayed policy would have prevented, and whom it would have harmed.

    Grain:   as in `Outcome`. `answers` is ANSWER, empty where nobody knows.
    Nulls:   an account without an answer is neither innocent nor guilty.
    Cost:    linear in the traffic and in what was decided.
    """
    known = ANSWER.conform(answers).unique("account_id", keep="first", maintain_order=True)
    spans = replayed.spans.join(known, on="account_id", how="left")
    refused = find_refused(replayed, traffic=traffic).join(known, on="account_id", how="left")
    hits = _first(spans.filter(pl.col("effect").is_in(TAKING)))
    waiting = _first(spans.filter(pl.col("effect") == REVIEW))
    return Outcome(
        totals={
            **_count(hits, waiting, refused),
            **_harvest(looks, traffic, known),
            "answers": known.height,
            "looks": len(looks),
        },
        rules=_by_rule(hits, waiting, refused),
        days=_by_look(looks, hits, waiting),
        guards=[
            {"look": number, "name": looks[number - 1].name, **asdict(refusal)}
            for number, refusal in replayed.refusals
        ],
        hits=hits.select(
            "account_id", "campaign_id", "look", "at", "rule", "effect", "is_innocent", "role"
        )
        .with_columns(pl.col("at").dt.to_string("iso:strict"))
        .to_dicts(),
    )


def _first(spans: pl.DataFrame) -> pl.DataFrame:
    return spans.sort("account_id", "look").unique("account_id", keep="first", maintain_order=True)


def _count(hits: pl.DataFrame, waiting: pl.DataFrame, refused: pl.DataFrame) -> dict[str, Any]:
    harvest, harm = refused.filter(_OF_CAMPAIGN & ~_INNOCENT), refused.filter(_INNOCENT)
    return {
        "accounts_hit": hits.height,
        "accounts_waiting": waiting.height,
        "innocents_hit": int(hits.select(_INNOCENT.sum()).item()),
        "innocents_waiting": int(waiting.select(_INNOCENT.sum()).item()),
        **{f"harvest_{name}_prevented": _sum(harvest, name) for name in _AMOUNTS},
        **{f"innocent_{name}_refused": _sum(harm, name) for name in _AMOUNTS},
    }


def _sum(frame: pl.DataFrame, name: str) -> int:
    return round(float(frame[name].sum() or 0))


def _harvest(looks: Sequence[Look], traffic: pl.DataFrame, known: pl.DataFrame) -> dict[str, int]:
    """Count what accounts of campaigns sent in all, before or after anything was in force."""
    members = [look.known.accounts.filter(_OF_CAMPAIGN).select("account_id") for look in looks]
    innocent = known.filter("is_innocent").select("account_id")
    of_campaigns = pl.concat([known.select("account_id").clear(), *members]).unique()
    sent = traffic.join(of_campaigns, on="account_id", how="semi").join(
        innocent, on="account_id", how="anti"
    )
    return {f"harvest_{name}_seen": _sum(sent, name) for name in _AMOUNTS}


def _by_rule(
    hits: pl.DataFrame, waiting: pl.DataFrame, refused: pl.DataFrame
) -> list[dict[str, Any]]:
    names = [*hits["rule"], *waiting["rule"], *refused["by"]]
    return [
        {
            "rule": name,
            "effects": sorted(set(hits.filter(rule=name)["effect"])),
            **_count(hits.filter(rule=name), waiting.filter(rule=name), refused.filter(by=name)),
        }
        for name in dict.fromkeys(sorted(names))
    ]


def _by_look(
    looks: Sequence[Look], hits: pl.DataFrame, waiting: pl.DataFrame
) -> list[dict[str, Any]]:
    return [
        {
            "look": number,
            "name": look.name,
            "at": look.at.isoformat(),
            "accounts_hit": hits.filter(look=number).height,
            "innocents_hit": int(hits.filter(look=number).select(_INNOCENT.sum()).item()),
            "accounts_waiting": waiting.filter(look=number).height,
        }
        for number, look in enumerate(looks, start=1)
    ]
