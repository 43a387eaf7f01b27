"""Policies: the versions there are, which one rules, and each version as it was read."""

from __future__ import annotations

from typing import Final

from stillwatch.app.console.desk.changing import (
    act_page,
    change_ledger,
    find_row,
    read_ledger,
    said_version,
    tell,
)
from stillwatch.app.console.desk.parts import control_of, may
from stillwatch.app.console.desk.rows import list_newest, plain_rows, sheet_of
from stillwatch.app.console.desk.ruling.texts import read_lines
from stillwatch.app.console.desk.trail import trail_sheet
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Moved, Page, Shown
from stillwatch.app.console.frame.sheets import Column
from stillwatch.app.service.control.rules.policies import read_policy
from stillwatch.decide.policy.shipped import shipped_policy
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.policies import Policy

COLUMNS: Final = (
    Column("policy_id", "Version", "code", link="/policy?id={}"),
    Column("state", "State", "chip"),
    Column("published_by", "Published by"),
    Column("published_at", "Published", "when"),
    Column("activated_by", "Activated by"),
    Column("activated_at", "Activated", "when"),
)
_BACK: Final = address("/policies")
_SAID: Final = {
    "published": "Published. It does not rule yet: activate it once its backtest is as you like.",
    "active": "It rules from now on. The next look goes by it.",
}


def view(asked: Asked) -> Shown:
    """List versions, the newest first."""
    house = control_of(asked).places.policy_name
    rows = read_ledger(asked, lambda view: list_newest(view, Policy))
    sheet = sheet_of(
        "policies",
        "Versions of policies",
        columns=COLUMNS,
        rows=plain_rows(rows),
        empty="Nobody has published a policy. The shipped one rules until a version is active.",
    )
    told = {
        "ruling": [one for one in rows if one.state == "active" and one.name == house],
        "shipped": shipped_policy().name,
        "house": house,
        "may_administer": may(asked, "administer"),
    }
    return Shown("desk/policies.html", told, sheets=(sheet,))


def view_one(asked: Asked) -> Shown:
    """Show a version: its text, and how it was understood."""
    policy = find_row(asked, Policy, "id", of="policy")
    found = read_policy(policy.text)
    told = {
        "policy": policy,
        "read": found,
        "lines": read_lines(policy.text, found.problems),
        "house": control_of(asked).places.policy_name,
        "may_administer": may(asked, "administer"),
        "told": tell(asked, _SAID),
    }
    sheets = (trail_sheet(asked, "policy", policy.policy_id),)
    return Shown("desk/policy.html", told, sheets=sheets)


def activate(asked: Asked) -> Moved:
    """Let a version rule; the one that ruled is retired."""
    policy = find_row(asked, Policy, "id", of="policy")
    if policy.state != "active" or policy.activated_by != asked.principal.name:  # sent once

        def do(change: Change) -> None:
            change.expect(Policy, policy.policy_id, version=said_version(asked))
            change.activate_policy(policy.policy_id)

        change_ledger(asked, do)
    return Moved(address("/policy", id=policy.policy_id, told="active"))


PAGES: Final = (
    Page("/policies", "Policies", view, section="Rules", needs=("ledger",), key="p"),
    Page("/policy", "Policy", view_one, needs=("ledger",), example={"id": "{policy}"}),
    act_page("/policy/activate", "Activate", activate, scope="administer", back=_BACK),
)
