"""The pages of the ledger, a file each: what people decide, and what they may.

`deciding/`, `working/`, `ruling/` and `keeping/` are the four kinds of work; `changing` is how a
page changes the ledger, `offers` what other pages may show of it. This is their catalogue, in the
order of the navigation. A form has a page of its own, with the scope that it needs.
"""

from __future__ import annotations

from typing import Final

from stillwatch.app.console.desk import deciding, keeping, ruling, working
from stillwatch.app.console.desk.keeping.entering import router
from stillwatch.app.console.frame.page import Page

PAGES: Final[tuple[Page, ...]] = (
    *deciding.PAGES,
    *working.PAGES,
    *ruling.PAGES,
    *keeping.PAGES,
)

__all__ = ["PAGES", "router"]
