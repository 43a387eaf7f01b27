"""A sign of life: open pages ask for it now and then, and when none does, the console ends."""

from __future__ import annotations

from typing import Final

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Sent


def view(asked: Asked) -> Sent:
    """Say nothing."""
    del asked
    return Sent(b"", "text/plain; charset=utf-8")


PAGE: Final = Page("/alive", "Sign of life", view)
