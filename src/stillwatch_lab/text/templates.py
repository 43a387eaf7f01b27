"""Texts that many requests share: public frameworks, and what a campaign puts around its items.

Used by `cohorts`; the texts are in `templates.toml`. Each framework has versions that differ in a
sentence; each campaign template has several wordings, of which a campaign takes one or more.
Written for the lab; the frameworks don't exist. Absent: the templates of applications and offices,
which the grammar makes up afresh.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

_DATA: Final[dict[str, Any]] = tomllib.loads(
    files(__package__).joinpath("templates.toml").read_text("utf-8")
)

Wording = tuple[str, str]
"""What stands before and after an item."""


def _read(entry: dict[str, str]) -> Wording:
    return entry["opening"], entry["closing"]


FRAMEWORKS: Final[tuple[str, ...]] = tuple(entry["text"] for entry in _DATA["framework"])
"""System texts of three public agent frameworks, two versions each."""
EXERCISE: Final[str] = _DATA["exercise"]
BENCHMARK: Final = _read(_DATA["benchmark"])
PARTNER: Final = _read(_DATA["partner"])
HARVESTS: Final[dict[str, tuple[Wording, ...]]] = {
    work: tuple(_read(entry) for entry in entries) for work, entries in _DATA["harvest"].items()
}
"""By kind of item: the wordings of the template around it."""
