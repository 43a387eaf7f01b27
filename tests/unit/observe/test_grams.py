"""Hashed features of a reservoir's texts: the same words as the one pass reads, bounded."""

from __future__ import annotations

import pyarrow as pa

from stillwatch.observe.hashes.grams import GRAMS_MAX, list_grams


def features(text: str | None) -> set[int]:
    """Features of one text."""
    grams = list_grams(pa.array([text], pa.string()))
    return set(grams.hashes.tolist())


def test_case_width_and_vanishing_characters_do_not_change_the_features() -> None:
    """What the one pass folds, this folds."""
    assert features("Hello WORLD") == features("hello wor\u200bld")


def test_order_changes_the_pairs_and_not_the_words() -> None:
    """Two texts of the same words share some features and not all."""
    first, second = features("red green blue"), features("blue green red")
    assert first & second
    assert first - second


def test_a_row_per_text_with_nulls_and_empty_ones_empty() -> None:
    """Offsets follow the texts; a null has no features, nor has an empty text."""
    grams = list_grams(pa.array(["one two", None, "", "three"]))
    assert list(grams.words) == [2, 0, 0, 1]
    assert grams.ends[1] == grams.ends[2] == grams.ends[3] < grams.ends[4] == len(grams.hashes)


def test_a_long_text_is_cut_at_the_bound() -> None:
    """Ten thousand different words keep GRAMS_MAX features, and all words are counted."""
    grams = list_grams(pa.array([" ".join(f"word{chr(97 + i % 26)}x{i:x}" for i in range(10_000))]))
    assert len(grams.hashes) == GRAMS_MAX
    assert grams.words[0] >= 10_000
