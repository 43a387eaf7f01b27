"""The bytes of the list of public templates: there and back, and what is refused."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.domain import limits
from stillwatch.domain.errors import BadTemplateList, LimitExceeded
from stillwatch.observe.template_book.form import MAGIC, load_shipped, read_public, write_public
from stillwatch.observe.template_book.public import PublicTemplates, index_public

TEXTS = pa.array(
    ["one two three four five six seven eight nine ten eleven twelve", "a b c d e f g h i j k l m"]
)
LIST = PublicTemplates((index_public(TEXTS, name="ours", licence="own"),))
CONTENT = write_public(LIST)


def test_what_is_written_is_read() -> None:
    """To the last bit; and equal lists are equal bytes."""
    found = read_public(CONTENT, where="here")
    assert write_public(found) == CONTENT
    (one,), (other,) = found.sources, LIST.sources
    assert (one.name, one.licence, one.left_out) == ("ours", "own", 0)
    assert np.array_equal(one.shingles, other.shingles)
    assert np.array_equal(one.totals, other.totals)


def test_what_is_damaged_is_refused() -> None:
    """Cut anywhere, any byte flipped, something behind it, or something else."""
    cut = [CONTENT[:k] for k in range(0, len(CONTENT), 7)]
    flipped = [
        CONTENT[:k] + bytes([CONTENT[k] ^ 0xFF]) + CONTENT[k + 1 :]
        for k in [*range(12), *range(len(CONTENT) - 60, len(CONTENT))]
    ]
    for damaged in (*cut, *flipped, b"", MAGIC, b"anything", CONTENT + b"more"):
        with pytest.raises(BadTemplateList):
            read_public(damaged, where="here")


def told(**facts: object) -> bytes:
    """A list with one origin of which the header tells something else."""
    start = len(MAGIC) + 4
    length = int.from_bytes(CONTENT[len(MAGIC) : start], "little")
    header = json.loads(CONTENT[start : start + length])
    header["sources"][0] |= facts
    head = json.dumps(header).encode()
    return MAGIC + len(head).to_bytes(4, "little") + head + CONTENT[start + length :]


@pytest.mark.parametrize(
    "facts",
    [
        {"texts": -1},
        {"texts": "x"},
        {"shingles": 10_000},
        {"texts": 1},
        {"name": None, "texts": None},
    ],
)
def test_a_header_that_cannot_be_true_is_refused(facts: dict[str, object]) -> None:
    """Counts below nought, no numbers, more than fit, other than there are."""
    with pytest.raises(BadTemplateList):
        read_public(told(**facts), where="here")


def test_a_bomb_stops_where_the_header_says() -> None:
    """A payload of many megabytes behind a header of two texts."""
    start = len(MAGIC) + 4
    length = int.from_bytes(CONTENT[len(MAGIC) : start], "little")
    bomb = CONTENT[: start + length] + zlib.compress(bytes(50_000_000))
    with pytest.raises(BadTemplateList):
        read_public(bomb, where="here")


def test_more_texts_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two, where one is allowed."""
    monkeypatch.setattr(limits, "PUBLIC_TEXTS_MAX", 1)
    with pytest.raises(LimitExceeded):
        read_public(CONTENT, where="here")


def test_the_shipped_list_has_texts_under_a_licence_each() -> None:
    """Some hundreds, all from origins that name one."""
    shipped = load_shipped()
    assert shipped.texts > 300
    assert {one.licence for one in shipped.sources} <= {"MIT", "Apache-2.0"}
    assert write_public(shipped) == write_public(read_public(write_public(shipped), where="x"))
