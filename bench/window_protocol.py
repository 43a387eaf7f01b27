"""The published window protocol (arXiv 2606.05725) on our pools: its MMD, its baselines, and ours.

    OMP_NUM_THREADS=1 python bench/window_protocol.py --data ../shared/data [--wordllama PATH]
        [--pairs 14] [--seeds 1 20 42] [--json OUT]

Prints tables as Markdown. Benign 80 % / 20 %; windows of 100, 500 and 1,500; attackers' shares 5 to
100 %; 20 reference windows; 30 attack windows and 100 held-out benign ones. Every method is shown
at its own 5 % threshold, learnt on the 80 %, and at equal realised false positives: the threshold
that 1 % of the held-out benign windows pass. Ours runs at half the window, too. With --wordllama (a
folder where that package lies) the published MMD is also run on its embedding, at the first seed
alone; it is no dependency.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stillwatch.detect.distribution.combine import fit_window_test, place_figures, score_windows
from stillwatch.detect.distribution.features import Features, read_features
from stillwatch.detect.distribution.items import F32, Items, scale_rows
from stillwatch.detect.distribution.reference import fit_reference
from stillwatch.detect.distribution.windows import Windows, mark_members, sum_windows
from window_peers import Baselines, Mmd, turn_two_sided
from window_pools import PAIRS, Pair, draw_windows, itemise, mix_windows, read_pair

SIZES = (100, 500, 1500)
HALVES = (50, 250, 750)
SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)
BENIGN_WINDOWS, ATTACK_WINDOWS, FIT_WINDOWS, NULL_WINDOWS = 100, 30, 150, 100
MMD_NULL = 300
PEER_POOL = 2_000
Rows = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


class Ours:
    """The combined test of `detect/distribution/`, on one pair."""

    def __init__(self, pool: Items, shown: Items, rng: np.random.Generator) -> None:
        """Fit on the benign 80 %: 40 % maps, 30 % what is usual, 30 % calibration."""
        cuts = np.split(np.arange(len(pool)), [int(0.4 * len(pool)), int(0.7 * len(pool))])
        self.reference = fit_reference(pool.take(cuts[0]), seed=7)
        self.fit, self.null = (read_features(self.reference, pool.take(c)) for c in cuts[1:])
        self.shown = read_features(self.reference, shown)
        self.rng = rng

    def _windows(self, features: Features, rows: Rows) -> Windows:
        return sum_windows(features, mark_members(rows, exchanges=len(features)))

    def score(self, drawn: list[Rows]) -> tuple[F64, list[F64], dict[str, list[F64]]]:
        """Give the calibration scores, the scores of drawn windows, and each figure's."""
        size = drawn[0].shape[1]
        fit = draw_windows(self.rng, pool=len(self.fit), size=size, windows=FIT_WINDOWS)
        null = draw_windows(self.rng, pool=len(self.null), size=size, windows=NULL_WINDOWS)
        test = fit_window_test(self.reference, self._windows(self.fit, fit))
        windows = [self._windows(self.shown, rows) for rows in drawn]
        placed = [place_figures(test, w) for w in windows]
        figures = {name: [p[:, i] for p in placed] for i, name in enumerate(test.names)}
        scores = [score_windows(test, w) for w in windows]
        return score_windows(test, self._windows(self.null, null)), scores, figures


def draw_all(rng: np.random.Generator, pools: tuple[int, int], size: int) -> list[Rows]:
    """Draw held-out benign windows, then attack windows by share."""
    benign = draw_windows(rng, pool=pools[0], size=size, windows=BENIGN_WINDOWS)
    mixed = [mix_windows(rng, pools, size=size, share=s, windows=ATTACK_WINDOWS) for s in SHARES]
    return [benign, *mixed]


def weigh(null: F64, scores: list[F64]) -> dict[str, Any]:
    """Say who passes the method's own 5 % threshold, and who the realised 1 % and 5 %."""
    own = np.quantile(null, 0.95)
    row: dict[str, Any] = {"own": [float((s > own).mean()) for s in scores]}
    for level in (0.01, 0.05):
        cut = np.sort(scores[0])[-1 - round(level * len(scores[0]))]
        row[f"at {level}"] = [float((s > cut).mean()) for s in scores]
    return row


def join(items: Items) -> F32:
    """Give one embedding of all that ours reads: words and typing, side by side."""
    return scale_rows(np.concatenate([items.embedding, items.typed_embedding], axis=1))


def run_peers(name: str, embeddings: tuple[F32, F32], drawn: list[Rows], made: Any) -> Any:  # noqa: ANN401  a cache of any of two
    """Run the published MMD on an embedding."""
    if name not in made:
        made[name] = Mmd(*embeddings, np.random.default_rng(3))
    mmd = made[name]
    return mmd.draw_null(drawn[0].shape[1], MMD_NULL), [mmd.score(rows) for rows in drawn]


