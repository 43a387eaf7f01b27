"""What a page is asked, and by whom: its address, its form, the result and the ledger behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.datastructures import State

from stillwatch.app.console.frame.page import ROOT, Page
from stillwatch.app.console.frame.refusals import NotThereError, RefusedPageError
from stillwatch.app.service.access.keys import Principal
from stillwatch.store.ledger import Ledger

if TYPE_CHECKING:
    from stillwatch.app.console.reading import Reading

TEXT_CHARS_MAX: Final = 1_000
"""Characters of a parameter that are read: no id and no search is longer."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the console at the moment of a question."""

    reading: Reading | None
    """The newest result, read; None before the first look."""
    ledger: Ledger | None
    """None where a finished result is opened alone."""
    state: State | None = None
    """What the parts of the service hold for one another: `app.state`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a page."""

    page: Page
    query: Mapping[str, str]
    principal: Principal
    now: datetime
    behind: Behind
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Read a parameter of the address."""
        return self.query.get(name, default)[:TEXT_CHARS_MAX]

    def choice(self, name: str, among: Sequence[str]) -> str:
        """Read a parameter that is one of some words; else the first of them."""
        said = self.query.get(name, "")
        return said if said in among else among[0]

    def whole(self, name: str, default: int, *, low: int, high: int) -> int:
        """Read a whole number between bounds; what is none, or outside, becomes the nearest."""
        said = self.query.get(name, "")
        number = int(said) if said.isdecimal() and len(said) < len("10000000000") else default
        return min(max(number, low), high)

    def said(self, name: str) -> str:
        """Read a field of the form, without space around it; empty where it is missing."""
        return (self.form.get(name) or [""])[0].strip()

    def link(self, **changes: str | None) -> str:
        """Give the address of this page with some parameters changed, or left out (None)."""
        query = {**self.query, **changes}
        kept = {name: value for name, value in query.items() if value}
        return self.page.address + (f"?{urlencode(kept)}" if kept else "")

    def result(self) -> Reading:
        """Give the newest result.

        Raises:
            RefusedPageError: there is none yet.
        """
        if self.behind.reading is None:
            raise RefusedPageError(
                503,
                "No look has finished yet",
                "The first result appears here when the first look at the lake has ended. "
                "Reload this page in a minute; “stillwatch check” says whether data arrive.",
            )
        return self.behind.reading

    def ledger(self) -> Ledger:
        """Give the ledger.

        Raises:
            RefusedPageError: a finished result is opened alone.
        """
        if self.behind.ledger is None:
            raise RefusedPageError(
                404,
                "This needs the ledger",
                "A finished result is open, read-only. Start “stillwatch serve” with a ledger to "
                "work on cases and decisions.",
            )
        return self.behind.ledger

    def require(self, name: str, *, of: str) -> str:
        """Read a parameter without which a page makes no sense.

        Raises:
            NotThereError: the address lacks it.
        """
        found = self.text(name)
        if not found:
            raise NotThereError(of, "")
        return found


def address(path: str, **query: str) -> str:
    """Give the address of a page: `address("/account", id=…)`."""
    return ROOT + path.rstrip("/") + (f"?{urlencode(query)}" if query else "")
