"""A dotted path into a record, as `--account-field` and a mapping file give it."""

from __future__ import annotations

from typing import Any


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
