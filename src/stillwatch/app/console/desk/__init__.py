"""The pages of the ledger, a file each: what people decide, and what they may.

Each file has one `PAGE` (or two, where a form has a page of its own); this is their catalogue, in
the order of the navigation.
"""

from __future__ import annotations

from typing import Final

from stillwatch.app.console.frame.page import Page

PAGES: Final[tuple[Page, ...]] = ()
