"""Nothing that comes over the wire crashes the kernel or makes it slow."""

from __future__ import annotations

import time

import pytest
from batches import observe

from stillwatch.domain import limits

_SECONDS_MAX = 2.0  # a text of 1 MiB takes about 10 ms; the rest is room for a busy machine


@pytest.mark.parametrize(
    "text",
    [
        "a" * 50_000_000,
        "0" * 3_000_000,
        "a " * 3_000_000,
        "中" * 1_000_000,
        "\u200b" * 1_000_000,
        "Human: go on\n\nAssistant: yes\n\n" * 10_000,
        "\x00" * 1_000_000,
    ],
    ids=["one letter", "one digit", "one word", "Han", "zero width", "10,000 turns", "NUL"],
)
def test_huge_texts_are_bounded(text: str) -> None:
    """Only the head is read, so time, words and sketch have bounds."""
    observe(["warm up"])
    began = time.perf_counter()
    row = observe([text])[0]
    assert time.perf_counter() - began < _SECONDS_MAX
    assert row["prompt_words"] <= limits.PROMPT_BYTES_MAX
    assert len(row["sketch"]) <= limits.SKETCH_HASHES_MAX


def test_only_the_head_is_read() -> None:
    """What stands behind the bound changes nothing."""
    head = "pear " * (limits.PROMPT_BYTES_MAX // 5 + 1)
    one, two = observe([head + "and more", head + "or less"])
    assert one == two


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe",
        b"\xc3",
        b"\xe4\xb8",
        b"\xf0\x9f\x98",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\x80\x80",
        b"\xf5",
    ],
)
def test_broken_utf8_separates_words(raw: bytes) -> None:
    """Bytes that are no character end a word; the words around them stay."""
    whole, broken = observe(["pears and crates", b"pears and" + raw + b"crates"])
    assert broken["prompt_words"] == whole["prompt_words"]
    assert broken["prompt_hash"] == whole["prompt_hash"]


def test_a_character_cut_by_the_end_of_its_row_takes_nothing_from_the_next() -> None:
    """The next row's first byte isn't read as the rest of a character."""
    cut, following = observe([b"pear \xe4\xb8", b"\xad crate"])
    assert cut["prompt_hash"] == observe(["pear"])[0]["prompt_hash"]
    assert following["prompt_hash"] == observe(["crate"])[0]["prompt_hash"]
