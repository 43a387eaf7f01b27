"""How surely a replayed public item is found, however it is wrapped, and how seldom a chat is one.

    python bench/replay_recall.py --data DATA [--page docs/content/replay_tables.md]

Every set of `prompts/extraction` is indexed, then every item is sent in each wrapping. Benign
pools are halved by conversation: one half chose the bounds (the grid) and gave the common phrases,
the other is reported. Each set is also left out of its own index, as a control. No text is kept.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

import text_changes
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.observe.content.replay import (
    Ordinary,
    ReplayIndex,
    index_source,
    list_ordinary,
    load_shipped,
)
from stillwatch.observe.content.rows import read_texts
from stillwatch.observe.content.tactics import no_weights

BANDS = ((4, 7), (8, 11), (12, 19), (20, 39), (40, 10**9))
_LAST_LATIN = "\u024f"
"""The end of Unicode's Latin Extended-B."""
_MARKS = re.compile(r"[.,;:!?()\"]+")


def _swap(text: str) -> str:
    return re.sub(r"\d+", lambda n: str(int(n[0][:9]) * 3 + 7), text, flags=re.ASCII)


def _dress(name: str) -> Callable[[str], str]:
    change, chance = text_changes.DRESSES[name], random.Random(5)
    return lambda text: change(text, chance)


WRAPPINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "a request before": lambda t: f"Work through what follows and show each stage.\n\n{t}",
    "a request after": lambda t: f"{t}\n\nFinish with one line that holds the result alone.",
    "both": lambda t: f"Here is case 17 of our batch.\n---\n{t}\n---\nReply in two paragraphs.",
    "in JSON": lambda t: json.dumps({"task": "solve", "input": t}, ensure_ascii=False),
    "in ASCII JSON": lambda t: json.dumps({"task": "solve", "input": t, "style": "long"}),
    "numbers changed": lambda t: f"Solve this one: {_swap(t)}",
    "lower-cased": lambda t: f"please answer: {t.lower()}",
    "re-punctuated": lambda t: f"Please answer: {_MARKS.sub(' - ', t)}",
}
DRESSES = (
    "accents on letters",
    "Cyrillic look-alikes",
    "Greek look-alikes",
    "mathematical letters",
    "full-width forms",
    "zero-width characters",
    "digits for letters",
)
"""Changes of `text_changes.py` in which every item is sent too, all of it dressed so."""


def read(path: Path) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Read a pool: its texts, and the half that each conversation fell into."""
    with gzip.open(path, "rb") as lines:
        rows = [orjson.loads(line) for line in lines]
    speakers = [str(row["id"]).split(":")[0].split("_")[0] for row in rows]
    halves = [zlib.crc32((path.stem + who).encode()) & 1 for who in speakers]
    return [row["text"] for row in rows], np.array(halves)


def find(
    texts: list[str], index: ReplayIndex
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Say which texts hold an item, and how many words each has."""
    given = pa.array(texts, pa.large_string())
    parts = read_texts(given, key=PseudonymKey(1, 2), weights=no_weights(), replay=index)
    item = np.concatenate([part.item for part in parts])
    return item >= 0, np.concatenate([part.words.to_numpy() for part in parts])


