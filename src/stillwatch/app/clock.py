"""The clock: the one place that asks what time it is. Everything below is told."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Give the present instant."""
    return datetime.now(UTC)


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant or a day; without a zone it is UTC.

    Raises:
        ValueError: it is neither.
    """
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
