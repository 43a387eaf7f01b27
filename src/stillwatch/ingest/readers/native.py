"""The native exchange record of CONTRACT.md: nothing to rename."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stillwatch.ingest.readers.mapping import look_up

NAME: Final = "native"


def recognise(record: dict[str, Any]) -> bool:
    """Tell the record by either of its required fields, and by not being an envelope."""
    enveloped = isinstance(record.get("request"), dict)
    return ("time" in record or "account_id" in record) and not enveloped


def records(document: Any) -> Iterable[dict[str, Any]]:  # noqa: ANN401  any JSON value
    """One document is one record."""
    return (document,)


def normalise(record: dict[str, Any], *, account_field: str | None) -> dict[str, Any]:
    """Take the record as it is; the account from elsewhere in it, if so asked."""
    if account_field is None:
        return record
    return {**record, "account_id": look_up(record, account_field)}
