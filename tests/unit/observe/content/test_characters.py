"""Folding agrees with Unicode where it means to, under every version of Python."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from batches import observe

from stillwatch.observe.content.characters import (
    DIGIT,
    KIND,
    KIND_BITS,
    LETTER,
    LETTER_BITS,
    LETTER_MASK,
    LIGATURE,
    SEPARATE,
    VANISH,
    character_table,
)
from stillwatch.observe.content.foldings import FOLDED
from stillwatch.observe.content.function_words import FUNCTION_WORDS, function_table, hash_word

_TABLE = character_table()
_FOLDED_SCRIPTS = (
    (0xC0, 0x250),
    (0x386, 0x3F0),
    (0x400, 0x530),
    (0x1E00, 0x2000),
    (0x3041, 0x30FF),
)
_NEW_OR_ODD_MAX = 8  # characters: what a newer Unicode adds, and old letters nobody types


def fold(text: str) -> str:
    """Read a text as the table has it: kinds that vanish gone, ligatures apart."""
    found = []
    for letter in text:
        entry = int(_TABLE[ord(letter)])
        kind, value = entry & KIND, entry >> KIND_BITS
        if kind == LIGATURE:
            while value:
                found.append(chr(value & LETTER_MASK))
                value >>= LETTER_BITS
        elif kind != VANISH:
            found.append(chr(value))
    return "".join(found)


def letters_of(ranges: tuple[tuple[int, int], ...]) -> list[str]:
    """List the letters that this Python's Unicode knows in ranges."""
    every = (chr(code) for start, end in ranges for code in range(start, end))
    return [letter for letter in every if unicodedata.category(letter).startswith("L")]


def test_composed_and_decomposed_letters_fold_alike() -> None:
    """NFC and NFD of one text have one hash: Latin, Greek, Cyrillic, Kana."""
    letters = letters_of(_FOLDED_SCRIPTS)
    odd = [c for c in letters if fold(c) != fold(unicodedata.normalize("NFD", c))]
    assert len(letters) > 1_400
    assert len(odd) <= _NEW_OR_ODD_MAX, odd


def test_capitals_fold_to_what_their_small_letters_fold_to() -> None:
    """Whatever Python calls the small letter: the sharp s and the dotted I of Turkish too."""
    letters = letters_of(_FOLDED_SCRIPTS)
    odd = [c for c in letters if fold(c) != fold(c.lower())]
    assert len(odd) <= _NEW_OR_ODD_MAX, odd
    assert fold("STRASSE") == fold("straße") == "strasse"
    assert fold("\u0130I\u0131i") == "iiii"


def test_latin_letters_with_marks_fold_to_their_base() -> None:
    """What compatibility decomposition calls the base letter, the table does too."""
    for letter in letters_of(((0xC0, 0x250), (0x1E00, 0x1F00))):
        base = unicodedata.normalize("NFKD", letter)[0]
        if base.isascii() and base.isalpha():
            assert fold(letter)[0] == base.lower(), letter


def test_ascii_folds_case_and_nothing_else() -> None:
    """The sketches of plain English never change with this table."""
    for code in range(0x80):
        letter = chr(code)
        kind = int(_TABLE[code]) & KIND
        expected = LETTER if letter.isalpha() else DIGIT if letter.isdigit() else SEPARATE
        assert kind == expected
        assert expected == SEPARATE or fold(letter) == letter.lower()


@pytest.mark.parametrize(
    "alphabet", ["абвгдежзиклмнопрстуфхцчшщъыьэюя", "αβγδεζηθικλμνξοπρστυφχψω"]
)
def test_no_two_letters_of_one_alphabet_fold_to_one(alphabet: str) -> None:
    """Russian and Greek words stay apart although their look-alikes read as Latin."""
    assert len(set(map(fold, alphabet))) == len(alphabet)


def test_folding_is_settled_after_one_step() -> None:
    """What a letter folds to folds to itself."""
    odd = [c for first, run in FOLDED for c in run if fold(c) != c and len(fold(c)) == 1]
    assert odd == []
    assert _TABLE.nbytes <= 2**19  # half a megabyte: with the filter it fits the second-level cache


@pytest.mark.parametrize(
    "text",
    [
        "한국어 문장을 읽습니다",
        "ガギグゲゴ パピプペポ",
        "Ünïcödé naïve façade",
        "Привёз ёлку й",
        "أحمد إلى آخر",
    ],
    ids=["Korean", "Kana", "Latin", "Russian", "Arabic"],
)
def test_a_decomposed_text_has_the_hashes_of_the_composed_one(text: str) -> None:
    """Through the kernel: every observation is the same, Hangul included."""
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert composed != decomposed
    one, two = observe([composed, decomposed])
    assert {**one, "system_hash": 0} == {**two, "system_hash": 0}


@pytest.mark.parametrize(
    ("dressed", "plain"),
    [
        ("eﬃcient oﬀers ﬂow", "efficient offers flow"),
        ("Ærø œuvre Ĳssel", "aero oeuvre ijssel"),
        ("Ⅻ Ⅵ ⅳ", "xii vi iv"),
        ("\U0001d7da\U0001d7db pears", "23 pears"),
        ("\U0001f130\U0001f131", "ab"),
        ("ﾊﾟｿｺﾝ", "パソコン"),
    ],
    ids=["ligatures", "letters of two", "Roman", "mathematical digits", "squares", "half width"],
)
def test_compatibility_forms_read_as_what_they_stand_for(dressed: str, plain: str) -> None:
    """One character may be several letters, above the basic plane too."""
    one, two = observe([dressed, plain])
    assert one["prompt_hash"] == two["prompt_hash"]


def test_marks_that_carry_vowels_are_kept() -> None:
    """Indic vowel signs tell words apart: only accents, points and other dress vanish."""
    assert len({fold(word) for word in ("कि", "की", "कु", "क")}) == 4


def test_function_words_are_found_by_the_hash_of_the_kernel() -> None:
    """Python's hash of a word is the kernel's: each word sets its bit, and few bits are set."""
    table = function_table(_TABLE)
    for word in FUNCTION_WORDS.split():
        slot = hash_word(word, _TABLE) >> 48
        assert int(table[slot // 64]) >> slot % 64 & 1
    assert np.bitwise_count(table).sum() < 0.02 * 2**16
