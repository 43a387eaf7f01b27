"""Two numbers that follow one another survive what a rewriter does to the words around them."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from batches import KEY, MODEL, OTHER_KEY, batch_of, observe

from stillwatch.domain import limits
from stillwatch.domain.keyed import CONTENT_MASK
from stillwatch.observe.content import sketch_batch

_TASK = "A mill ships 415 crates on Monday and 482 on Friday. How many crates is that in all?"


def _hash(text: str) -> int | None:
    value: int | None = observe([text])[0]["numbers_hash"]
    return value


@pytest.mark.parametrize(
    "text",
    [
        "On Monday 415 boxes leave the factory, and 482 more of them on Friday: give the total.",
        "Am Montag verschickt eine Mühle 415 Kisten, am Freitag 482. Wie viele sind das?",
        "月曜日に415箱、金曜日に482箱を送ります。全部で何箱ですか。",
        "482 crates came on Friday, after 415 on Monday. What is the sum?",
        "Think step by step. [Task] 415 + 482 = ?",
        "Monday: ４１５, Friday: ４８２.",  # noqa: RUF001  full-width digits
    ],
    ids=["other words", "German", "Japanese", "other order", "bare", "full width"],
)
def test_a_task_keeps_its_numbers_whoever_words_it(text: str) -> None:
    """In other words, in another language, in another order: the hash is the same."""
    assert _hash(text) == _hash(_TASK) is not None


@pytest.mark.parametrize("text", ["", "no number at all", "one number, 415, and no other", "四百"])
def test_without_two_numbers_there_is_none(text: str) -> None:
    """One number is anybody's."""
    assert _hash(text) is None


def test_other_numbers_are_another_hash() -> None:
    """And so are the same ones with another between them."""
    others = ["415 and 483", "415, then 7, then 482", "41 and 5482", "4 15 482"]
    hashes = [_hash(text) for text in (_TASK, *others)]
    assert len(set(hashes)) == len(hashes)


def test_a_frame_with_numbers_of_its_own_mostly_leaves_it_alone() -> None:
    """One pair is kept of all: a frame that has pairs takes its share of the cases and no more."""
    agree = sum(
        _hash(f"{k} of {k + 7} apples and {k + 31} pears, how many?")
        == _hash(f"Take 3 steps. {k} of {k + 7} apples and {k + 31} pears, how many?")
        for k in range(1_000, 1_200)
    )
    assert 100 < agree < 175  # two pairs of three in theory


def test_it_is_keyed_and_has_the_bits_of_content() -> None:
    """Whoever lacks the key learns no number from it; order of rows and batches is irrelevant."""
    batch = batch_of([_TASK, None, "7 and 9"])
    first, second = (sketch_batch(batch, key=key, model=MODEL) for key in (KEY, OTHER_KEY))
    own, other = (told.column("numbers_hash").to_pylist() for told in (first, second))
    assert own[1] is None
    assert all(value & ~CONTENT_MASK == 0 for value in own if value is not None)
    assert not set(own) & set(other) - {None}


def test_many_numbers_cost_one_hash_and_no_more_than_their_bytes() -> None:
    """A table of numbers up to the bound of a text has one pair; what is beyond is not read."""
    table = " ".join(str(n) for n in itertools.islice(itertools.count(10**6), 200_000))
    assert len(table) > limits.PROMPT_BYTES_MAX
    told = _hash(table)
    assert told is not None
    assert told == _hash(table[: limits.PROMPT_BYTES_MAX])
    column = observe([table])[0]
    assert isinstance(column["numbers_hash"], int)
    assert pa.scalar(told).type == pa.int64()
