"""Small truths and results, written out row by row, put together without a file."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from stillwatch_lab.evaluation.case import Case, make_case

Row = tuple[str | None, ...]


def frame(columns: str, rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    """Make a table from the names of its columns and its rows."""
    names = columns.split()
    kinds = {"membership": pl.Float64, "probability": pl.Float64, "pivot_q_value": pl.Float64}
    schema = {name: kinds.get(name, pl.String) for name in names}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def incident(
    truth: Iterable[Row],
    said: Iterable[tuple[object, ...]] = (),
    *,
    harvest: Iterable[Row] = (),
    found: Iterable[tuple[object, ...]] = (),
    name: str = "by hand",
) -> Case:
    """Make an incident.

    truth:   (account_id, role, campaign, replaces, group).
    said:    (account_id, verdict, campaign_id, probability, predecessor_account_id).
    harvest: (exchange_id, campaign). found: (exchange_id, account_id, campaign_id, membership).
    """
    return make_case(
        name,
        roles=frame("account_id role campaign replaces group", truth),
        accounts=frame("account_id verdict campaign_id probability predecessor_account_id", said),
        harvest=frame("exchange_id campaign", harvest),
        exchanges=frame("exchange_id account_id campaign_id membership", found),
    )


def heads(campaign: str, count: int) -> list[Row]:
    """Give `count` accounts of a campaign."""
    return [(f"{campaign}{n}", "fraud", campaign, None, None) for n in range(count)]


def honest(count: int, *, role: str = "benign-individual", group: str | None = None) -> list[Row]:
    """Give `count` honest accounts of a role."""
    return [(f"{role}{n}", role, None, None, group) for n in range(count)]


def called(
    accounts: Iterable[Row], verdict: str, piece: str | None = None, *, probability: float = 0.5
) -> list[tuple[object, ...]]:
    """Give one verdict on accounts."""
    return [(account[0], verdict, piece, probability, None) for account in accounts]
