"""The grammar writes what was ordered, and its words are words."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch_lab.text import ITEM_SPACE, Order, grammar, mix
from stillwatch_lab.text.items import ITEMS
from stillwatch_lab.text.sentences import ASK, CLOSE, CONTEXT, DETAIL, FOLLOW_UP
from stillwatch_lab.text.templates import HARVESTS
from stillwatch_lab.text.topics import TOPICS
from stillwatch_lab.text.words import gerund, list_names, third_person, with_article


def order_items(kind: str, items: np.ndarray, *, voice: int = 5) -> Order:
    """Order one item each, all in one voice and pattern, so that only their numbers differ."""
    size = len(items)
    pattern = np.full(size, grammar().patterns(kind)[0])
    return Order(np.arange(size), pattern, np.zeros(size, int), np.full(size, voice), items)


def test_there_are_forty_topics_and_thousands_of_words() -> None:
    """The vocabulary is as large as the issue asks."""
    words = {word for topic in TOPICS for word in (*topic.nouns, *topic.verbs, *topic.adjectives)}
    assert len(TOPICS) >= 40
    assert len(words) > 1_200
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@pytest.mark.parametrize("kind", sorted(ITEMS))
def test_two_items_are_never_the_same_text(kind: str) -> None:
    """Equal in voice, topic and pattern, two numbers still give two texts."""
    items = np.random.default_rng(1).permutation(ITEM_SPACE)[:3_000]
    texts = grammar().write(np.random.default_rng(2), order_items(kind, items))
    assert texts.n_unique() == 3_000


def test_every_item_pattern_tells_its_number() -> None:
    """Both halves of the number stand in each pattern, or items could repeat."""
    assert all("{i}" in text and "{j}" in text for texts in ITEMS.values() for text in texts)
    assert ITEMS.keys() >= HARVESTS.keys()


def test_sentences_of_one_text_are_joined_and_texts_kept_apart() -> None:
    """Three texts of two, one and three sentences come back as three strings, no slot unfilled."""
    asks = grammar().patterns("ask")
    text = np.array([0, 0, 1, 2, 2, 2])
    size = len(text)
    zeros = np.zeros(size, int)
    written = grammar().write(
        np.random.default_rng(0), Order(text, np.full(size, asks[0]), zeros, zeros, zeros)
    )
    assert [one.count("How can I ") for one in written] == [2, 1, 3]
    assert not any("{" in one or one.endswith(" ") for one in written)


def test_the_same_seed_writes_the_same() -> None:
    """Writing is a function of the generator and the order."""
    order = order_items("code", np.arange(50))
    first, again = (grammar().write(np.random.default_rng(9), order) for _ in range(2))
    assert first.equals(again)


def test_few_literal_words_stand_together() -> None:
    """At most one pattern of a chat puts four literal words in a row."""
    runs = []
    for pattern in (*ASK, *CONTEXT, *DETAIL, *CLOSE, *FOLLOW_UP):
        literal = " ".join("|" if word.startswith("{") or "{" in word else word
                           for word in pattern.split())  # fmt: skip
        runs += [part for part in literal.split("|") if len(part.split()) >= 4]
    assert runs == ["Can you explain how to "]


def test_mix_is_one_to_one() -> None:
    """Scattered numbers stay different: identifiers are made of them."""
    assert len(np.unique(mix(np.arange(100_000)))) == 100_000


def test_words_are_inflected() -> None:
    """Third person, gerund and article follow the usual rules."""
    assert [third_person(verb) for verb in ("bake", "polish", "tidy", "stay")] == [
        "bakes",
        "polishes",
        "tidies",
        "stays",
    ]
    assert [gerund(verb) for verb in ("bake", "trim", "soak", "mix", "agree")] == [
        "baking",
        "trimming",
        "soaking",
        "mixing",
        "agreeing",
    ]
    assert [with_article(word) for word in ("old", "useful", "urgent", "short")] == [
        "an old",
        "a useful",
        "an urgent",
        "a short",
    ]


def test_made_up_names_are_different_from_one_another() -> None:
    """Four thousand names, each once."""
    assert len(set(list_names(4_000, salt=1))) == 4_000
