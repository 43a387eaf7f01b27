"""Any other gateway's log: a TOML file that says where in their record our fields are.

    time = "ts"
    account_id = "consumer.id"
    prompt = "request.messages.0.content"

Each line is one of our fields and a dotted path into their record; a number steps into a list, a
list of paths takes the first that leads somewhere. Nothing is computed: a log that needs more
than moving needs a reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from stillwatch.domain.errors import BadMapping
from stillwatch.domain.tables import EXCHANGE
from stillwatch.ingest.readers._messages import text_of

NAME: Final = "mapping"
_TEXTS: Final = frozenset({"system", "prompt", "response"})
_WANTED: Final = ("time", "account_id")
Paths = dict[str, tuple[str, ...]]


def recognise(_record: dict[str, Any]) -> bool:
    """Never: a mapping is named, not guessed."""
    return False


def records(document: Any) -> Iterable[dict[str, Any]]:  # noqa: ANN401  any JSON value
    """One document is one record."""
    return (document,)


def normalise(record: dict[str, Any], *, account_field: str | None, paths: Paths) -> dict[str, Any]:
    """Take each field from where the mapping says; the account from elsewhere, if so asked."""
    fields: dict[str, Any] = {}
    for name, places in paths.items():
        value = next((v for p in places if (v := look_up(record, p)) is not None), None)
        is_made_of_parts = name in _TEXTS and isinstance(value, list | dict)
        fields[name] = text_of(value) if is_made_of_parts else value
    if account_field is not None:
        fields["account_id"] = look_up(record, account_field)
    return fields


def check_mapping(mapping: Mapping[str, Any]) -> Paths:
    """Check a mapping, and bring every entry to a tuple of paths.

    Raises:
        BadMapping: it names a field that there is not, a path that is no text, or lacks a
            required field.
    """
    unknown = sorted(mapping.keys() - EXCHANGE.columns.keys())
    if unknown:
        what = f"the mapping names {unknown[0]}, which is no field of an exchange"
        raise BadMapping(what, hint="the fields are in `stillwatch schema exchange`")
    paths: Paths = {}
    for name, given in mapping.items():
        listed = given if isinstance(given, list | tuple) else [given]
        if not listed or not all(isinstance(path, str) and path for path in listed):
            what = f"the mapping's {name} is neither a path nor a list of paths"
            raise BadMapping(what)
        paths[name] = tuple(listed)
    missing = [name for name in _WANTED if name not in paths]
    if missing:
        what = f"the mapping lacks {missing[0]}, which every exchange needs"
        raise BadMapping(what)
    return paths


def look_up(record: Any, path: str) -> Any:  # noqa: ANN401  any JSON value in, any out
    """Follow a dotted path; None where it leads nowhere.

    A number steps into a list. A key that itself holds dots is found too: at every step the whole
    rest of the path is tried as one key first.
    """
    if isinstance(record, dict):
        if path in record:
            return record[path]
        cut = path.rfind(".")
        while cut > 0:
            if path[:cut] in record:
                return look_up(record[path[:cut]], path[cut + 1 :])
            cut = path.rfind(".", 0, cut)
        return None
    step, _, rest = path.partition(".")
    if isinstance(record, list) and step.isdecimal() and int(step) < len(record):
        return look_up(record[int(step)], rest) if rest else record[int(step)]
    return None
