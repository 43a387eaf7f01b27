"""Where the service finds and leaves things, and which of it makes sense together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stillwatch.domain.errors import NotAResult, SettingError


@dataclass(frozen=True, slots=True)
class Places:
    """What `stillwatch serve` was told."""

    decisions: Path | None = None
    journal: Path | None = None
    lake: Path | None = None
    results: Path | None = None
    ledger: str | None = None
    policy: Path | None = None
    look_every_s: float = 300.0


def check_places(places: Places) -> None:
    """Refuse places that do not make sense together.

    Raises:
        SettingError: nothing, or too much, says whence decisions come; there is a journal without a
            lake, or a ledger is to be fed with results whose lake, and so register, is not named.
        NotAResult: `decisions` is none.
    """
    if (places.journal is None) != (places.lake is None) and places.ledger is None:
        message = "exchanges that are taken in need a journal and a lake"
        raise SettingError(message, hint="give both --journal and --lake, or neither")
    if places.ledger is None:
        _check_without_ledger(places)
    else:
        _check_with_ledger(places)


def _check_without_ledger(places: Places) -> None:
    if places.decisions is None and places.results is None:
        message = "nothing says whence decisions come"
        hint = "give --decisions RESULT, --results FOLDER or --ledger LEDGER"
        raise SettingError(message, hint=hint)
    if places.policy is not None:
        message = "a policy rules what goes through a ledger"
        raise SettingError(message, hint="give --ledger, or --policy to `scan` or `watch`")
    if places.decisions is not None and not (places.decisions / "decisions.jsonl").is_file():
        raise NotAResult(str(places.decisions), missing="decisions.jsonl")


def _check_with_ledger(places: Places) -> None:
    if places.decisions is not None:
        message = "a ledger and a finished result can't both say what is in force"
        raise SettingError(message, hint="give --ledger or --decisions, not both")
    if places.journal is not None and places.lake is None:
        message = "exchanges that are taken in need a lake"
        raise SettingError(message, hint="give --lake too")
    if places.results is not None and places.lake is None:
        message = "results are ruled with the register of their lake"
        raise SettingError(message, hint="give --lake: it says who is protected")
