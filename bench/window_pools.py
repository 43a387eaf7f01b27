"""Pools of prompts for the window benches: read where they lie, made into items, never stored.

Pairs follow the published protocol's four kinds: instruction and benchmark sets against open and
narrow traffic, task-relevant sampling (public prompts nearest to the benign pool), nonsense (words
of the pool in random order), and, harder than published, harvests from within the benign pool:
one intent of seven, and all intents evenly.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stillwatch.detect.distribution.items import Items, make_items
from stillwatch.domain.keyed import PseudonymKey, hash_strings
from stillwatch.observe.hashes.grams import list_grams
from stillwatch.observe.hashes.typed import list_typed

BENIGN_MAX, ATTACK_MAX = 9_000, 1_000
CHARS = 2_500
KEY = PseudonymKey(1, 2)

Texts = list[tuple[str, str]]
"""`(id, text)` of each prompt."""


@dataclass(frozen=True)
class Pair:
    """A benign pool and a harvest's pool."""

    name: str
    benign: str
    attack: Callable[[Path, Texts, np.random.Generator], tuple[Texts, Texts]]
    """Gives (what stays benign, what is harvested)."""


def read_pool(data: Path, name: str) -> Texts:
    """Read a source by name, benign or extraction."""
    for kind in ("benign", "extraction", "system"):
        path = data / "prompts" / kind / f"{name}.jsonl.gz"
        if path.exists():
            with gzip.open(path, "rt") as lines:
                rows = [json.loads(line) for line in lines]
            return [(row["id"], row["text"][:CHARS]) for row in rows]
    message = f"{data} holds no {name}.jsonl.gz"
    raise SystemExit(message)


def itemise(texts: list[str]) -> Items:
    """Make items of texts."""
    column = pa.array(texts)
    grams = list_grams(column)
    prompts = hash_strings(column, key=KEY).to_numpy() & (2**62 - 1)
    typed = list_typed(column)
    return make_items(
        (grams.ends, grams.hashes),
        (typed.ends, typed.buckets),
        words=grams.words,
        prompts=prompts,
    )


def _published(source: str) -> Callable[..., tuple[Texts, Texts]]:
    return lambda data, benign, _rng: (benign, read_pool(data, source))


def _near(data: Path, benign: Texts, rng: np.random.Generator) -> tuple[Texts, Texts]:
    """Take public prompts that look most like the pool, by our own embedding."""
    public = read_pool(data, "alpaca_instructions") + read_pool(data, "sharegpt_v3")[:20_000]
    sample = [benign[i][1] for i in rng.permutation(len(benign))[:2_000]]
    ours = itemise([text for _, text in public]).embedding
    nearest = (ours @ itemise(sample).embedding.T).max(axis=1)
    return benign, [public[i] for i in np.argsort(-nearest)[:ATTACK_MAX]]


def _nonsense(_data: Path, benign: Texts, rng: np.random.Generator) -> tuple[Texts, Texts]:
    words = np.array([word for _, text in benign for word in text.split()])
    sizes = [len(benign[i][1].split()) for i in rng.integers(0, len(benign), ATTACK_MAX)]
    return benign, [("nonsense", " ".join(rng.choice(words, max(n, 1)))) for n in sizes]


def _one_intent(_data: Path, benign: Texts, rng: np.random.Generator) -> tuple[Texts, Texts]:
    intent = rng.choice(sorted({name.split(":")[0] for name, _ in benign}))
    own = [row for row in benign if row[0].split(":")[0] == intent]
    return [row for row in benign if row[0].split(":")[0] != intent], own


def _evenly(_data: Path, benign: Texts, rng: np.random.Generator) -> tuple[Texts, Texts]:
    """Half of the pool, the same number of every intent: a curriculum, not a clientele."""
    order = rng.permutation(len(benign))
    staying, taken = order[: len(order) // 2], order[len(order) // 2 :]
    by_intent: dict[str, list[int]] = {}
    for i in taken:
        by_intent.setdefault(benign[i][0].split("-", 2)[2], []).append(int(i))
    each = min(len(rows) for rows in by_intent.values())
    return [benign[i] for i in staying], [benign[i] for v in by_intent.values() for i in v[:each]]


PAIRS = (
    *(
        Pair(f"chat / {source}", "sharegpt_v3", _published(source))
        for source in ("alpaca_instructions", "mmlu", "bbh", "gsm8k", "t0_p3_templates")
    ),
    Pair("bank / alpaca", "banking77", _published("alpaca_instructions")),
    Pair("bank / nearest public", "banking77", _near),
    Pair("bank / all intents evenly", "banking77", _evenly),
    Pair("restaurant / nearest public", "restaurant8k", _near),
    Pair("voice / t0_p3", "snips_voice", _published("t0_p3_templates")),
    Pair("voice / nonsense", "snips_voice", _nonsense),
    Pair("voice / one intent", "snips_voice", _one_intent),
    Pair("orders / nonsense", "taskmaster", _nonsense),
    Pair("Chinese / alpaca_zh", "crosswoz_zh", _published("alpaca_zh_demo")),
)


def read_pair(pair: Pair, data: Path, seed: int) -> tuple[list[str], list[str]]:
    """Read a pair: benign texts in random order, and the harvest's."""
    rng = np.random.default_rng(seed)
    benign, attack = pair.attack(data, read_pool(data, pair.benign), rng)
    return (
        [benign[i][1] for i in rng.permutation(len(benign))[:BENIGN_MAX]],
        [attack[i][1] for i in rng.permutation(len(attack))[:ATTACK_MAX]],
    )


def draw_windows(
    rng: np.random.Generator, *, pool: int, size: int, windows: int
) -> npt.NDArray[np.int64]:
    """Draw windows of a pool without replacement inside a window, as published."""
    rows = [rng.choice(pool, size, replace=size > pool) for _ in range(windows)]
    return np.array(rows, np.int64)


def mix_windows(
    rng: np.random.Generator, pools: tuple[int, int], *, size: int, share: float, windows: int
) -> npt.NDArray[np.int64]:
    """Draw windows of which a share is of the second pool, whose rows stand behind the first's."""
    taken = max(1, round(share * size))
    theirs = pools[0] + draw_windows(rng, pool=pools[1], size=taken, windows=windows)
    if taken == size:
        return theirs
    ours = draw_windows(rng, pool=pools[0], size=size - taken, windows=windows)
    return np.concatenate([ours, theirs], axis=1)
