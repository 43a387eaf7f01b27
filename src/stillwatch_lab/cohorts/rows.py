"""Rows of people that name other rows: stacking cohorts, and traffic under another's account.

Used wherever cohorts are put together. The one idea: a row is somebody with habits, and mostly an
account too; a row that `sends_as` another has no account and sends from that one's, be it a
stranger who holds a stolen key or the same person on an unusual day.
"""

from __future__ import annotations

from typing import Final

import polars as pl

_NAME_ROWS: Final = ("replaces", "sends_as")
"""Columns that hold a row of the same cohort: whose place an account takes; whose account it is."""
_HELD: Final = (
    "role", "created_s", "closed_s", "org_id", "org_verified", "email_hash", "protected",
)  # fmt: skip
"""What belongs to the account and not to whoever uses it; the key is named by `email_hash`."""


def unite(cohorts: list[pl.DataFrame]) -> pl.DataFrame:
    """Stack cohorts of people, in the types of the first; rows that name rows follow."""
    schema = cohorts[0].schema
    moved = []
    for number, cohort in enumerate(cohorts):
        before = sum(above.height for above in cohorts[:number])
        rows = cohort.with_columns(pl.col(name) + before for name in _NAME_ROWS)
        moved.append(rows.select(pl.col(name).cast(schema[name]) for name in schema))
    return pl.concat(moved)


def add_users(people: pl.DataFrame, users: pl.DataFrame, holder: pl.Series) -> pl.DataFrame:
    """Append rows that send from accounts that are there: `holder` is the row of each.

    Grain:   one row per row of people, then one per row of users.
    """
    keys = people.select(_HELD)[holder]
    own = users.with_columns(*keys.iter_columns(), holder.cast(pl.Int64).alias("sends_as"))
    schema = people.schema
    return pl.concat([people, own.select(pl.col(name).cast(schema[name]) for name in schema)])
