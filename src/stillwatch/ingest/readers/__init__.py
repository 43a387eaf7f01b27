"""The catalogue of dialects: every module of this folder that has a NAME reads one.

A reader says whether a record is its own (`recognise`), unfolds a document into records
(`records`: one OTLP line holds many spans) and turns a record into the fields of `EXCHANGE`
(`normalise`). Readers only move and rename: types are checked, and names made pseudonyms, by the
same code for all of them. Adding a dialect is adding a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

NATIVE: Final = "native"
MAPPED: Final = "mapping"
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """How one dialect is read."""

    name: str
    recognise: Callable[[Record], bool]
    records: Callable[[Any], Iterable[Record]]
    normalise: Callable[..., Record]


@cache
def catalogue() -> Mapping[str, Reader]:
    """List the readers, by name."""
    names = sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return {m.NAME: Reader(m.NAME, m.recognise, m.records, m.normalise) for m in modules}


def dialects() -> tuple[str, ...]:
    """Names of the dialects, sorted."""
    return tuple(catalogue())


def recognise(record: Record) -> str | None:
    """Tell whose record this is; readers are written so that at most one says yes."""
    return next((r.name for r in catalogue().values() if r.recognise(record)), None)
