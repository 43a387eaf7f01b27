"""A page as a value, and what a page answers.

A catalogue of pages is a tuple of `Page`; router, navigation and tests are made from it, so that a
page that is in no catalogue does not exist, and one that is in it is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from stillwatch.app.console.frame.sheets import Sheet

ROOT: Final = "/console"
Need = Literal["result", "ledger"]
Section = Literal["Findings", "Work", "Rules", "Service"]
SECTIONS: Final[tuple[Section, ...]] = ("Findings", "Work", "Rules", "Service")


@dataclass(frozen=True, slots=True)
class Shown:
    """A page to be drawn: its template, what the template is told, the tables on it."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    sheets: tuple[Sheet, ...] = ()
    status: int = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes as they are: data for a script, or a file to keep."""

    content: bytes
    media_type: str
    file_name: str | None = None
    """None: it is shown where it is asked for; a name: the browser stores it."""
    packed: bytes | None = None
    """The same by gzip, where it is kept for many who ask; never anything with a secret in it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Another address, below the console; what a form answers when it has done its work."""

    to: str


Answer = Shown | Sent | Moved
View = Callable[..., Answer]
"""From an `Asked` (frame/asked.py, which knows pages) to what is answered."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    path: str
    """Below `/console`; ids stand in the query, since they may hold anything."""
    title: str
    view: View
    section: Section | None = None
    """Where the navigation lists it; None: it is reached from other pages alone."""
    needs: tuple[Need, ...] = ()
    """What it cannot do without; the navigation leaves it out where that is not there."""
    scope: str = "read"
    """What whoever asks must be allowed; empty: anybody may, nobody is known (signing in)."""
    act: View | None = None
    """What a form posted to it does."""
    act_scope: str = "work"
    key: str = ""
    """One letter: `g` and then it leads here."""
    example: Mapping[str, str] = field(default_factory=dict)
    """A query with which tests ask for it; `{campaign}`, `{account}`, … stand for what is there."""

    @property
    def address(self) -> str:
        """Give where it is."""
        return ROOT + self.path.rstrip("/")
