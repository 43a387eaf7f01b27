"""All campaigns of the newest result, with what has become of each."""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.sheets import Column, Sheet
from stillwatch.app.console.reading.states import state_campaigns
from stillwatch.domain.results import KINDS

_COLUMNS: Final = (
    Column("campaign_id", "Campaign", "code", link="/campaign?id={}", note="summary"),
    Column("state", "State", "chip"),
    Column("kind", "Kind", "chip"),
    Column("accounts", "Accounts", "count"),
    Column("fraudulent", "Fraudulent", "count"),
    Column("acted_on", "Acted on", "count"),
    Column("exchanges", "Exchanges", "count"),
    Column("q_value", "q-value", "chance"),
    Column("last_seen", "Last seen", "when"),
)
_STATES: Final = (
    "",
    "new",
    "growing",
    "regrown",
    "steady",
    "split",
    "merged",
    "dormant",
    "permitted",
)
_ACTED: Final = ("", "yes", "no")


def campaign_sheet(campaigns: pl.DataFrame) -> Sheet:
    """Make the table of campaigns, which the overview has too."""
    return Sheet(
        "campaigns",
        "Campaigns",
        columns=_COLUMNS,
        rows=campaigns,
        empty="No group of tied accounts is more of a harvest than honest tied groups are. "
        "“Runs and health” says how small a campaign could have shown.",
    )


def view(asked: Asked) -> Shown:
    """List the campaigns that the address asks for."""
    campaigns = state_campaigns(asked.result())
    chosen = {
        "state": asked.choice("state", _STATES),
        "kind": asked.choice("kind", ("", *KINDS)),
        "acted": asked.choice("acted", _ACTED),
    }
    for name in ("state", "kind"):
        if chosen[name]:
            campaigns = campaigns.filter(pl.col(name) == chosen[name])
    if chosen["acted"]:
        campaigns = campaigns.filter((pl.col("acted_on") > 0) == (chosen["acted"] == "yes"))
    choices = {"state": _STATES, "kind": ("", *KINDS), "acted": _ACTED}
    told = {"chosen": chosen, "choices": choices}
    return Shown("campaigns.html", told, sheets=(campaign_sheet(campaigns),))


PAGE: Final = Page("/campaigns", "Campaigns", view, section="Findings", needs=("result",), key="c")
