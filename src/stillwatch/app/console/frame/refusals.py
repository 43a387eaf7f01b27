"""What a page says instead of itself: what is wrong, and what to do."""

from __future__ import annotations


class RefusedPageError(Exception):
    """A page that is not shown; the frame draws its words as a page of their own."""

    def __init__(self, status: int, title: str, advice: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.advice = advice


class NotThereError(RefusedPageError):
    """Something that this result, or this ledger, does not hold."""

    def __init__(self, kind: str, name: str) -> None:
        shown = f"“{name[:80]}”" if name else "without a name"
        super().__init__(
            404,
            f"There is no {kind} {shown} here",
            "It may be in an older result, or its name was cut off on its way here. "
            "Search for it above, or begin at the overview.",
        )
