"""Pools of made-up prompts, and windows drawn from them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from stillwatch.detect.distribution.features import Features
from stillwatch.detect.distribution.items import I64, Items, make_items
from stillwatch.detect.distribution.windows import Windows, mark_members, sum_windows
from stillwatch.observe.hashes.grams import list_grams
from stillwatch.observe.hashes.typed import list_typed


def itemise(texts: list[str]) -> Items:
    """Make items of texts."""
    grams = list_grams(pa.array(texts))
    prompts = np.array([sum(t.encode()) * 7919 + len(t) for t in texts], np.int64)
    typed = list_typed(pa.array(texts))
    return make_items(
        (grams.ends, grams.hashes),
        (typed.ends, typed.buckets),
        words=grams.words,
        prompts=prompts,
    )


def spell(number: int) -> str:
    """Spell a number in letters, because digits are masked."""
    return "".join(chr(97 + int(d)) for d in str(number)) + "q"


def say(rng: np.random.Generator, count: int, *, voice: str = "people") -> list[str]:
    """Make prompts: words of a Zipf law, of a voice's own with a chance of one half."""
    own = {"people": 0.0, "harvest": 0.5}[voice]
    texts = []
    for size in rng.integers(5, 20, count):
        usual = rng.zipf(1.5, size) % 800
        words = [spell(w) if rng.random() > own else f"{voice}{spell(w % 40)}" for w in usual]
        texts.append(" ".join(words))
    return texts


def draw(features: Features, rng: np.random.Generator, *, size: int, windows: int) -> Windows:
    """Draw windows without replacement inside a window."""
    rows = [rng.choice(len(features), size, replace=False) for _ in range(windows)]
    return sum_windows(features, mark_members(np.array(rows), exchanges=len(features)))


def cut(features: Features, rng: np.random.Generator, *, size: int) -> Windows:
    """Cut all exchanges into windows that don't overlap."""
    windows = len(features) // size
    rows: I64 = rng.permutation(len(features))[: windows * size].reshape(windows, size)
    return sum_windows(features, mark_members(rows, exchanges=len(features)))
