"""Keys and sessions: one's own, and for administrators those of programs and of everybody.

A key is shown once, on the page that made it. A form that is sent twice makes no second key: its
id is taken, and the page says that the first was shown.
"""

from __future__ import annotations

from typing import Any, Final

from stillwatch.app.console.desk.changing import act_page, new_id, read_ledger, word_refusal
from stillwatch.app.console.desk.parts import door_of, may
from stillwatch.app.console.desk.rows import list_newest, plain_rows, sheet_of
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Moved, Page, Shown
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.console.frame.sheets import Column
from stillwatch.app.service.access.routes import keys as access
from stillwatch.app.service.access.scopes import PEOPLE_SCOPES, SCOPES
from stillwatch.domain.errors import StillwatchError
from stillwatch.store.ledger.nouns.people import ApiKey, Session, User
from stillwatch.store.ledger.states import is_machine
from stillwatch.store.ledger.views import View

_KEYS: Final = (
    Column("short", "Key", "code"),
    Column("user_id", "Whose"),
    Column("state", "State", "chip"),
    Column("scopes", "May", "words"),
    Column("issued_at", "Made", "when"),
    Column("expires_at", "Ends", "when"),
)
_SESSIONS: Final = (
    Column("short", "Session", "code"),
    Column("user_id", "Whose"),
    Column("state", "State", "chip"),
    Column("began_at", "Began", "when"),
    Column("ends_at", "Ends at the latest", "when"),
)
_BACK: Final = address("/keys")
_SHORT_CHARS: Final = 10
_DIGITS_MAX: Final = 4
_SAID: Final = {
    "revoked": "The key is revoked; whoever has it is out at once.",
    "ended": "The session is ended.",
}
_USED_FORMS_MAX: Final = 10_000


def view(asked: Asked) -> Shown:
    """List keys and sessions that whoever asks may see."""
    return _show(asked, issued=None)


def issue(asked: Asked) -> Shown:
    """Make a key, and show it once."""
    door, form_id = door_of(asked), asked.said("own_id")
    if form_id in _used:
        advice = "It was shown once, and is kept nowhere. Revoke it and make another one."
        raise RefusedPageError(409, "This form has made its key already", advice)
    wanted = access.Wanted(
        scopes=[one for one in SCOPES if one in (asked.form.get("scope") or ())] or ["read"],
        user_id=asked.said("user") or None,
        days=_days(asked.said("days")),
    )
    try:
        issued = access._issue(door, asked.principal, wanted)  # noqa: SLF001  as the API does it
    except StillwatchError as refused:
        raise word_refusal(refused) from refused
    _used[form_id] = None
    while len(_used) > _USED_FORMS_MAX:
        del _used[next(iter(_used))]
    return _show(asked, issued=issued)


def revoke(asked: Asked) -> Moved:
    """Revoke a key; one that is revoked stays so."""
    door = door_of(asked)
    try:
        access._revoke(door, asked.principal, asked.said("key"))  # noqa: SLF001  as the API does it
    except StillwatchError as refused:
        raise word_refusal(refused) from refused
    return Moved(address("/keys", told="revoked"))


def end_session(asked: Asked) -> Moved:
    """End a session: one's own, or as an administrator anybody's."""
    door, name = door_of(asked), asked.principal.name

    def ask(view: View) -> Session:
        return view.find(Session, asked.said("session"))

    found = read_ledger(asked, ask)
    if found.user_id != name and not may(asked, "administer"):
        raise RefusedPageError(403, "This is not your session", "Ask an administrator.")
    try:
        door.end(found.session_id, actor=name)
    except StillwatchError as refused:
        raise word_refusal(refused) from refused
    return Moved(address("/keys", told="ended"))


_used: dict[str, None] = {}
"""Forms that have made a key: sent again, they make no second one."""


def _show(asked: Asked, *, issued: access.Issued | None) -> Shown:
    door_of(asked)
    name, is_admin = asked.principal.name, may(asked, "administer")
    chosen = {} if is_admin else {"user_id": name}

    def ask(view: View) -> tuple[list[ApiKey], list[Session], list[User]]:
        keys, sessions = list_newest(view, ApiKey, **chosen), list_newest(view, Session, **chosen)
        return keys, sessions, list_newest(view, User) if is_admin else []

    keys, sessions, users = read_ledger(asked, ask)
    told: dict[str, Any] = {
        "issued": issued,
        "is_person": not is_machine(name) and bool(name),
        "programs": [one.user_id for one in users if one.is_active and is_machine(one.user_id)],
        "own_scopes": [one for one in SCOPES if one in asked.principal.scopes & PEOPLE_SCOPES],
        "all_scopes": SCOPES,
        "keys": _live(keys, asked),
        "sessions": _live(sessions, asked),
        "own_id": new_id("key"),
        "may_administer": is_admin,
        "told": _SAID.get(asked.text("told"), ""),
    }
    sheets = (
        sheet_of("keys", "Keys", columns=_KEYS, rows=_rows(keys, asked), empty="There is no key."),
        sheet_of(
            "sessions",
            "Sessions",
            columns=_SESSIONS,
            rows=_rows(sessions, asked),
            empty="Nobody has signed in yet.",
        ),
    )
    return Shown("desk/keys.html", told, sheets=sheets)


def _rows(found: list[Any], asked: Asked) -> list[dict[str, Any]]:
    rows = plain_rows(found)
    for one, row in zip(found, rows, strict=True):
        row["short"] = _short(one)
        row["state"] = _state(one, asked)
    order = ("active", "over", "revoked", "ended")
    return sorted(rows, key=lambda row: (order.index(row["state"]), row["user_id"]))


def _live(found: list[Any], asked: Asked) -> list[tuple[str, str]]:
    """Give what can be revoked or ended: its id, and words for it."""
    return [
        (getattr(one, "key_id", "") or one.session_id, f"{_short(one)} of {one.user_id}")
        for one in found
        if _state(one, asked) == "active"
    ]


def _short(one: Any) -> str:  # noqa: ANN401  a key or a session
    whole: str = getattr(one, "key_id", "") or one.session_id
    return whole[:_SHORT_CHARS] + ("…" if len(whole) > _SHORT_CHARS else "")


def _state(one: Any, asked: Asked) -> str:  # noqa: ANN401  a key or a session
    if getattr(one, "revoked_at", None) is not None:
        return "revoked"
    if getattr(one, "ended_at", None) is not None:
        return "ended"
    ends = getattr(one, "expires_at", None) or getattr(one, "ends_at", None)
    return "over" if ends is not None and ends <= asked.now else "active"


def _days(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX and int(text) > 0
    return int(text) if is_number else None


PAGES: Final = (
    Page("/keys", "Keys and sessions", view, section="Service", needs=("ledger",), key="k"),
    act_page("/keys/issue", "Keys and sessions", issue, scope="read", back=_BACK),
    act_page("/keys/revoke", "Revoke", revoke, scope="read", back=_BACK),
    act_page("/sessions/end", "End", end_session, scope="read", back=_BACK),
)
