r"""Texts as they stand inside JSON strings, and what of them is escapes alone.

`build.py` has the shingles of both read, as of any text. The one idea: of an escaped letter the
look-up reads scraps (a `u`, a number that is any number, a hexadecimal letter or two), and four
scraps are alike in all that is written in that script. They tell of no item, so that a text with no
other letters has no form inside ASCII JSON; accents and quotation marks among words do no harm.

Deliberately absent: which shingles are kept (`choose.py`).
"""

from __future__ import annotations

import json
import re
from typing import Final

import pyarrow as pa

_ESCAPE_OR_WORD: Final = re.compile(r"(\\(?:u[0-9a-f]{4}|.))|[A-Za-z]+")
"""What `json.dumps` writes for a character that it escapes; or a word of letters that it leaves."""


def write_forms(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Write the texts as they stand inside JSON strings, and inside JSON strings of ASCII alone.

    Grain:   one row per text. Nulls: stay null. Cost: linear in bytes.
    """
    given = texts.to_pylist()
    within, in_ascii = (
        [None if text is None else json.dumps(text, ensure_ascii=is_ascii) for text in given]
        for is_ascii in (False, True)
    )
    return pa.array(within, pa.large_string()), pa.array(in_ascii, pa.large_string())


def list_scraps(in_ascii: pa.Array) -> pa.Array:
    """List the passages of such strings that have no word: escapes, numbers, punctuation.

    Grain:   one row per distinct passage with an escape. Nulls: no row. Cost: linear in bytes.
    """
    found: set[str] = set()
    for text in in_ascii.to_pylist():
        if text is not None and "\\" in text:
            parted = _ESCAPE_OR_WORD.sub(lambda part: part[1] or "\n", text).split("\n")
            found.update(passage for passage in parted if "\\" in passage)
    return pa.array(sorted(found), pa.large_string())
