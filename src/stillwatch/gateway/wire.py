"""Deltas as JSON: what travels from the service to gateways, and what has been spent back.

Thousands of accounts are put under one effect with one sentence, so the terms that decisions share
are written once, and a decision is `[account, decision, key, number of its terms]`: 20,000
suspensions are about a megabyte. Anybody's gateway may read it; docs/operate/gateway.md has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from stillwatch.gateway.decision import (
    CampaignBudget,
    Decision,
    known_effect,
    read_parameters,
    write_parameters,
)
from stillwatch.gateway.deltas import Delta

Wire = dict[str, Any]


class BadReplyError(Exception):
    """What the service has sent is no delta."""


def write_delta(delta: Delta) -> Wire:
    """Write a delta as an object for JSON."""
    terms, rows = _share_terms(delta.puts)
    return {
        "series": delta.series,
        "since": delta.since,
        "version": delta.version,
        "is_snapshot": delta.is_snapshot,
        "terms": terms,
        "put": rows,
        "remove": [list(place) for place in delta.removals],
        "budgets": [_write_budget(one) for one in delta.budgets],
        "ended_budgets": list(delta.ended_budgets),
    }


def read_delta(content: Mapping[str, Any]) -> Delta:
    """Read a delta.

    Raises:
        BadReplyError: it is none.
    """
    try:
        terms = [_read_terms(one) for one in content["terms"]]
        return Delta(
            series=str(content["series"]),
            since=int(content["since"]),
            version=int(content["version"]),
            puts=tuple(_read_row(row, terms) for row in content["put"]),
            removals=tuple(_read_place(place) for place in content["remove"]),
            budgets=tuple(_read_budget(one) for one in content["budgets"]),
            ended_budgets=tuple(str(name) for name in content["ended_budgets"]),
            is_snapshot=bool(content["is_snapshot"]),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as broken:
        message = f"{type(broken).__name__}: {broken}"
        raise BadReplyError(message) from broken


def _share_terms(decisions: Iterable[Decision]) -> tuple[list[Wire], list[list[Any]]]:
    numbers: dict[Any, int] = {}
    terms: list[Wire] = []
    rows: list[list[Any]] = []
    for one in decisions:
        key = (one.effect, one.reason, one.expires_at_s, one.parameters)
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(terms)
            terms.append(
                {
                    "effect": one.effect,
                    "reason": one.reason,
                    "expires_at_s": _or_null(one.expires_at_s),
                    "parameters": write_parameters(one.parameters),
                }
            )
        rows.append([one.account_id, one.decision_id, one.api_key_id, number])
    return terms, rows


def _read_terms(said: Mapping[str, Any]) -> Wire:
    return {
        "effect": known_effect(said["effect"]),
        "reason": str(said["reason"]),
        "expires_at_s": _or_never(said["expires_at_s"]),
        "parameters": read_parameters(said["parameters"]),
    }


def _read_row(row: list[Any], terms: list[Wire]) -> Decision:
    account_id, decision_id, api_key_id, number = row
    return Decision(
        account_id=str(account_id),
        decision_id=str(decision_id),
        api_key_id=None if api_key_id is None else str(api_key_id),
        **terms[number],
    )


def _read_place(place: list[Any]) -> tuple[str, str, str | None]:
    account_id, decision_id, api_key_id = place
    return str(account_id), str(decision_id), None if api_key_id is None else str(api_key_id)


def _write_budget(one: CampaignBudget) -> Wire:
    return {
        "campaign_id": one.campaign_id,
        "account_ids": list(one.account_ids),
        "exchanges_per_hour": one.exchanges_per_hour,
        "output_tokens_per_hour": one.output_tokens_per_hour,
        "expires_at_s": _or_null(one.expires_at_s),
        "decision_id": one.decision_id,
    }


def _read_budget(said: Mapping[str, Any]) -> CampaignBudget:
    rates = read_parameters(said)
    return CampaignBudget(
        campaign_id=str(said["campaign_id"]),
        account_ids=tuple(str(one) for one in said["account_ids"]),
        exchanges_per_hour=rates.exchanges_per_hour,
        output_tokens_per_hour=rates.output_tokens_per_hour,
        expires_at_s=_or_never(said["expires_at_s"]),
        decision_id=str(said["decision_id"]),
    )


def _or_null(instant_s: float) -> float | None:
    return instant_s if math.isfinite(instant_s) else None


def _or_never(instant_s: float | None) -> float:
    return math.inf if instant_s is None else float(instant_s)
