"""Ids that say nothing and come again: the same facts give the same id, on any machine.

An id of the ledger stands in the audit log, which can't be erased; so no account is in one.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import orjson

from stillwatch.domain.service_limits import (
    LEDGER_ID_CHARS_MAX,
    LEDGER_TEXT_CHARS_MAX,
    LEDGER_WORDS_MAX,
)
from stillwatch.store.ledger.bounds import fit_text
from stillwatch.store.ledger.errors import BadValue

_ID_BYTES: Final = 12
"""Bytes of an id: two of a hundred million collide with probability 6e-14."""


def stable_id(kind: str, *facts: object) -> str:
    """Name something by what it is; `kind` is the letters that it begins with."""
    return f"{kind}-{blake2b(orjson.dumps(facts), digest_size=_ID_BYTES).hexdigest()}"


def case_id_of(campaign_id: str) -> str:
    """Name the case of a campaign: there is one."""
    return f"case-{campaign_id}"


def is_fit_id(text: str) -> bool:
    """Say whether the ledger can hold an id as it came from traffic."""
    try:
        fit_text("id", text, chars_max=LEDGER_ID_CHARS_MAX)
    except BadValue:
        return False
    return bool(text)


def fit_sentence(text: str) -> str:
    """Cut a sentence to what the ledger holds, without characters that it refuses."""
    printable = "".join(one if one.isprintable() else " " for one in text)
    return printable[:LEDGER_TEXT_CHARS_MAX]


def bounded_words(words: list[str] | None) -> tuple[str, ...]:
    """Give the first words of a list, as many as the ledger holds."""
    return tuple((words or ())[:LEDGER_WORDS_MAX])
