"""What the model hears of a text's layout: labels that come back, open ends, indents, and no more.

Each test reads texts by the kernel itself and compares the features behind those of the words.
"""

from __future__ import annotations

import random
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.domain import limits
from stillwatch.domain.keyed import text_buffers
from stillwatch.observe.content.characters import character_table
from stillwatch.observe.content.kernels import list_features, read_words
from stillwatch.observe.content.layout import BREAKS_MAX, LAYOUT_MAX, SCAFFOLD_MAX
from stillwatch.observe.content.rows import make_room, read_features

_TABLE = character_table()
_CPU_S_MAX = 1.0
_HAN = "中"


def _layout(text: str | bytes) -> list[int]:
    """Give the features of a text's layout alone."""
    column = pa.array([text], pa.large_string() if isinstance(text, str) else pa.large_binary())
    data, offsets = text_buffers(column)
    end = min(int(offsets[1]), limits.PROMPT_BYTES_MAX)
    work = make_room(end + 1)
    words = make_room(end + 1)
    first, last = read_features(data, (0, end), _TABLE, work, 1)
    count = read_words(data, 0, end, _TABLE, *words[0][:2])
    assert first == list_features(words[0][1], count, words[2], 1, words[1])[0]
    _, spoken = list_features(words[0][1], count, words[2], 2, words[1])
    return [int(feature) for feature in work[1][spoken:last]]


def _blocks(question: str, answer: str, many: int, *, colon: str = ":", end: str = "") -> str:
    shown = [f"{question}{colon} pears {i}a\n{answer}{colon} so we go {i}" for i in range(many)]
    return "\n\n".join([*shown, f"{question}{colon} plums\n{answer}{colon}{end}"])


def test_one_line_without_a_label_has_its_last_mark_alone() -> None:
    """Most chat has no layout: one feature, however long it is."""
    assert _layout("what is this?") == _layout("and " * 300 + "that?")
    assert _layout("what is this?") != _layout("what is this")
    assert len(set(_layout("hi"))) == 1


def test_letters_and_numbers_of_any_script_end_alike() -> None:
    """A text that ends with a word ends with a word, in any case, composed or not."""
    ends = ["pear", "PEAR", "pear 7", f"{_HAN}{_HAN}", "кот", "e\u0301", "é", "한"]
    assert len({tuple(_layout(end)) for end in ends}) == 1


@pytest.mark.parametrize(
    ("question", "answer", "colon"),
    [
        ("Q", "A", ":"),
        ("Problem", "Work it out", ":"),
        ("问", "答", "\uff1a"),
        ("Вопрос", "Ответ", ":"),
    ],
)
def test_labels_that_come_back_are_the_same_layout_in_any_script(
    question: str, answer: str, colon: str
) -> None:
    """The figures of a layout don't depend on what its labels say; the words behind them do."""
    plain = _layout(_blocks("Input", "Output", 3))
    other = _layout(_blocks(question, answer, 3, colon=colon))
    shared = set(plain) & set(other)
    assert len(shared) >= 9
    assert len(set(_layout(_blocks(question, answer, 1, colon=colon))) & set(plain)) < len(shared)


def test_more_blocks_are_told_from_fewer() -> None:
    """How often a label comes back is a figure, up to a bound."""
    seen = {tuple(_layout(_blocks("Q", "A", many))) for many in (1, 2, 3, 4)}
    assert len(seen) == 4
    assert _layout(_blocks("Q", "A", 40)) == _layout(_blocks("Q", "A", 50))


def test_an_open_end_is_told_from_an_answered_one() -> None:
    """`A:` at the end, after labels like it, is where an answer would begin."""
    assert set(_layout(_blocks("Q", "A", 3))) != set(_layout(_blocks("Q", "A", 3, end=" yes")))
    assert set(_layout("A: one\nB:")) != set(_layout("A: one\nB: two"))


def test_numbers_of_labels_do_not_matter() -> None:
    """`Example 1` and `Example 2` are one label."""
    numbered = "Example 1: pears go\nExample 2: pears go\nExample 3:"
    plain = "Example: pears go\nExample: pears go\nExample:"
    assert len(set(_layout(numbered)) & set(_layout(plain))) >= 10


