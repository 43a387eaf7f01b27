"""A list's origins as a table for people, or as JSON for a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stillwatch.app.commands.screen import say_json, show_table


def show_origins(rows: list[dict[str, Any]], *, titles: Mapping[str, str], as_json: bool) -> None:
    """Print a row an origin; `titles` says which fields stand in the table, and over what."""
    if as_json:
        say_json(rows)
        return
    cells = [
        tuple(f"{row[name]:,}" if isinstance(row[name], int) else row[name] for name in titles)
        for row in rows
    ]
    show_table(tuple(titles.values()), cells)
