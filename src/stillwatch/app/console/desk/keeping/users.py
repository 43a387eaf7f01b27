"""Users: who there is, what they may, and invitations for people; administrators change them.

The functions of `access` do the work and hold its rules: nobody changes their own roles, and the
last administrator stays. A code that lets somebody in is shown once, on the page that made it.
"""

from __future__ import annotations

from typing import Any, Final

from stillwatch.app.console.desk.changing import (
    act_page,
    find_row,
    read_ledger,
    said_version,
    tell,
    word_refusal,
)
from stillwatch.app.console.desk.parts import door_of, may
from stillwatch.app.console.desk.rows import list_newest, plain_rows, sheet_of
from stillwatch.app.console.desk.trail import trail_sheet
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Answer, Moved, Page, Shown
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.console.frame.sheets import Column
from stillwatch.app.service.access.routes import invitations
from stillwatch.app.service.access.routes import users as access
from stillwatch.app.service.access.scopes import scopes_of
from stillwatch.domain.errors import StillwatchError
from stillwatch.store.ledger.nouns.people import ROLES, NewUser, User
from stillwatch.store.ledger.states import is_machine

DUTIES: Final = {
    "viewer": "reads everything",
    "analyst": "works on cases, proposes, reviews appeals, takes back",
    "approver": "all that an analyst does, and approves",
    "admin": "users, keys, policies, permissions; decides about nobody",
    "ingester": "a program: sends exchanges",
    "gateway": "a program: asks for decisions",
}
_COLUMNS: Final = (
    Column("user_id", "Name", "code", link="/user?id={}"),
    Column("state", "State", "chip"),
    Column("roles", "Roles", "words"),
    Column("kind", "Is"),
    Column("added_at", "Added", "when"),
)
_BACK: Final = address("/users")
_SAID: Final = {
    "added": "Added. Make an invitation, so that they can come in.",
    "roles": "The roles are changed; they hold from now on.",
    "off": "They can come in no more: sessions are ended, keys and invitations revoked.",
    "on": "They may come in again; make an invitation.",
}


def view(asked: Asked) -> Shown:
    """List users."""
    rows = plain_rows(read_ledger(asked, lambda view: list_newest(view, User)))
    described = [
        {
            **row,
            "state": "active" if row["is_active"] else "inactive",
            "kind": "a program" if is_machine(row["user_id"]) else "a person",
        }
        for row in rows
    ]
    told = {"roles": ROLES, "duties": DUTIES, "may_administer": may(asked, "administer")}
    sheet = sheet_of("users", "Users", columns=_COLUMNS, rows=described, empty="Nobody yet.")
    return Shown("desk/users.html", told, sheets=(sheet,))


def view_one(asked: Asked) -> Shown:
    """Show a user."""
    return _show(asked, find_row(asked, User, "id", of="user"))


def add(asked: Asked) -> Moved:
    """Add a user, once."""
    new = NewUser(user_id=asked.said("name"), roles=_roles(asked))
    _ask_access(lambda: access._add_user(door_of(asked), asked.principal, new))  # noqa: SLF001  its own
    return Moved(address("/user", id=new.user_id, told="added"))


def change_roles(asked: Asked) -> Moved:
    """Give a user other roles."""
    user = find_row(asked, User, "id", of="user")
    roles = list(_roles(asked))
    if sorted(user.roles) != sorted(roles):  # sent once
        _change(asked, user, access.PersonChange(roles=roles, version=said_version(asked)))
    return _told(user, "roles")


def change_state(asked: Asked) -> Moved:
    """Let a user in no more, or again."""
    user = find_row(asked, User, "id", of="user")
    is_active = asked.said("active") == "yes"
    if user.is_active != is_active:  # sent once
        changed = access.PersonChange(is_active=is_active, version=said_version(asked))
        _change(asked, user, changed)
    return _told(user, "on" if is_active else "off")


def invite(asked: Asked) -> Answer:
    """Make a code that lets a person in once, and show it once."""
    user = find_row(asked, User, "id", of="user")
    if is_machine(user.user_id):
        raise RefusedPageError(422, "A program does not sign in", "Give it a key instead.")
    door = door_of(asked)
    made = _ask_access(lambda: invitations._invite(door, asked.principal, user.user_id))  # noqa: SLF001
    return _show(asked, user, invitation=made)


def _show(asked: Asked, user: User, **more: Any) -> Shown:  # noqa: ANN401  what is shown once
    told = {
        "user": user,
        "is_program": is_machine(user.user_id),
        "is_me": user.user_id == asked.principal.name,
        "scopes": sorted(scopes_of(user.roles)),
        "roles": ROLES,
        "duties": DUTIES,
        "may_administer": may(asked, "administer"),
        "told": tell(asked, _SAID),
        "invitation": None,
        **more,
    }
    sheets = (trail_sheet(asked, "user", user.user_id),)
    return Shown("desk/user.html", told, sheets=sheets)


def _roles(asked: Asked) -> tuple[str, ...]:
    said = asked.form.get("role") or ()
    return tuple(one for one in ROLES if one in said)


def _change(asked: Asked, user: User, changed: access.PersonChange) -> None:
    door = door_of(asked)
    _ask_access(lambda: access._change_user(door, asked.principal, user.user_id, changed))  # noqa: SLF001


def _ask_access(work: Any) -> Any:  # noqa: ANN401  whatever the function of access gives
    try:
        return work()
    except StillwatchError as refused:
        raise word_refusal(refused) from refused


def _told(user: User, word: str) -> Moved:
    return Moved(address("/user", id=user.user_id, told=word))


PAGES: Final = (
    Page("/users", "Users", view, section="Service", needs=("ledger",), key="u"),
    Page("/user", "User", view_one, needs=("ledger",), example={"id": "{user}"}),
    act_page("/users/add", "Add a user", add, scope="administer", back=_BACK),
    act_page("/user/roles", "Roles", change_roles, scope="administer", back=_BACK),
    act_page("/user/state", "State", change_state, scope="administer", back=_BACK),
    act_page("/user/invite", "User", invite, scope="administer", back=_BACK),
)