def test_the_same_words_behind_a_label_are_heard() -> None:
    """A scaffold that repeats differs from labels with something new behind each."""
    same = "A: let us go on\nA: let us go off\nA: let us"
    new = "A: let us go on\nA: we may go off\nA: one two"
    assert set(_layout(same)) != set(_layout(new))


def test_words_behind_a_label_are_heard_in_the_middle_of_a_long_text() -> None:
    """The model reads forty words of either end, and what stands behind a label that came back."""
    filling = "\n" + "pears and plums and quinces and so on\n" * 30
    one = f"start{filling}A: let us weigh it\n{filling}A: let us weigh it\n{filling}end"
    two = one.replace("weigh", "paint")
    assert set(_layout(one)) ^ set(_layout(two))


def test_an_indented_open_body_is_told_from_prose() -> None:
    """A stub ends indented, behind the marks that close a docstring."""
    stub = 'def f(a, b):\n    """Add them.\n    """'
    assert set(_layout(stub)) != set(_layout(stub.replace("    ", "")))
    assert set(_layout(stub)) != set(_layout(stub + "\n    return a + b"))


def test_times_and_addresses_are_no_labels() -> None:
    """A colon before a digit or a slash separates nothing."""
    assert _layout("at 12:30 or http://x by noon") == _layout("at noon or there by noon")


def test_a_row_takes_nothing_from_the_row_before_it() -> None:
    """A line feed that begins a text doesn't look at the byte before the text."""
    column = pa.array(["a {", "\nb", "a x", "\nb"])
    data, offsets = text_buffers(column)
    listed = []
    for row in (1, 3):
        work = make_room(16)
        first, last = read_features(data, (offsets[row], offsets[row + 1]), _TABLE, work, 1)
        listed.append(work[1][first:last].tolist())
    assert listed[0] == listed[1]


@pytest.mark.parametrize("text", ["", "\n", ":", "\n" * 40, ": : :", " ", "\n:\n:", "\uff1a"])
def test_texts_without_words_have_a_layout_of_few_features(text: str) -> None:
    """Nothing to read is no failure."""
    assert len(_layout(text)) <= LAYOUT_MAX


@pytest.mark.parametrize(
    "piece",
    ["\n", ":\n", "a:\n", "a\n", "{n}a: b c d e f g h\n", f"{_HAN}:", f"{_HAN}\n", " \n\t", "a : "],
)
def test_huge_texts_cost_no_more_than_their_bytes(piece: str) -> None:
    """Of more breaks than are kept the last ones count; features and time have bounds."""
    text = (piece * (2_000_000 // len(piece.encode()))).replace("{n}", "x")
    _layout("warm up")
    began = time.process_time()
    listed = _layout(text)
    assert time.process_time() - began < _CPU_S_MAX
    assert len(listed) <= LAYOUT_MAX


def test_only_the_last_breaks_count() -> None:
    """What a long text begins with is forgotten by its layout."""
    tail = "pears and plums and quinces and more\n" * (BREAKS_MAX + 1)
    assert _layout("Q: a\nQ: b\nQ: c\n" + tail) == _layout("x\n" + tail)


def test_words_behind_labels_are_few() -> None:
    """A text of many labels doesn't drown in the words behind them."""
    chance = random.Random(1)
    names = [f"{chance.randbytes(4).hex()}x" for _ in range(200)]
    text = "\n".join(f"{name}: a b c d e f\n{name}: a b c d e f" for name in names)
    assert SCAFFOLD_MAX < len(_layout(text)) <= LAYOUT_MAX


@given(st.binary(max_size=300), st.integers(1, 400))
@settings(deadline=None, max_examples=60)
def test_any_bytes_have_a_bounded_layout(piece: bytes, times: int) -> None:
    """Whatever comes, the same twice, within the room and the time."""
    began = time.process_time()
    listed = _layout(piece * times)
    assert len(listed) <= LAYOUT_MAX
    assert listed == _layout(piece * times)
    assert time.process_time() - began < _CPU_S_MAX
