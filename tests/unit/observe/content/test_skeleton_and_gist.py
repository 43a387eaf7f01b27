"""A skeleton survives what fills its slots, a gist survives another order; strangers share none."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from batches import KEY, MODEL, OTHER_KEY, batch_of, observe

from stillwatch.domain import limits
from stillwatch.observe.content import sketch_batch, sketch_texts

_WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ale", "orn", "isk", "ume", "ock", "arp")]
_FRAME = (
    "Please tell me in your own words how a {} can be made into the {} that you would have "
    "with {}, and why it is better than what they do in {} when there is no {} left for us."
)


def _fill(seed: int) -> str:
    chance = random.Random(seed)
    slots = [" ".join(chance.choices(_WORDS, k=chance.randint(1, 4))) for _ in range(5)]
    return _FRAME.format(*slots)


def _one(text: str) -> dict[str, Any]:
    return observe([text])[0]


def test_slots_leave_the_skeleton_alone() -> None:
    """One template filled in with words of any number is one skeleton, though its sketches vary."""
    rows = observe([_fill(seed) for seed in range(20)])
    assert len({tuple(row["skeleton"]) for row in rows}) == 1
    assert rows[0]["skeleton"]
    assert len({tuple(row["sketch"]) for row in rows}) == 20


@pytest.mark.parametrize(
    ("opening", "closing"),
    [('"', '"'), ("“", "”"), ("«", "»"), ("`", "`"), ("```\n", "\n```"), ("「", "」")],
    ids=["straight", "curly", "angle", "backtick", "fence", "corner"],
)
def test_quotation_and_code_are_slots(opening: str, closing: str) -> None:
    """What stands between the marks may be any words, function words too."""
    said = ("it is what you have", "and then they were there for us in the end of that day")
    one, two = (_one(_FRAME.format("a", "b", f"{opening}{x}{closing}", "c", "d")) for x in said)
    assert one["skeleton"] == two["skeleton"]
    assert one["sketch"] != two["sketch"]


def test_a_stray_quotation_mark_masks_nothing() -> None:
    """A mark that is never closed leaves the text as it is."""
    text = _fill(1)
    assert _one(f'A 5" screen. {text}')["skeleton"] == _one(f"A 5 screen. {text}")["skeleton"]


def test_a_mark_closed_too_late_masks_nothing() -> None:
    """Between two strays of a long text, everything is read."""
    text = " ".join(_fill(seed) for seed in range(12))
    assert _one(f'5" {text} 7" more')["skeleton"] == _one(f"5 {text} 7 more")["skeleton"]


def test_a_gist_survives_swapped_neighbours_and_function_words() -> None:
    """Two content words count in either order, whatever function words stand between them."""
    assert _one("the crates of pears")["gist"] == _one("pears and their crates")["gist"]
    assert len(_one("the crates of pears")["gist"]) == 1
    assert _one("the crates of pears")["gist"] != _one("the crates of plums")["gist"]


def test_numbers_are_no_content() -> None:
    """Other figures leave the gist as it is."""
    assert _one("weigh 12 crates, 7 pears")["gist"] == _one("weigh 9 crates and 400 pears")["gist"]


def test_one_content_word_or_few_steps_give_nothing() -> None:
    """What is too short to tell texts apart isn't kept."""
    row = _one("What is it?")
    assert row["gist"] == row["skeleton"] == []
    assert row["sketch"]


def test_chinese_characters_are_told_by_three() -> None:
    """Two characters that follow one another are too common for a gist: three are compared."""
    one, two, other = observe(["猫咪喜欢睡觉", "猫咪喜欢睡觉。", "狗狗喜欢跑步"])
    assert one["gist"] == two["gist"]
    assert not set(one["gist"]) & set(other["gist"])


@pytest.mark.parametrize("name", ["skeleton", "gist"])
def test_they_are_bounded_ascending_and_keyed(name: str) -> None:
    """A cap however long the text, and nothing that another key would give."""
    text = " ".join(
        _fill(seed) + f" {_WORDS[seed % 72]} is on {_WORDS[-seed % 72]}" for seed in range(400)
    )
    cap = {"skeleton": limits.SKELETON_HASHES_MAX, "gist": limits.GIST_HASHES_MAX}[name]
    kept = _one(text)[name]
    assert len(kept) == cap
    assert kept == sorted(set(kept))
    assert not set(kept) & set(observe([text], OTHER_KEY)[0][name])


def test_strangers_share_neither() -> None:
    """Even texts drawn from one stock of 91 words share fewer than one hash in twenty."""
    chance = random.Random(4)
    function = "the of and in to is that you it for with as on be at by this from or"
    pool = [*_WORDS, *function.split()]
    rows = observe([" ".join(chance.choices(pool, k=120)) for _ in range(60)])
    for name in ("skeleton", "gist"):
        pairs = [(set(a[name]), set(b[name])) for a, b in itertools.pairwise(rows)]
        assert sum(len(a & b) / len(a) for a, b in pairs) / len(pairs) < 0.05


def test_a_system_text_has_the_same_sketches() -> None:
    """What moves from `system` into `prompt` is found by each of them."""
    text = _fill(3)
    system = sketch_texts(pa.array([text]), key=KEY).to_pylist()[0]
    prompt = _one(text)
    for name in ("sketch", "skeleton", "gist"):
        assert system[name] == prompt[name]


def test_probabilities_keep_nine_bits() -> None:
    """Rounding costs no more than a fifth of a percent, and nulls stay null."""
    texts: list[str | bytes | None] = [_fill(seed) for seed in range(50)]
    kept = sketch_batch(batch_of([*texts, None]), key=KEY, model=MODEL)["tactic_probability"]
    values = np.array(kept.to_pylist()[:50])
    assert kept[50].as_py() is None
    assert ((values > 0) & (values < 1)).all()
    assert (values.view(np.int64) % 2**44 == 0).all()
