"""How fast the content kernels are: cold and warm, on one thread and on two.

    python bench/content_kernels.py [--rows 200000] [--words 124]

Prompts are random words of our own making (about 800 bytes each). Cold means an empty cache of
compiled kernels, in a process of its own. CPU seconds are the least of several turns: on a machine
that others use too, the wall clock says little.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pyarrow as pa

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.observe.content import load_tactics, sketch_batch

_BATCH_ROWS = 40_000
_TURNS = 9
_FIRST_CALL = """
import time
began = time.process_time()
import pyarrow as pa
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.observe.content import load_tactics, sketch_batch
batch = pa.RecordBatch.from_pydict({c: pa.array(["a b"]) for c in ("system", "prompt", "response")})
imported = time.process_time()
sketch_batch(batch, key=PseudonymKey(1, 2), model=load_tactics())
done = time.process_time()
print(f"import {imported - began:.2f} CPU-s, first batch {done - imported:.2f} CPU-s")
"""


def make_batches(rows: int, words: int) -> list[pa.RecordBatch]:
    """Make random prompts; the same ones every time."""
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    pool = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(5_000)]
    prompts = [" ".join(chance.choices(pool, k=words)) for _ in range(rows)]
    nothing = pa.nulls(rows, pa.string())
    table = pa.table({"system": nothing, "prompt": prompts, "response": nothing})
    print(f"{rows:,} prompts, {sum(map(len, prompts)) / rows:.0f} bytes each")
    return table.to_batches(max_chunksize=_BATCH_ROWS)


def measure_cpu(call: Callable[[], object]) -> float:
    """Give the CPU seconds of one call."""
    began = time.process_time()
    call()
    return time.process_time() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--words", type=int, default=124)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        for state in ("empty", "warm"):
            environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
            first = [sys.executable, "-c", _FIRST_CALL]
            done = subprocess.run(
                first, env=environment, check=True, capture_output=True, text=True
            )
            print(f"{state} cache: {done.stdout.strip()}")
    batches = make_batches(given.rows, given.words)
    observe = partial(sketch_batch, key=PseudonymKey(1, 2), model=load_tactics())
    least = min(measure_cpu(partial(observe, batches[0])) for _ in range(_TURNS))
    print(f"{least / len(batches[0]) * 1e6:.2f} CPU-s a million prompts")
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            began = time.perf_counter()
            for _ in pool.map(observe, batches):
                pass
            took = time.perf_counter() - began
        print(f"{threads} thread(s): {took:.2f} s, {given.rows / took:,.0f} prompts/s")


if __name__ == "__main__":
    main()
