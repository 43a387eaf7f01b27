"""Holding what is written to its bounds, before it meets the database.

SQLite lets any text into any column; here the columns' types are kept on both databases alike.
Instants become UTC, figures finite, texts free of what PostgreSQL can't hold (NUL, halves of
surrogates), so that what was given and what is read back have one image.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    LEDGER_COUNT_MAX,
    LEDGER_WORD_CHARS_MAX,
    LEDGER_WORDS_MAX,
)
from stillwatch.store.ledger.errors import BadValue
from stillwatch.store.ledger.nouns.columns import InstantType, OneOf, Row, WordsType, marks_of

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UNPRINTABLE_IN_PROSE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ONE_LINE_CHARS: Final = 256
"""Texts of columns up to this length are names: they hold no line ends."""
_USER: Final = re.compile(r"[a-z0-9][a-z0-9._@:+-]{0,63}")
_E_MAIL: Final = re.compile(r"[^\s@<>,;:]+@[^\s@<>,;:]+\.[^\s@<>,;:.]+")
_V4: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_V6: Final = re.compile(
    r"(?<![0-9A-Fa-f:])(?=[0-9A-Fa-f:]*::|(?:[0-9A-Fa-f]{1,4}:){7})[0-9A-Fa-f:]{3,39}"
)

_read_marks: dict[type[Row], dict[str, tuple[Any, ...]]] = {}


def fit(row: type[Row], values: Mapping[str, Any]) -> dict[str, Any]:
    """Hold values to the fields of a row and bring them to one form.

    Nulls:   only where the field allows them.

    Raises:
        BadValue: one is of another type, too long, too large, or no word of its list.
    """
    marks = _marks_of(row)
    return {name: _fit_one(name, value, marks[name]) for name, value in values.items()}


def _marks_of(row: type[Row]) -> dict[str, tuple[Any, ...]]:
    if row not in _read_marks:
        _read_marks[row] = marks_of(row)
    return _read_marks[row]


def _fit_one(name: str, value: Any, marks: tuple[Any, ...]) -> Any:  # noqa: ANN401  any column's value
    is_nullable, kind, *rest = marks
    if value is None:
        if not is_nullable:
            raise BadValue(field=name, says="is missing")
        return None
    fitted = _fit_kind(name, value, kind)
    for mark in rest:
        if isinstance(mark, OneOf):
            _refuse_other_words(name, fitted, mark.words)
    return fitted


def _fit_kind(name: str, value: Any, kind: sa.types.TypeEngine[Any]) -> Any:  # noqa: ANN401
    match kind:
        case InstantType():
            return _fit_instant(name, value)
        case WordsType():
            return _fit_words(name, value)
        case sa.String():
            return fit_text(name, value, chars_max=kind.length or LEDGER_WORD_CHARS_MAX)
        case sa.Boolean():
            return bool(value)
        case sa.Double():
            return _fit_figure(name, value)
        case _:
            return _fit_count(name, value)


def fit_text(name: str, value: object, *, chars_max: int) -> str:
    """Hold a text to its length and to characters that both databases can keep.

    Raises:
        BadValue: it is none, too long, or holds control characters.
    """
    if not isinstance(value, str):
        raise BadValue(field=name, says="is no text")
    if len(value) > chars_max:
        raise BadValue(field=name, says=f"has {len(value):,} characters, {chars_max:,} fit")
    forbidden = _UNPRINTABLE if chars_max <= _ONE_LINE_CHARS else _UNPRINTABLE_IN_PROSE
    if forbidden.search(value):
        raise BadValue(field=name, says="holds control characters")
    return value


def fit_actor(actor: str) -> str:
    """Hold the name of whoever acts to its form, so that one user is written in one way.

    Raises:
        BadValue: it has upper-case letters, spaces, or more than 64 characters.
    """
    if not _USER.fullmatch(actor):
        raise BadValue(field="actor", says="is no user name: a-z, 0-9 and ._@:+-, at most 64")
    return actor


def fit_now(now: datetime) -> datetime:
    """Bring an instant to UTC.

    Raises:
        BadValue: it has no time zone.
    """
    return _fit_instant("now", now)


def mask_contacts(text: str) -> str:
    """Put a word in the place of what looks like an e-mail or network address.

    Blind spot: an address that is written out in words stays.
    """
    for pattern, word in ((_E_MAIL, "[e-mail]"), (_V4, "[address]"), (_V6, "[address]")):
        text = pattern.sub(word, text)
    return text


def _fit_instant(name: str, value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise BadValue(field=name, says="is no instant with a time zone")
    return value.astimezone(UTC)


def _fit_words(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise BadValue(field=name, says="is no list of words")
    if len(value) > LEDGER_WORDS_MAX:
        raise BadValue(field=name, says=f"has {len(value):,} words, {LEDGER_WORDS_MAX} fit")
    return tuple(fit_text(name, word, chars_max=LEDGER_WORD_CHARS_MAX) for word in value)


def _fit_figure(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadValue(field=name, says="is no finite figure")
    return float(value) + 0.0  # a negative zero becomes zero


def _fit_count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValue(field=name, says="is no whole number")
    if not 0 <= value <= LEDGER_COUNT_MAX:
        raise BadValue(field=name, says=f"is not between 0 and {LEDGER_COUNT_MAX:,}")
    return value


def _refuse_other_words(name: str, value: str | tuple[str, ...], words: tuple[str, ...]) -> None:
    given = (value,) if isinstance(value, str) else value
    for word in given:
        if word not in words:
            raise BadValue(field=name, says=f"cannot be {word!r}; it may be {', '.join(words)}")
