"""The accounts of a campaign: as a page, and as columns for the script that scrolls through all."""

from __future__ import annotations

from typing import Final

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.exports import write_json
from stillwatch.app.console.frame.packing import pack
from stillwatch.app.console.frame.page import Page, Sent, Shown
from stillwatch.app.console.frame.sheets import PAGE_ROWS, Column, Sheet
from stillwatch.app.console.reading import Reading
from stillwatch.app.console.reading.members import list_members, spell_members

_COLUMNS: Final = (
    Column("account_id", "Account", "code", link="/account?id={}"),
    Column("verdict", "Verdict", "chip"),
    Column("probability", "Probability", "probability"),
    Column("weight_bits", "Bits", "bits"),
    Column("exchanges", "Exchanges", "count"),
    Column("effect", "Effect", "chip"),
    Column("plan", "Plan"),
    Column("program", "Programme"),
    Column("created_at", "Signed up", "when"),
)


def members_sheet(reading: Reading, campaign_id: str, *, page_rows: int = PAGE_ROWS) -> Sheet:
    """Make the table of a campaign's accounts."""
    return Sheet(
        "members",
        "Accounts of the campaign",
        columns=_COLUMNS,
        rows=list_members(reading, campaign_id),
        empty="No account is in it.",
        page_rows=page_rows,
    )


def view(asked: Asked) -> Shown:
    """List the accounts of one campaign, page by page, for whoever has no scripts."""
    name = asked.require("id", of="campaign")
    return Shown("members.html", {"name": name}, sheets=(members_sheet(asked.result(), name),))


def send(asked: Asked) -> Sent:
    """Send all of them at once, by columns."""
    name = asked.require("id", of="campaign")
    reading = asked.result()
    content, packed = reading.remember(
        "spelt", name, reading.mark, make=lambda: _spell(reading, name)
    )
    return Sent(content, "application/json", packed=packed)


def _spell(reading: Reading, name: str) -> tuple[bytes, bytes | None]:
    content = write_json(spell_members(list_members(reading, name)))
    return content, pack(content)


PAGE: Final = Page(
    "/members", "Accounts of a campaign", view, needs=("result",), example={"id": "{campaign}"}
)
DATA: Final = Page(
    "/members.json", "Accounts as data", send, needs=("result",), example={"id": "{campaign}"}
)
