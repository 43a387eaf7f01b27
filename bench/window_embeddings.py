"""Which embedding for the window tests? Power of a mean's shift, cost, size and licence of each.

    OMP_NUM_THREADS=1 python bench/window_embeddings.py --data ../shared/data [--wordllama PATH]

Prints a table as Markdown: seven pairs of `window_pools.py`, windows of 100, mean of exact MMD's
detection over pairs at 1 % realised false positives, at shares of 25 and 50 %; CPU time a prompt.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from stillwatch.detect.distribution.items import scale_rows
from stillwatch.observe.content.rows import read_texts
from stillwatch.observe.content.tactics import no_weights
from window_peers import Mmd
from window_pools import KEY, PAIRS, draw_windows, itemise, mix_windows, read_pair
from window_protocol import load_llama

F32 = npt.NDArray[np.float32]
Embed = Callable[[list[str]], F32]
CHOSEN = (0, 1, 3, 5, 6, 9, 13)
BENIGN, HARVEST, SIZE, WINDOWS = 6_000, 1_500, 100, 200
SHARES = (0.25, 0.5)
CHARACTER_BITS = 18


def observed(texts: list[str]) -> F32:
    """Give the 32 signed bytes that OBSERVED keeps of every exchange."""
    parts = read_texts(pa.array(texts), key=KEY, weights=no_weights())
    rows = [np.frombuffer(p.embeddings.buffers()[2], np.int8).reshape(-1, 32) for p in parts]
    return scale_rows(np.concatenate(rows).astype(np.float32))


def project(matrix: sparse.csr_matrix, dimensions: int) -> F32:
    """Project sparse rows by a sparse table of signs."""
    rng = np.random.default_rng(5)
    width = matrix.shape[1]
    signs = rng.choice(np.array([-1, 1], np.float32), 4 * width)
    columns = rng.integers(0, dimensions, 4 * width)
    table = sparse.csr_matrix((signs, columns, np.arange(0, 4 * width + 1, 4)), (width, dimensions))
    return scale_rows((matrix @ table).toarray())


def of_words(dimensions: int, *, is_rare_louder: bool = False) -> Embed:
    """Hash words, neighbours and openings, as `items.py` does; or with inverse frequencies."""

    def embed(texts: list[str]) -> F32:
        grams = itemise(texts).grams
        if is_rare_louder:
            seen = np.asarray(grams.sum(axis=0)).ravel()
            grams = grams.multiply(np.log((len(texts) + 1) / (seen + 0.5))).tocsr()
        return project(grams, dimensions)

    return embed


def of_characters(texts: list[str]) -> F32:
    """Hash 3- to 5-grams of characters inside words."""
    told = HashingVectorizer(
        analyzer="char_wb",  # codespell:ignore analyzer
        ngram_range=(3, 5),
        n_features=1 << CHARACTER_BITS,
        norm=None,
    )
    return project(told.transform(texts).astype(np.float32), 256)


def measure_power(benign: F32, harvest: F32) -> list[float]:
    """Detect mixed windows by exact MMD at 1 % of 200 benign windows."""
    rng = np.random.default_rng(3)
    half = len(benign) // 2
    shown = np.concatenate([benign[half:], harvest])
    mmd = Mmd(benign[:half], shown, rng)
    null = mmd.score(draw_windows(rng, pool=len(benign) - half, size=SIZE, windows=WINDOWS))
    pools = len(benign) - half, len(harvest)
    cut = np.sort(null)[-1 - WINDOWS // 100]
    drawn = [mix_windows(rng, pools, size=SIZE, share=s, windows=WINDOWS) for s in SHARES]
    return [float((mmd.score(rows) > cut).mean()) for rows in drawn]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--wordllama", type=Path)
    given = parser.parse_args()
    candidates: dict[str, Embed] = {
        "OBSERVED's, 32 x int8": observed,
        "words and neighbours, 64": of_words(64),
        "words and neighbours, 128": of_words(128),
        "words and neighbours, 256 (chosen)": of_words(256),
        "words and neighbours, 512": of_words(512),
        "the same, 256, rare words louder": of_words(256, is_rare_louder=True),
        "characters 3-5, 256": of_characters,
    }
    llama = load_llama(given.wordllama)
    if llama is not None:
        candidates["wordllama, 256"] = lambda t: scale_rows(np.asarray(llama.embed(t), np.float32))
    power, seconds, prompts = defaultdict(list), defaultdict(float), 0
    for at in CHOSEN:
        benign, harvest = (
            t[:n]
            for t, n in zip(read_pair(PAIRS[at], given.data, 1), (BENIGN, HARVEST), strict=True)
        )
        prompts += len(benign) + len(harvest)
        for name, embed in candidates.items():
            start = time.process_time()
            both = embed(benign + harvest)
            seconds[name] += time.process_time() - start
            power[name].append(measure_power(both[: len(benign)], both[len(benign) :]))
    print("| embedding | found at 25 % | at 50 % | CPU µs a prompt |\n|---|---|---|---|")
    for name, values in power.items():
        quarter, half = np.mean(values, axis=0)
        print(f"| {name} | {quarter:.2f} | {half:.2f} | {1e6 * seconds[name] / prompts:.0f} |")


if __name__ == "__main__":
    main()