def table(head: list[str], rows: list[list[str]]) -> str:
    """Set a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _share(hits: npt.NDArray[np.bool_]) -> str:
    return f"{hits.mean():.4f}" if len(hits) else "none"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    sets = {
        p.name.split(".")[0]: read(p)[0]
        for p in sorted((given.data / "prompts/extraction").glob("*.gz"))
    }
    benign = {
        p.name.split(".")[0]: read(p) for p in sorted((given.data / "prompts/benign").glob("*.gz"))
    }
    ordinary = _ordinary(given.data)
    built = {
        n: index_source(pa.array(t, pa.large_string()), name=n, licence="", ordinary=ordinary)
        for n, t in sets.items()
    }
    everything = ReplayIndex(tuple(built.values()))
    page = [
        _by_wrapping(sets, everything),
        _by_set(sets, everything),
        _benign(benign, everything),
    ]
    text = "\n".join(page)
    print(text)
    if given.page:
        given.page.write_text(text)


def _ordinary(data: Path) -> Ordinary:
    """Common phrases of the first half of the benign pools, a conversation counting once."""
    joined: list[str] = []
    for path in sorted((data / "prompts/benign").glob("*.gz")):
        talks: dict[str, list[str]] = {}
        with gzip.open(path, "rb") as lines:
            for row in map(orjson.loads, lines):
                who = str(row["id"]).split(":")[0].split("_")[0]
                if not zlib.crc32((path.stem + who).encode()) & 1:
                    talks.setdefault(who, []).append(row["text"])
        joined += ["\n".join(turns) for turns in talks.values()]
    return list_ordinary(pa.array(joined, pa.large_string()))


def _by_wrapping(sets: dict[str, list[str]], index: ReplayIndex) -> str:
    texts = [text for one in sets.values() for text in one]
    words, latin = find(texts, index)[1], np.array([_is_latin(text) for text in texts])
    rows = []
    for name, wrap in {**WRAPPINGS, **{name: _dress(name) for name in DRESSES}}.items():
        hits = find([wrap(text) for text in texts], index)[0]
        bands = [hits[(words >= low) & (words <= high)] for low, high in BANDS]
        long = hits[words >= 20], hits[(words >= 20) & latin]
        rows.append([name, *map(_share, bands), *map(_share, long)])
    counts = [f"{((words >= low) & (words <= high)).sum():,}" for low, high in BANDS]
    long = words >= 20, (words >= 20) & latin
    rows.append(["items", *counts, *(f"{each.sum():,}" for each in long)])
    bands = ["4-7 words", "8-11", "12-19", "20-39", "40+", "20+"]
    return table(["wrapping", *bands, "20+, Latin script"], rows)


def _is_latin(text: str) -> bool:
    """Say whether the letters are Latin ones but for some."""
    letters = [character for character in text if character.isalpha()]
    return 2 * sum(letter <= _LAST_LATIN for letter in letters) >= len(letters)


def _by_set(sets: dict[str, list[str]], index: ReplayIndex) -> str:
    rows = []
    for name, texts in sets.items():
        wrapped = [WRAPPINGS["both"](text) for text in texts]
        words = find(texts, index)[1]
        hits = find(wrapped, index)[0]
        without = ReplayIndex(tuple(one for one in index.sources if one.name != name))
        control = find(wrapped, without)[0]
        long = words >= 20
        left = [f"{len(texts):,}", f"{long.sum():,}", _share(hits[~long]), _share(hits[long])]
        rows.append([name, *left, f"{control.sum():,}", _share(control)])
    head = [
        "set",
        "items",
        "of 20+ words",
        "recall below 20",
        "recall 20+",
        "left out: hits",
        "share",
    ]
    return table(head, rows)


def _benign(benign: dict[str, tuple[list[str], npt.NDArray[np.int64]]], index: ReplayIndex) -> str:
    shipped, rows, total = load_shipped(), [], np.zeros(6, np.int64)
    for name, (texts, half) in benign.items():
        hits, carried = find(texts, index)[0], find(texts, shipped)[0]
        first, second = half == 0, half == 1
        escaped = find([WRAPPINGS["in ASCII JSON"](text) for text in texts], index)[0]
        halves = [first.sum(), hits[first].sum(), second.sum(), hits[second].sum()]
        counts = [*halves, carried.sum(), escaped.sum()]
        total += np.array(counts)
        rows.append([name, *(f"{count:,}" for count in counts)])
    rows.append(["all", *(f"{count:,}" for count in total)])
    rate = ["share", "", f"{total[1] / total[0]:.4%}", "", f"{total[3] / total[2]:.4%}"]
    rows.append([*rate, *(f"{hits / (total[0] + total[2]):.4%}" for hits in total[4:])])
    head = [
        "pool",
        "calibration half",
        "hits",
        "reported half",
        "hits",
        "hits of the shipped index",
        "in ASCII JSON: hits, all sets",
    ]
    return table(head, rows)


if __name__ == "__main__":
    main()
