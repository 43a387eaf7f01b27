"""What can fail with a journal, beside what every disk can; part of the tree of `domain/errors`.

StillwatchError
├── SegmentError   a segment can't be written or read, or is another key's
└── Backlogged     more waits to be committed than may wait
"""

from __future__ import annotations

from stillwatch.domain.errors import StillwatchError


class SegmentError(StillwatchError):
    """A write-ahead segment can't be written or read, or was written with another key."""

    def __init__(self, where: str, *, says: str, hint: str = "nothing was acknowledged") -> None:
        super().__init__(f"the segments in {where} cannot be used: {says}", hint=hint)


class Backlogged(StillwatchError):  # noqa: N818  the name is the claim
    """More waits to be committed than may wait; nothing of the call was taken."""

    def __init__(self, name: str, *, bound: int, met: int, retry_after_s: int) -> None:
        super().__init__(
            f"{name} is bounded at {bound:,} and {met:,} would wait",
            hint=f"send it again in {retry_after_s} s; see docs/operate/ingestion.md",
        )
        self.retry_after_s = retry_after_s