def run_pair(pair: Pair, data: Path, seed: int, llama: Any) -> list[dict[str, Any]]:  # noqa: ANN401  a model of another package
    """Run one pair at one seed; a row per method and size."""
    benign, attack = read_pair(pair, data, seed)
    rng = np.random.default_rng(seed)
    cut = int(0.8 * len(benign))
    pool, shown = itemise(benign[:cut]), itemise(benign[cut:] + attack)
    pools = (len(benign) - cut, len(attack))
    ours = Ours(pool, shown, rng)
    sample = rng.permutation(cut)[:PEER_POOL]
    embedded = {
        "MMD, our embedding": (pool.embedding[sample], shown.embedding),
        "MMD, words and typing": (join(pool)[sample], join(shown)),
    }
    if llama is not None:
        texts = [benign[i] for i in sample], benign[cut:] + attack
        both = [scale_rows(np.asarray(llama.embed(t), np.float32)) for t in texts]
        embedded["MMD, wordllama"] = both[0], both[1]
    first = embedded["MMD, our embedding"]
    known = np.concatenate([first[0][: PEER_POOL // 2], first[1]])
    baselines = Baselines(first[0][PEER_POOL // 2 :], known, rng)
    made: dict[str, Mmd] = {}
    rows: list[dict[str, Any]] = []

    def add(method: str, size: int, null: F64, scores: list[F64]) -> None:
        rows.append(
            {"pair": pair.name, "seed": seed, "n": size, "method": method} | weigh(null, scores)
        )

    for size in (*SIZES, *HALVES):
        drawn = draw_all(rng, pools, size)
        null, scores, figures = ours.score(drawn)
        add("ours", size, null, scores)
        if size in HALVES:
            continue
        for name, values in figures.items():
            add(f"· {name}", size, values[0], values)
        for name, pair_of in embedded.items():
            add(name, size, *run_peers(name, pair_of, drawn, made))
        offset = len(known) - len(first[1])
        nulls = baselines.score(draw_windows(rng, pool=offset, size=size, windows=NULL_WINDOWS))
        found = [baselines.score(rows_ + offset) for rows_ in drawn]
        for name in nulls:
            turned = [turn_two_sided(f[name], nulls[name]) for f in found]
            add(name, size, turn_two_sided(nulls[name], nulls[name]), turned)
    return rows


def load_llama(folder: Path | None) -> Any:  # noqa: ANN401  a model of another package
    """Load the word vectors of another package, offline, where its folder is given."""
    if folder is None:
        return None
    sys.path.append(str(folder))
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import wordllama  # noqa: PLC0415  no dependency: only where somebody points at it

    place = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=place, disable_download=True)


def print_table(rows: list[dict[str, Any]], key: str, sizes: tuple[int, ...]) -> None:
    """Print mean detection by share, a row per method and size."""
    groups: dict[tuple[int, str], list[list[float]]] = defaultdict(list)
    for row in rows:
        groups[row["n"], row["method"]].append(row[key])
    print(f"\n### {key}\n\n| window | method | benign | 5 % | 10 % | 25 % | 50 % | 100 % | mean |")
    print(f"|{'---|' * 9}")
    for (size, method), values in sorted(groups.items()):
        if size in sizes:
            mean = np.mean(values, axis=0)
            cells = " | ".join(f"{x:.3f}" for x in (*mean, mean[1:].mean()))
            print(f"| {size} | {method} | {cells} |")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--wordllama", type=Path)
    parser.add_argument("--pairs", type=int, nargs="*")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 20, 42])
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    llama = load_llama(given.wordllama)
    rows: list[dict[str, Any]] = []
    for seed in given.seeds:
        for at in given.pairs or range(len(PAIRS)):
            told = llama if seed == given.seeds[0] else None
            rows += run_pair(PAIRS[at], given.data, seed, told)
            print(
                f"{PAIRS[at].name}, seed {seed}: {time.process_time():.0f} CPU-s", file=sys.stderr
            )
            if given.json:
                given.json.write_text(json.dumps(rows))
    for key in ("own", "at 0.01", "at 0.05"):
        print_table(rows, key, (*SIZES, *HALVES))
    print("\n### by pair, at 0.01, windows of 100\n")
    for row in rows:
        if row["n"] == SIZES[0] and row["method"][0] != "·" and row["seed"] == given.seeds[0]:
            print(row["pair"], "|", row["method"], "|", row["at 0.01"])


if __name__ == "__main__":
    main()
