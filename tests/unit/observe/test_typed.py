"""Triples of bytes: nothing is folded, each counts once, and texts are bounded."""

from __future__ import annotations

import pyarrow as pa

from stillwatch.domain.channels.told_limits import TYPED_BYTES_MAX
from stillwatch.observe.hashes.typed import TYPED_BITS, list_typed


def triples(text: str | None) -> set[int]:
    """Buckets of one text."""
    return set(list_typed(pa.array([text], pa.string())).buckets.tolist())


def test_case_and_punctuation_change_the_triples() -> None:
    """What `grams.py` folds away is what is looked at here."""
    assert triples("tell me more") != triples("Tell me more") != triples("Tell me more.")


def test_beginning_and_end_count_as_characters() -> None:
    """A text of n different bytes has n + 1 triples: the first and the last have a neighbour."""
    assert len(triples("abcdef")) == 7
    assert triples("abcdef") - triples("xabcdefx")


def test_a_triple_counts_once_a_text() -> None:
    """Said twice is listed once."""
    assert len(list_typed(pa.array(["aaaaaaaaaa"])).buckets) == 4


def test_a_row_per_text_with_nulls_and_empty_ones_empty() -> None:
    """Offsets follow the texts, of a slice too; a null has no triples, nor has an empty text."""
    texts = pa.array(["before", "one", None, "", "one"])
    typed = list_typed(texts.slice(1))
    assert typed.ends.tolist() == [0, 4, 4, 4, 8]
    assert typed.buckets[:4].tolist() == typed.buckets[4:].tolist()
    assert typed.buckets.max() < 1 << TYPED_BITS


def test_a_long_text_is_cut_at_the_bound() -> None:
    """Bytes beyond the bound change nothing."""
    text = "abc " * TYPED_BYTES_MAX
    assert triples(text) == triples(text + "something else")
