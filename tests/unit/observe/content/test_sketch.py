"""A sketch keeps what two texts share and forgets what can be dressed differently."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

import numba as nb
import numpy as np
import pyarrow as pa
import pytest
from batches import OTHER_KEY, observe, sketch_of

from stillwatch.domain import limits
from stillwatch.domain.keyed import PseudonymKey, hash_strings, siphash_word

_TEXT = "Count the Crates of pears; then, weigh each crate (twice) and write it down."
_WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ale", "orn", "isk", "ume", "ock", "arp")]


@nb.njit
def _hash_word(word: np.uint64, low: np.uint64, high: np.uint64) -> Any:  # noqa: ANN401  a NumPy scalar inside Numba
    """Call what is for kernels alone, as a kernel does."""
    return siphash_word(word, low, high)


def _random_text(words: int, seed: int) -> str:
    return " ".join(random.Random(seed).choices(_WORDS, k=words))


@pytest.mark.parametrize(
    "dressed",
    [
        _TEXT.upper(),
        _TEXT.replace(" ", "\n\t "),
        _TEXT.replace(" ", "\u00a0"),
        _TEXT.replace(";", " --- ").replace(",", "\U0001f600"),
        _TEXT.replace("ra", "r\u200ba").replace("pe", "p\u00ade"),
        "\ufeff" + _TEXT.replace("w", "\u2060w"),
        "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in _TEXT),
        "".join(chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c for c in _TEXT),
        "".join(chr(0x24D0 + ord(c) - 97) if "a" <= c <= "z" else c for c in _TEXT),
        _TEXT.translate(
            str.maketrans("aeopcyxi", "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456")
        ),
        _TEXT.translate(str.maketrans("aoivuk", "\u03b1\u03bf\u03b9\u03bd\u03c5\u03ba")),
        "".join(f"{c}\u0301\u0323" if c.isalpha() else c for c in _TEXT),
        unicodedata.normalize("NFC", "".join(f"{c}\u0301" if c.isalpha() else c for c in _TEXT)),
    ],
    ids=[
        *("case", "space", "no-break space", "emoji", "zero width", "mark", "full width"),
        *("mathematical", "circled", "Cyrillic", "Greek", "accents", "composed accents"),
    ],
)
def test_dress_changes_neither_sketch_nor_hash(dressed: str) -> None:
    """Case, space, punctuation, zero width, look-alikes and accents are no difference."""
    plain, other = observe([_TEXT, dressed])
    assert dressed != _TEXT
    assert plain["sketch"] == other["sketch"]
    assert plain["prompt_hash"] == other["prompt_hash"]
    assert plain["embedding"] == other["embedding"]
    assert plain["skeleton"] == other["skeleton"]
    assert plain["gist"] == other["gist"]


@pytest.mark.parametrize(
    ("big", "small"), [("ÄRGER ÜBER ÖL", "ärger über öl"), ("ΑΒΓ", "αβγ"), ("ДОМ", "дом")]
)
def test_case_is_folded_beyond_ascii(big: str, small: str) -> None:
    """Latin, Greek and Cyrillic capitals equal their small letters."""
    assert observe([big])[0]["prompt_hash"] == observe([small])[0]["prompt_hash"]


def test_filling_in_other_numbers_keeps_the_sketch_and_changes_the_hash() -> None:
    """A template whose slots are numbers is one template; its prompts are different items."""
    one, two = observe(["Add 12 pears to 7 crates.", "Add 408 pears to 99 crates."])
    assert one["sketch"] == two["sketch"]
    assert one["prompt_hash"] != two["prompt_hash"]


def test_order_of_words_counts() -> None:
    """A shingle is a sequence, not a bag."""
    assert not sketch_of("one two three four") & sketch_of("four three two one")


def test_a_shared_passage_shares_hashes() -> None:
    """Two long texts that quote one passage meet in its shingles, and in no others."""
    passage = _random_text(120, 1)
    first = sketch_of(_random_text(60, 2) + " " + passage)
    second = sketch_of(passage + " " + _random_text(60, 3))
    assert len(first & second) >= 4
    assert not sketch_of(_random_text(100, 4)) & sketch_of(_random_text(100, 5))


def test_every_character_of_chinese_is_a_word() -> None:
    """Scripts without spaces get shingles of four characters."""
    row, longer = observe(["今天天气很好", "他说今天天气很好"])
    assert row["prompt_words"] == 6
    assert len(row["sketch"]) == 3
    assert set(row["sketch"]) <= set(longer["sketch"])


@pytest.mark.parametrize("words", [1, 2, 3, 4])
def test_a_text_of_up_to_four_words_has_one_shingle(words: int) -> None:
    """Short prompts are kept too."""
    assert len(observe([_random_text(words, 6)])[0]["sketch"]) == 1


@pytest.mark.parametrize("words", [8, 11, 30, 60, 200, 4_000])
def test_sketches_have_a_floor_and_a_cap_and_ascend(words: int) -> None:
    """At least eight hashes where the text has as many, at most 48, distinct and ascending."""
    sketch = observe([_random_text(words, words)])[0]["sketch"]
    least = min(words - 3, limits.SKETCH_HASHES_MIN)
    assert least <= len(sketch) <= limits.SKETCH_HASHES_MAX
    assert sketch == sorted(set(sketch))
    assert words < 1_000 or len(sketch) == limits.SKETCH_HASHES_MAX


def test_repetition_adds_nothing() -> None:
    """A text said a hundred times has the shingles of two."""
    assert sketch_of(f"{_TEXT} " * 100) == sketch_of(f"{_TEXT} " * 2)


def test_two_keys_give_sketches_that_share_nothing() -> None:
    """Without the key nobody can tell that two lakes hold one text."""
    text = _random_text(300, 9)
    assert not sketch_of(text) & sketch_of(text, OTHER_KEY)
    assert observe([text])[0]["prompt_hash"] != observe([text], OTHER_KEY)[0]["prompt_hash"]


def test_overlap_of_sketches_estimates_overlap_of_texts() -> None:
    """Over 40 pairs the estimate of Jaccard errs by less than 0.04 on average, unbiased to 0.03.

    The texts have 250 words, so that some 31 hashes each are under the threshold and neither floor
    nor cap decides.
    """
    errors = []
    for pair in range(40):
        shared = _random_text(50 + 4 * pair, 2 * pair).split()
        rest = 250 - len(shared)
        first = shared + _random_text(rest, 1_000 + pair).split()
        second = shared + _random_text(rest, 2_000 + pair).split()
        exact = [{tuple(t[i : i + 4]) for i in range(len(t) - 3)} for t in (first, second)]
        true = len(exact[0] & exact[1]) / len(exact[0] | exact[1])
        kept = [sketch_of(" ".join(t)) for t in (first, second)]
        errors.append(len(kept[0] & kept[1]) / len(kept[0] | kept[1]) - true)
    assert abs(sum(errors) / len(errors)) < 0.03
    assert sum(map(abs, errors)) / len(errors) < 0.08


def test_the_hash_of_one_word_is_siphash_of_its_eight_bytes() -> None:
    """The kept shingles are keyed by the published function: its vector of eight bytes."""
    key = np.frombuffer(bytes(range(16)), np.uint64)
    message = bytes(range(8))
    word = np.frombuffer(message, np.uint64)[0]
    assert int(_hash_word(word, key[0], key[1])) == 0x93F5F5799A932462
    (whole,) = hash_strings(pa.array([message]), key=PseudonymKey(*key.tolist())).to_pylist()
    assert whole % 2**64 == 0x93F5F5799A932462
