"""Shapes of e-mail names, on names that nobody has thought of."""

from __future__ import annotations

import re
import unicodedata

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.emails import read_emails, shape_names

LONGEST = 64
SHAPE = re.compile(r"(?:[am]\d+|d\d+|[._~-])+")
KNOWN = st.characters(exclude_categories=("Cs", "Cn", "Co"))
"""Characters of which Python and Polars, with other versions of Unicode, know the same."""
NAMES = st.text(KNOWN | st.sampled_from("abcxyz0189._-"), max_size=90)
ASCII = st.text(st.sampled_from("abcdefgXYZ0123456789._-!"), min_size=1, max_size=40)


def shape(name: str) -> str | None:
    """Give the shape of one name."""
    spelt: str | None = shape_names(pl.Series([name], dtype=pl.String)).item()
    return spelt


@given(NAMES)
def test_a_shape_is_short_and_of_few_characters(name: str) -> None:
    """At most 64, whatever came in: classes, lengths and separators, never two letters together."""
    spelt = shape(name)
    if spelt is not None:
        assert len(spelt) <= LONGEST
        assert SHAPE.fullmatch(spelt)


@given(NAMES)
def test_a_shape_holds_no_run_of_the_name(name: str) -> None:
    """No two letters that follow one another in the name do so in its shape."""
    spelt = shape(name) or ""
    folded = unicodedata.normalize("NFKC", name).casefold()
    pairs = {folded[k : k + 2] for k in range(len(folded) - 1)}
    assert not [pair for pair in pairs if pair.isalpha() and pair in spelt]


@given(ASCII, st.randoms(use_true_random=False))
def test_other_letters_and_digits_in_their_places_have_the_same_shape(
    name: str, draw: object
) -> None:
    """So it tells nothing of them."""
    pick = draw.choice  # type: ignore[attr-defined]  Hypothesis' own Random
    other = "".join(
        pick("qwertzuiop") if one.isalpha() else pick("0123456789") if one.isdigit() else one
        for one in name
    )
    assert shape(other) == shape(name)


@given(NAMES)
def test_case_is_irrelevant(name: str) -> None:
    """Letters that have two letters for a capital too."""
    assert shape(name.upper()) == shape(name) == shape(name.upper().lower())


@given(NAMES)
def test_composition_is_irrelevant(name: str) -> None:
    """An accent apart or not; full-width and circled letters are letters."""
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert shape(unicodedata.normalize(form, name)) == shape(name)


@given(ASCII, st.text(st.sampled_from("abc01+-._"), max_size=12))
def test_a_tag_is_irrelevant(name: str, tag: str) -> None:
    """All that an address tells is what it tells without one."""
    plain, tagged = f"{name}@x.example", f"{name}+{tag}@x.example"
    one, other = read_emails(pl.Series("email", [plain, tagged])).rows()
    assert one == other


@given(NAMES)
def test_reading_what_was_read_changes_nothing(name: str) -> None:
    """The mailbox of a mailbox is that mailbox."""
    first = read_emails(pl.Series("email", [f"{name}@x.example"]))
    if first["email_hash"].item() is not None:
        again = read_emails(first["email_hash"].alias("email"))
        assert again.rows() == first.rows()


@given(st.lists(st.none() | NAMES, max_size=6))
def test_a_column_gives_what_its_names_give(names: list[str | None]) -> None:
    """One by one or together, in any order, with nulls between."""
    column = shape_names(pl.Series(names, dtype=pl.String))
    assert column.to_list() == [None if name is None else shape(name) for name in names]
