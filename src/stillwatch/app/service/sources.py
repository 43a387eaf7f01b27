"""Decisions out of a finished result: its `decisions.jsonl`, read again when it has changed.

Where looks go on, the result is the newest of a folder: whoever names it may name another later.
`stillwatch revert` replaces that file in one step, so a file is always whole. Lines are compared as
bytes with those of the time before, and only new ones are parsed: a reversal among a million rows
costs a tenth of a second. What can't be read raises, and the table that was in force stays.

Absent: budgets, which a result keeps beside its table and no row of it carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from stillwatch.domain.errors import LimitExceeded, NotAResult
from stillwatch.domain.limits import DECISIONS_MAX
from stillwatch.gateway.decision import Decision, Parameters, known_effect, read_parameters
from stillwatch.gateway.deltas import NEVER, Delta

TABLE_FILE: Final = "decisions.jsonl"
_Stamp = tuple[int, int, int]
_NO_RESULT: Final = (0, 0, 0)
"""Stamp of no file: a file's number is never 0."""
_Terms = tuple[str, str, float, Parameters]
_Known = dict[Any, _Terms]


class ResultSource:
    """The gateway's table of a result directory: of one, or of the one that counts by now."""

    def __init__(self, result: Path | Callable[[], Path | None], *, series: str) -> None:
        """Take a result, or what names it; while none is named, nobody is under an effect."""
        self._find = result if callable(result) else lambda: result
        self._path = Path(TABLE_FILE)
        self._series = series
        self._stamp: _Stamp | None = None
        self._lines: frozenset[bytes] = frozenset()
        self._version = NEVER

    def read(self, since: int) -> Delta | None:
        """Say what has changed in the file since a version.

        Grain:   one row per decision.

        Raises:
            NotAResult: there is no such file, or a line of it is no decision.
            LimitExceeded: more rows than limits.DECISIONS_MAX.
        """
        result = self._find()
        self._path = (result or Path()) / TABLE_FILE
        if result is not None and not self._path.is_file():
            raise NotAResult(str(result), missing=TABLE_FILE)
        stamp = self._look() if result is not None else _NO_RESULT
        if stamp == self._stamp and since == self._version:
            return None
        lines = frozenset(self._path.read_bytes().splitlines() if result is not None else ())
        if len(lines) > DECISIONS_MAX:
            raise LimitExceeded(name="DECISIONS_MAX", bound=DECISIONS_MAX, met=len(lines))
        delta = self._compare(lines, since)
        self._stamp, self._lines = stamp, lines
        return delta

    def _look(self) -> _Stamp:
        seen = self._path.stat()
        return seen.st_mtime_ns, seen.st_size, seen.st_ino

    def _compare(self, lines: frozenset[bytes], since: int) -> Delta | None:
        is_snapshot = since != self._version or since == NEVER
        before: frozenset[bytes] = frozenset() if is_snapshot else self._lines
        puts = self._parse(lines - before)
        placed = {one.place for one in puts}
        gone = [one.place for one in self._parse(before - lines) if one.place not in placed]
        if not is_snapshot and not puts and not gone:
            return None
        version = max(self._version, 0) + 1
        delta = Delta(
            series=self._series,
            since=since,
            version=version,
            puts=tuple(puts),
            removals=tuple(gone),
            is_snapshot=is_snapshot,
        )
        self._version = version
        return delta

    def _parse(self, lines: Iterable[bytes]) -> list[Decision]:
        known: _Known = {}
        try:
            return [read_row(orjson.loads(line), known=known) for line in lines if line.strip()]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as broken:
            missing = f"readable {TABLE_FILE}"
            raise NotAResult(str(self._path.parent), missing=missing) from broken


def read_row(row: dict[str, Any], *, known: _Known) -> Decision:
    """Read one row of the gateway's table; `known` remembers the terms that rows share.

    Nulls:   without a key it is about all keys; without parameters the effect has none.

    Raises:
        KeyError, TypeError, ValueError: it is no such row.
    """
    said = row.get("parameters") or "{}"
    words = row["effect"], row["reason"], row["expires_at"], said
    terms = known.get(words) if isinstance(said, str) else None
    if terms is None:
        terms = _read_terms(*words)
        if isinstance(said, str):
            known[words] = terms
    effect, reason, expires_at_s, parameters = terms
    key = row.get("api_key_id")
    return Decision(
        str(row["account_id"]),
        effect,
        str(row["decision_id"]),
        reason,
        expires_at_s,
        None if key is None else str(key),
        parameters,
    )


def _read_terms(effect: str, reason: str, expires_at: str, said: str | dict[str, Any]) -> _Terms:
    parameters = orjson.loads(said) if isinstance(said, str) else said
    instant_s = _instant_s(expires_at)
    return known_effect(effect), str(reason), instant_s, read_parameters(parameters)


def _instant_s(text: str) -> float:
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
