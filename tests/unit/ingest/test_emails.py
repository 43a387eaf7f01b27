"""What an e-mail address tells: its domain, its mailbox and the shape of its name."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import polars as pl
import pytest

from stillwatch.ingest.emails import TOLD, read_emails, shape_names, tell_emails
from stillwatch.ingest.records import Parsed

DRAW = random.Random(7)
FIRST = ("anna", "li", "mohammed", "jo", "christopher", "maria", "pawel", "oluwaseun", "kim")
LAST = ("lindqvist", "wu", "garcia", "ng", "papadopoulos", "kowalski", "o", "tran", "haddad")


def drawn(letters: str, count: int) -> str:
    """Give a name as a rule draws it."""
    return "".join(DRAW.choices(letters, k=count))


def shape(name: str) -> str | None:
    """Give the shape of one name."""
    spelt: str | None = shape_names(pl.Series([name])).item()
    return spelt


def told(**columns: list[str | None]) -> Parsed:
    """Read accounts with these columns."""
    rows = len(columns["email"])
    empty = dict.fromkeys(TOLD, [None] * rows)
    frame = pl.DataFrame(empty | columns, schema_overrides=dict.fromkeys(TOLD, pl.String))
    return tell_emails(Parsed(frame.cast(pl.String)))


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("anna.lindqvist", "a3.a8"),
        ("anna.lindqvist1987", "a3.a8d4"),
        ("a_b-c", "a1_a1-a1"),
        ("jo", "a2"),
        ("wonderfullylongname", "a12"),
        ("1234567890", "d10"),
        ("4anna", "d1a3"),
        ("x7k2m9q4", "m8"),
        ("550e8400-e29b-41d4-a716-446655440000", "m8-m4-m4-m4-m12"),
        ("o'brien", "a1~a5"),
        ("a!#$b", "a1~a1"),
        ("a..b", "a1.a1"),
        ("+49123", "~d5"),
        ("王小明", "a3"),
        ("e\u0301le\u0300ve", "a5"),
        ("\u00e9l\u00e8ve", "a5"),
        ("\u0664\u0665", "d2"),
        ("\u0301", None),
        (".".join("abcdefghij"), "a1.a1.a1.a1.a1.a1.a1.a1."),
    ],
)
def test_a_shape_is_runs_and_separators(name: str, spelt: str | None) -> None:
    """Letters in classes, digits counted; where they alternate, the length alone."""
    assert shape(name) == spelt


@pytest.mark.parametrize(
    "rule",
    [
        lambda: drawn(string.ascii_lowercase, 10),
        lambda: drawn(string.ascii_lowercase, 8) + drawn(string.digits, 4),
        lambda: drawn(string.ascii_lowercase + string.digits, 12),
        lambda: str(UUID(int=DRAW.getrandbits(128))),
    ],
    ids=["letters", "letters and digits", "mixed", "uuid"],
)
def test_names_that_a_rule_draws_share_a_shape(rule: Callable[[], str]) -> None:
    """Nine in ten of them at least: chance makes some mixed name look unmixed."""
    shapes = Counter(shape(rule()) for _ in range(300))
    assert shapes.most_common(1)[0][1] >= 270


def test_names_that_a_farm_joins_from_words_share_few_shapes() -> None:
    """As people's names with four digits, of which nine lengths each would be 81 patterns."""
    names = [
        f"{DRAW.choice(FIRST)}.{DRAW.choice(LAST)}{drawn(string.digits, 4)}" for _ in range(300)
    ]
    exact = {(len(name.split(".")[0]), len(name)) for name in names}
    shapes = Counter(map(shape, names))
    assert len(shapes) < len(exact)
    assert shapes.most_common(1)[0][1] >= 24
    assert all(one is not None and one.endswith("d4") for one in shapes)


def test_an_address_tells_three_things() -> None:
    """Case, blanks around it, a tag and the dot of the root make no other mailbox."""
    same = ["Anna.L87@Example.ORG", " anna.l87@example.org ", "anna.l87+news@example.org."]
    rows = read_emails(pl.Series("email", same))
    assert set(rows.rows()) == {("example.org", "anna.l87@example.org", "a3.a1d2")}


@pytest.mark.parametrize(
    "text",
    ["", "anna", "@example.org", "anna@", "a@b@c", "Anna <anna@example.org>", "a b@example.org",
     "a" * 65 + "@example.org", "a@" + "b" * 320],
)  # fmt: skip
def test_what_is_no_address_tells_nothing(text: str) -> None:
    """Neither a domain, nor a mailbox, nor a shape."""
    assert read_emails(pl.Series("email", [text])).rows() == [(None, None, None)]


def test_what_the_record_says_stays_and_the_address_goes() -> None:
    """An empty text says nothing; what is no address is counted, and an empty one isn't."""
    read = told(
        email=["anna@example.org", "bo@example.org", "nobody", "", None],
        email_domain=["given.example", "", None, None, None],
        email_hash=["h-1", None, None, None, None],
        email_shape=["x9", None, None, None, None],
    )
    assert "email" not in read.frame.columns
    assert read.frame.select(TOLD).rows() == [
        ("given.example", "h-1", "x9"),
        ("example.org", "bo@example.org", "a2"),
        *[(None, None, None)] * 3,
    ]
    assert dict(read.nulled) == {"email": 1}


def test_without_addresses_all_stays_as_it_is() -> None:
    """An empty text too, which settling takes for none."""
    read = told(email=[None, None], email_domain=["", "a.example"])
    assert read.frame["email_domain"].to_list() == ["", "a.example"]
    assert not read.nulled
