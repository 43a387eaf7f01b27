"""The revisions of the ledger's tables, one module each, and the column types that they use.

A revision that was released never changes, and neither do these types: `nouns/` says what the
tables are today, and a test holds that the newest revision makes just that.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa


def _text(chars_max: int) -> sa.String:
    return sa.String(chars_max).with_variant(sa.String(chars_max, collation="C"), "postgresql")


ID: Final = _text(256)
WORD: Final = _text(64)
HASH: Final = _text(64)
PROSE: Final = _text(2_000)
LONG_TEXT: Final = _text(100_000)
INSTANT: Final = sa.BigInteger()
COUNT: Final = sa.BigInteger()
SHARE: Final[sa.Double[float]] = sa.Double()
FLAG: Final = sa.Boolean()
WORDS: Final = sa.Text()

__all__ = ["COUNT", "FLAG", "HASH", "ID", "INSTANT", "LONG_TEXT", "PROSE", "SHARE", "WORD", "WORDS"]
