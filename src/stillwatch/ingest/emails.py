"""From an e-mail address to what may be known of it: its domain, its mailbox, its name's shape.

Between reading accounts and `settle`: an address in, three columns of `ACCOUNT` out, and the
address is gone before the next chunk is read. The one idea of a shape: what a rule that makes names
fixes (how many digits, which separators, how long) is told, and what it draws (letters, digits,
words) is not. Lengths of letters fall into classes, since words have lengths of their own and a
farm that joins words would have as many shapes as people have; digits are counted, since a rule
fixes how many there are; where letters and digits alternate they are drawn together, and the length
alone is told. Deliberately absent: whether a name looks like a person's. Lists of names know those
of some countries, and the others' would look made up; and a pseudonym would change with each list.
How much each choice tells is measured in ADR 0032.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

import polars as pl

from stillwatch.domain import limits
from stillwatch.ingest.records import Parsed

EMAIL: Final = "email"
TOLD: Final = ("email_domain", "email_hash", "email_shape")
"""Columns that an address fills where they are empty; what is given stays."""
_NAME_CHARS: Final = 64
"""Characters before the @. Source: RFC 5321, 4.5.3.1.1."""
_PARTS: Final = rf'^([^\s@<>"]{{1,{_NAME_CHARS}}})@([^\s@<>"]+?)\.?$'
_TAG: Final = r"^([^+]+)\+.*$"
"""What a mailbox is called before the tag that its owner makes up."""
_CLASSES: Final = (
    (r"\p{M}+", ""),
    (r"\p{L}", "a"),
    (r"\p{Decimal_Number}", "d"),
    (r"[^ad._-]+", "~"),
)
"""What stands for an accent, a letter, a digit, and a sign that is none of the usual separators."""
_PIECES: Final = re.compile(r"[ad]+|[^ad]+")
_LETTERS: Final = (12, 8, 5, 3, 2, 1)
"""Least letters of each class of lengths: half octaves, the longest first."""
_RUNS_MAX: Final = 2
"""Runs of letters or digits in a piece (`anna1987`) beyond which they are drawn together."""


def tell_emails(accounts: Parsed) -> Parsed:
    """Fill what an address tells, and let go of the address.

    Grain:   one row per row, without the address. Nulls: what is no address tells nothing, and is
             counted in `nulled`; what the record says itself stays.
    Cost:    text operations, and a Python call per different run of letters and digits.
    """
    frame = accounts.frame
    given = frame[EMAIL]
    if given.null_count() < len(given):
        told = read_emails(given)
        if lost := int((told["email_hash"].is_null() & given.is_not_null() & (given != "")).sum()):
            accounts.nulled[EMAIL] += lost
        frame = frame.with_columns(
            pl.coalesce(pl.when(pl.col(name) != "").then(name), told[name]).alias(name)
            for name in TOLD
        )
    accounts.frame = frame.drop(EMAIL)
    return accounts


def read_emails(emails: pl.Series) -> pl.DataFrame:
    """Read addresses.

    Grain:   one row per row: `email_domain`, `email_hash` (the mailbox: folded, without its tag; it
             is hashed with the register's other names) and `email_shape`.
    Nulls:   all three where the text is not one name, an @ and a domain.
    Order:   as given. How letters are cased, accented or composed is irrelevant to the shape.
    """
    short = pl.when(pl.col(EMAIL).str.len_chars() <= limits.EMAIL_CHARS_MAX).then(EMAIL)
    folded = emails.alias(EMAIL).to_frame().select(_fold(short.str.strip_chars()))
    parts = folded.select(
        pl.col(EMAIL).str.extract(_PARTS, 1).str.replace(_TAG, "$1").alias("name"),
        pl.col(EMAIL).str.extract(_PARTS, 2).alias("email_domain"),
    )
    return parts.select(
        "email_domain",
        pl.concat_str("name", pl.lit("@"), "email_domain").alias("email_hash"),
        shape_names(parts["name"]).alias("email_shape"),
    )


def _fold(text: pl.Expr) -> pl.Expr:
    """Bring texts that differ in case or composition to one: `ß` is `ss` in capitals."""
    return text.str.normalize("NFKC").str.to_uppercase().str.to_lowercase().str.normalize("NFKC")


def shape_names(names: pl.Series) -> pl.Series:
    """Give the shapes of names, as they stand before an @.

    Grain:   one per row, of at most 64 characters. Nulls: a name of which nothing is left has none.
    Cost:    a Python call per different run of letters and digits.
    """
    classes = _fold(pl.col("name")).str.normalize("NFKD")
    for pattern, stands_for in _CLASSES:
        classes = classes.str.replace_all(pattern, stands_for)
    runs = names.alias("name").to_frame().select(classes).to_series()
    different = runs.drop_nulls().unique()
    shapes = pl.Series([_spell(one) for one in different], dtype=pl.String)
    return runs.replace_strict(different, shapes, return_dtype=pl.String)


def _spell(classes: str) -> str | None:
    """Write down the runs of a name: `aaaaa.aaaaaaaadd` is `a5.a8d2`."""
    pieces = _PIECES.findall(classes[:_NAME_CHARS])
    runs = [[(kind, len(list(one))) for kind, one in groupby(piece)] for piece in pieces]
    words = [piece[0] in "ad" for piece in pieces]
    is_mixed = any(w and len(r) > _RUNS_MAX for w, r in zip(words, runs, strict=True))
    spelt = [
        _spell_piece(piece, is_mixed=is_mixed) if is_word else pieces[k][0]
        for k, (piece, is_word) in enumerate(zip(runs, words, strict=True))
    ]
    return "".join(spelt[: 2 * limits.EMAIL_PIECES_MAX]) or None


def _spell_piece(runs: list[tuple[str, int]], *, is_mixed: bool) -> str:
    if is_mixed:
        return f"m{sum(length for _, length in runs)}"
    return "".join(
        f"{kind}{next(n for n in _LETTERS if n <= length) if kind == 'a' else length}"
        for kind, length in runs
    )
