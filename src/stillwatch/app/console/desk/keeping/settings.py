"""What the service runs with, to be read: settings, places, and where each is set. No secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

from stillwatch import __version__
from stillwatch.app.console.desk.rows import sheet_of
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.console.frame.sheets import Column, Sheet

_COLUMNS: Final = (
    Column("section", "Part", "chip"),
    Column("name", "Setting", "code"),
    Column("value", "Is", "code"),
    Column("where", "Set as", "code"),
)
_SECRET: Final = ("secret", "key", "password", "token")
_PREFIX: Final = "STILLWATCH"


@dataclass(frozen=True, slots=True)
class _Part:
    """Settings of one part of the service."""

    name: str
    value: Any
    variable: str = ""
    """Beginning of its variables; empty: named on the command line."""


def view(asked: Asked) -> Shown:
    """Show them."""
    ledger = asked.ledger()
    feed = getattr(getattr(asked.behind.state, "decider", None), "feed", None)
    told = {
        "version": __version__,
        "ledger": ledger.name.rpartition("/")[2],
        "table": feed.table if feed is not None else None,
        "age_s": feed.age_s if feed is not None else None,
    }
    return Shown("desk/settings.html", told, sheets=(_sheet(asked),))


def _sheet(asked: Asked) -> Sheet:
    rows = [row for part in _parts(asked) for row in _rows(part)]
    empty = "The parts of this service have no settings that can be shown."
    return sheet_of(
        "settings", "Settings", columns=_COLUMNS, rows=rows, empty=empty, sort="section"
    )


def _parts(asked: Asked) -> Iterator[_Part]:
    state = asked.behind.state
    control = getattr(state, "control", None)
    if control is not None:
        yield _Part("management", control.settings, f"{_PREFIX}_CONTROL_")
        yield _Part("places", control.places)
        yield _Part("policy", control.places.policy, f"{_PREFIX}_POLICY_")
    door = getattr(state, "access", None)
    if door is not None:
        yield _Part("access", door.settings, f"{_PREFIX}_ACCESS_")
    decider = getattr(state, "decider", None)
    if decider is not None:
        yield _Part("gateway", decider.settings, f"{_PREFIX}_SERVE_")


def _rows(part: _Part) -> Iterator[dict[str, str]]:
    for one in fields(part.value):
        value = getattr(part.value, one.name)
        if callable(value) or is_dataclass(value):
            continue
        yield {
            "section": part.name,
            "name": one.name,
            "value": _word(one.name, value, is_hidden=not one.repr),
            "where": f"{part.variable}{one.name.upper()}" if part.variable else "command line",
        }


def _word(name: str, value: object, *, is_hidden: bool) -> str:
    """Write a value; of a secret only whether there is one. A path of a secret is none."""
    is_secret = is_hidden or (name.endswith(_SECRET) and "header" not in name)
    if is_secret:
        return "set" if value else "not set"
    if value in ("", None):
        return "not set"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )


PAGES: Final = (Page("/settings", "Settings", view, section="Service", needs=("ledger",), key="s"),)
