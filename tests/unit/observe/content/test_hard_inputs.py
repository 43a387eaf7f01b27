"""Nothing that comes over the wire crashes the kernel or makes it slow."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from typing import Any

import pytest
from batches import KEY, MODEL, batch_of, observe

from stillwatch.domain import limits
from stillwatch.observe.content import sketch_batch

_CPU_S_MAX = 1.0  # a text of 1 MiB takes some 10 ms; the rest is room for a slow machine
_BYTES_MAX = 48 * 2**20  # at work on one text of any length: 41 bytes a byte read, and the tables


def _nest(depth: int) -> str:
    """Make tool calls whose argument is a tool call."""
    call: Any = {"name": "stop"}
    for level in range(depth):
        call = {"name": f"step_{level}", "arguments": [call, '`x` \\ "']}
    return json.dumps(call)


_HARD: dict[str, str | bytes] = {
    "one letter": "a" * 50_000_000,
    "many words": " ".join(
        map(str.format, ["the {0} of pear"] * 3_200_000, map(str, range(3_200_000)))
    ),
    "one digit": "0" * 3_000_000,
    "one word": "a " * 3_000_000,
    "Han": "中" * 1_000_000,
    "Hangul": "한" * 1_000_000,
    "ligatures": "ﬃ" * 1_000_000,
    "quotation marks": '"' * 3_000_000,
    "quoted letters": '"a`b' * 700_000,
    "combining marks": "a" + "\u0301" * 1_000_000,
    "zero width": "\u200b" * 1_000_000,
    "lone surrogates": "\ud800\udfff" * 500_000,
    "10,000 turns": "Human: go on\n\nAssistant: yes\n\n" * 10_000,
    "nested tool calls": _nest(400) * 20,
    "NUL": "\x00" * 1_000_000,
    "binary": random.Random(1).randbytes(3_000_000),
    "empty": "",
}


@pytest.mark.parametrize("name", list(_HARD))
def test_hard_texts_are_bounded(name: str) -> None:
    """Only the head is read, so time, memory, words and sketches have bounds; a row comes out."""
    batch = batch_of([_HARD[name]])
    observe(["warm up"])
    tracemalloc.start()
    began = time.process_time()
    (row,) = sketch_batch(batch, key=KEY, model=MODEL).to_pylist()
    took, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < _CPU_S_MAX
    assert peak < _BYTES_MAX
    assert 0 <= row["prompt_words"] <= limits.PROMPT_BYTES_MAX
    assert len(row["sketch"]) <= limits.SKETCH_HASHES_MAX
    assert len(row["skeleton"]) <= limits.SKELETON_HASHES_MAX
    assert len(row["gist"]) <= limits.GIST_HASHES_MAX
    assert None not in {row["prompt_hash"], row["tactic_probability"], row["capability"]}


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
