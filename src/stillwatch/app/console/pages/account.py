"""One account: what we say of it, why, when it works, what it shares, what its customer is told."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from stillwatch.app.console.desk.offers import about_account
from stillwatch.app.console.drawing.waterfall import Step, draw_waterfall
from stillwatch.app.console.drawing.week import draw_week
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.refusals import NotThereError
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.app.console.reading import Reading
from stillwatch.app.console.reading.values import say_value
from stillwatch.domain.channels.families import CHANNEL_OF
from stillwatch.report.figures import humanise, phrase_of

Row = dict[str, Any]

_ROWS: Final = 15
_EVIDENCE: Final = (
    Column("phrase", "It shares"),
    Column("family", "Family", "chip"),
    Column("observed", "Observed", "figure"),
    Column("expected", "Expected", "figure"),
    Column("weight_bits", "Bits", "bits"),
)
_TRAITS: Final = (
    Column("phrase", "Kind of value"),
    Column("said", "Value"),
    Column("value", "Pseudonym", "code", link="/search?q={}"),
    Column("share", "Of its exchanges", "share"),
    Column("holders_inside", "Accounts of its group", "count"),
    Column("holders", "Of the whole run", "count"),
)
_EXCHANGES: Final = (
    Column("exchange_id", "Exchange", "code"),
    Column("time", "Time", "when"),
    Column("model", "Model", "code"),
    Column("capability", "Capability", "chip"),
    Column("status", "Status"),
    Column("input_tokens", "Tokens in", "count"),
    Column("output_tokens", "Tokens out", "count"),
    Column("membership", "Of the harvest", "probability"),
)


def view(asked: Asked) -> Shown:
    """Draw one account."""
    reading = asked.result()
    name = asked.require("id", of="account")
    found = reading.accounts.filter(pl.col("account_id") == name)
    if found.is_empty():
        kind = "account"
        raise NotThereError(kind, name)
    evidence = reading.evidence_on(name)
    conduct = _conduct(reading, name)
    told: dict[str, Any] = {
        "row": found.row(0, named=True),
        "register": _first(reading.register.filter(pl.col("account_id") == name)),
        "decisions": reading.decisions.filter(pl.col("account_id") == name).to_dicts(),
        "is_in_ledger": bool(reading.mark),
        "waterfall": _draw_bits(reading, evidence),
        "week": draw_week(_hours(conduct)),
        "successors": reading.accounts.filter(pl.col("predecessor_account_id") == name)[
            "account_id"
        ].to_list(),
    }
    sheets = (_evidence(evidence), _traits(reading, name), _exchanges(conduct))
    return Shown("account.html", told, sheets=(*sheets, *about_account(asked, name)))


def _first(frame: pl.DataFrame) -> Row | None:
    return frame.row(0, named=True) if frame.height else None


def _draw_bits(reading: Reading, evidence: pl.DataFrame) -> Any:  # noqa: ANN401  markup or None
    """Draw the sum of bits by family; the strongest first."""
    summed = evidence.group_by("family").agg(pl.col("weight_bits").sum())
    ordered = summed.sort("weight_bits", "family", descending=[True, False])
    steps = [Step(humanise(family), family, bits) for family, bits in ordered.iter_rows()]
    linked = (reading.run.get("settings") or {}).get("link") or {}
    return draw_waterfall(steps, bar_bits=linked.get("member_bar_bits"))


def _hours(conduct: pl.DataFrame) -> dict[tuple[int, int], int]:
    when = pl.col("time").dt
    counted = conduct.group_by((when.weekday() - 1).alias("weekday"), when.hour().alias("hour"))
    return {(day, hour): number for day, hour, number in counted.len().iter_rows()}


def _conduct(reading: Reading, name: str) -> pl.DataFrame:
    """Give the account's exchanges with their membership, the newest first."""
    membership = reading.exchanges_of(name).select("exchange_id", "membership")
    sent = reading.conduct_of(name)
    return sent.join(membership, on="exchange_id", how="left").sort("time", descending=True)


def _evidence(evidence: pl.DataFrame) -> Sheet:
    phrase = pl.col("channel").map_elements(phrase_of, return_dtype=pl.String).alias("phrase")
    return Sheet(
        "evidence",
        "Evidence by channel",
        columns=_EVIDENCE,
        rows=evidence.with_columns(phrase),
        page_rows=_ROWS,
        empty="Nothing speaks for its being tied to others.",
    )


def _traits(reading: Reading, name: str) -> Sheet:
    known = list(CHANNEL_OF)
    phrase = pl.col("channel").map_elements(phrase_of, return_dtype=pl.String).alias("phrase")
    found = reading.ties.filter(pl.col("account_id") == name, pl.col("channel").is_in(known))
    said = pl.struct("channel", "value").map_elements(
        lambda one: say_value(one["channel"], one["value"]), return_dtype=pl.String
    )
    rows = found.with_columns(phrase, said.alias("said")).sort("holders", "channel", "value")
    return Sheet(
        "traits",
        "Values that it shares",
        columns=_TRAITS,
        rows=rows,
        page_rows=_ROWS,
        empty="It shares no value with others of a tied group, or this result was made by "
        "an older version that kept none.",
    )


def _exchanges(conduct: pl.DataFrame) -> Sheet:
    rows = conduct.with_columns(pl.col("status").cast(pl.String))
    return Sheet(
        "exchanges",
        "Exchanges",
        columns=_EXCHANGES,
        rows=rows,
        page_rows=_ROWS,
        empty="A result keeps the exchanges of accounts in tied groups alone; this one is in none.",
    )


PAGE: Final = Page("/account", "Account", view, needs=("result",), example={"id": "{account}"})
