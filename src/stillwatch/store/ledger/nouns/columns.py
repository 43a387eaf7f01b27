"""How a field of a row rests in a column: one word a type, the same on both databases.

A row is a frozen dataclass whose annotations are the words below; `table_of` makes its table.
Instants are microseconds since 1970 in UTC and lists are JSON text, so that SQLite and PostgreSQL
hold the same and a hash over a row is one hash. The bounds are those of `domain/limits.py`; `fit`
in `bounds` holds values to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, get_args, get_type_hints

import orjson
import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    LEDGER_ID_CHARS_MAX,
    LEDGER_POLICY_CHARS_MAX,
    LEDGER_TEXT_CHARS_MAX,
    LEDGER_WORD_CHARS_MAX,
)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_HEX_CHARS: Final = 64
"""Characters of a SHA-256 in hexadecimal."""

metadata: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the ledger."""


class InstantType(sa.types.TypeDecorator[datetime]):
    """A UTC instant as microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        """Write it."""
        del dialect
        return None if value is None else (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        """Read it."""
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


class WordsType(sa.types.TypeDecorator[tuple[str, ...]]):
    """A list of words as JSON text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: sa.Dialect) -> str | None:
        """Write it."""
        del dialect
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(
        self, value: str | None, dialect: sa.Dialect
    ) -> tuple[str, ...] | None:
        """Read it."""
        del dialect
        return None if value is None else tuple(orjson.loads(value))


@dataclass(frozen=True, slots=True)
class Refers:
    """The column that a field refers to: `table.column`."""

    to: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The words that a field may hold."""

    words: tuple[str, ...]


def text_type(chars_max: int) -> sa.String:
    """Give the type of a text; PostgreSQL sorts it by code points, as SQLite and Python do."""
    return sa.String(chars_max).with_variant(sa.String(chars_max, collation="C"), "postgresql")


Id = Annotated[str, text_type(LEDGER_ID_CHARS_MAX)]
Word = Annotated[str, text_type(LEDGER_WORD_CHARS_MAX)]
Prose = Annotated[str, text_type(LEDGER_TEXT_CHARS_MAX)]
LongText = Annotated[str, text_type(LEDGER_POLICY_CHARS_MAX)]
Hash = Annotated[str, text_type(_HEX_CHARS)]
Instant = Annotated[datetime, InstantType()]
Count = Annotated[int, sa.BigInteger()]
Share = Annotated[float, sa.Double()]
Flag = Annotated[bool, sa.Boolean()]
Words = Annotated[tuple[str, ...], WordsType()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table; the first field is its key."""


def marks_of(row: type[Row]) -> dict[str, tuple[Any, ...]]:
    """Read what the annotations of a row say: by field, its type's marks and whether it is null."""
    marks = {}
    for name, hint in get_type_hints(row, include_extras=True).items():
        parts = get_args(hint)
        is_nullable = type(None) in parts
        inner = next((p for p in parts if p is not type(None)), hint) if is_nullable else hint
        marks[name] = (is_nullable, *get_args(inner)[1:])
    return marks


def table_of(name: str, row: type[Row], *extra: sa.schema.SchemaItem, keys: int = 1) -> sa.Table:
    """Make the table of a row: a column a field, the first `keys` of them its primary key.

    Raises:
        AssertionError: a field has no type of this module; that is a bug.
    """
    columns = []
    for place, (field, (is_nullable, *marks)) in enumerate(marks_of(row).items()):
        kinds = [m for m in marks if isinstance(m, sa.types.TypeEngine)]
        assert len(kinds) == 1, f"{name}.{field} has no type"  # noqa: S101  not a trust boundary
        keys_to = [sa.ForeignKey(m.to) for m in marks if isinstance(m, Refers)]
        columns.append(
            sa.Column(
                field,
                kinds[0],
                *keys_to,
                primary_key=place < keys,
                nullable=is_nullable,
                autoincrement=False,
            )
        )
    return sa.Table(name, metadata, *columns, *extra)
