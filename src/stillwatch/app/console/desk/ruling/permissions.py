"""Permissions: who may do what, until when; granted and revoked by administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from stillwatch.app.console.desk.changing import (
    act_page,
    change_ledger,
    find_row,
    new_id,
    read_ledger,
    said_id,
    said_version,
    tell,
)
from stillwatch.app.console.desk.deciding.wishes import read_day
from stillwatch.app.console.desk.parts import may
from stillwatch.app.console.desk.rows import list_newest, plain_rows, sheet_of
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Answer, Moved, Page, Shown
from stillwatch.app.console.frame.sheets import Column
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns.policies import NewPermission, Permission

SCOPES: Final = {
    "distillation": "Any harvest: its answers may train another model.",
    "evaluation": "Replay and grading of public test sets.",
    "resale": "The traffic of its own end users; never a harvest in itself.",
}
COLUMNS: Final = (
    Column("permission_id", "Permission", "code", link="/permission?id={}"),
    Column("state", "State", "chip"),
    Column("holder", "Who", "code"),
    Column("scope", "May", "chip"),
    Column("granted_by", "Granted by"),
    Column("valid_from", "From", "when"),
    Column("valid_to", "Until", "when"),
    Column("budget_exchanges", "Exchanges at most", "count"),
)
STATES: Final = ("in_force", "all", "not_yet", "over", "revoked")
_BACK: Final = address("/permissions")
_SAID: Final = {
    "granted": "Granted. Looks that begin from now on go by it.",
    "revoked": "Revoked. Looks that begin from now on go without it.",
}
_DIGITS_MAX: Final = 15
_FIELDS: Final = ("account", "org", "scope", "granted_by", "valid_from", "valid_to", "budget")


def view(asked: Asked) -> Shown:
    """List permissions, and show the form to whoever may grant one."""
    return _show(asked, dict.fromkeys(_FIELDS, "") | {"account": asked.text("account")})


def view_one(asked: Asked) -> Shown:
    """Show one permission."""
    found = find_row(asked, Permission, "id", of="permission")
    told = {
        "permission": found,
        "state": state_of(found, asked.now),
        "scopes": SCOPES,
        "may_administer": may(asked, "administer"),
        "told": tell(asked, _SAID),
    }
    return Shown("desk/permission.html", told)


def grant(asked: Asked) -> Answer:
    """Grant one."""
    said = {name: asked.said(name) for name in _FIELDS}
    granted = _read(said, own_id=said_id(asked, "permission"))
    if isinstance(granted, str):
        return _show(asked, said, problem=granted)
    change_ledger(asked, lambda change: change.grant_permission(granted))
    return Moved(address("/permission", id=granted.permission_id, told="granted"))


def revoke(asked: Asked) -> Moved:
    """End one now; one that is revoked already stays as it is."""
    found = find_row(asked, Permission, "id", of="permission")

    def do(change: Change) -> None:
        if found.revoked_at is None:
            change.expect(Permission, found.permission_id, version=said_version(asked))
        change.revoke_permission(found.permission_id)

    change_ledger(asked, do)
    return Moved(address("/permission", id=found.permission_id, told="revoked"))


def state_of(row: Permission, now: datetime) -> str:
    """Say whether a permission is in force, and if not why."""
    if row.revoked_at is not None:
        return "revoked"
    if row.valid_from is not None and row.valid_from > now:
        return "not_yet"
    return "over" if row.valid_to is not None and row.valid_to <= now else "in_force"


def _show(asked: Asked, said: dict[str, str], *, problem: str = "") -> Shown:
    state = asked.choice("state", STATES)
    rows = read_ledger(asked, lambda view: list_newest(view, Permission))
    described = [
        {
            **row,
            "state": state_of(one, asked.now),
            "holder": row["account_id"] or f"organisation {row['org_id']}",
        }
        for one, row in zip(rows, plain_rows(rows), strict=True)
    ]
    chosen = [row for row in described if state in ("all", row["state"])]
    told: dict[str, Any] = {
        "state": state,
        "choices": STATES,
        "scopes": SCOPES,
        "said": said,
        "problem": problem,
        "own_id": new_id("permission"),
        "may_administer": may(asked, "administer"),
    }
    sheet = sheet_of(
        "permissions",
        "Permissions",
        columns=COLUMNS,
        rows=chosen,
        empty="Nobody has a permission." if state == "in_force" else "There is none of these.",
    )
    status = 422 if problem else 200
    return Shown("desk/permissions.html", told, sheets=(sheet,), status=status)


def _read(said: dict[str, str], *, own_id: str) -> NewPermission | str:
    """Read the form, or say what is wrong with it."""
    if bool(said["account"]) == bool(said["org"]):
        return "Name an account or an organisation, one of the two."
    if said["scope"] not in SCOPES:
        return "Choose what they may do."
    if not said["granted_by"]:
        return "Say who granted it: a contract, a person, a ticket."
    days = {name: read_day(said[name]) for name in ("valid_from", "valid_to")}
    if any(said[name] and days[name] is None for name in days):
        return "A day is written as 2026-12-24."
    budget = said["budget"].replace(",", "")
    if budget and not (budget.isascii() and budget.isdecimal() and len(budget) <= _DIGITS_MAX):
        return "The number of exchanges is a whole number."
    return NewPermission(
        permission_id=own_id,
        account_id=said["account"] or None,
        org_id=said["org"] or None,
        scope=said["scope"],
        granted_by=said["granted_by"],
        valid_from=days["valid_from"],
        valid_to=days["valid_to"],
        budget_exchanges=int(budget) if budget else None,
    )


PAGES: Final = (
    Page("/permissions", "Permissions", view, section="Rules", needs=("ledger",), key="m"),
    Page("/permission", "Permission", view_one, needs=("ledger",), example={"id": "{permission}"}),
    act_page("/permissions/grant", "Grant", grant, scope="administer", back=_BACK),
    act_page("/permission/revoke", "Revoke", revoke, scope="administer", back=_BACK),
)
