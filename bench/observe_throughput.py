"""How fast `observe` is, kernel by kernel and whole, and what it keeps of an exchange.

    OMP_NUM_THREADS=1 RAYON_NUM_THREADS=1 python bench/observe_throughput.py [--data ../shared/data]
        [--rows 50000] [--memory 250k 1M] [--page OUT]

Against (a) a plain read of the same buffers and (b) MinHash of datasketch and of rensa, which are
no dependencies: `pip install datasketch==2.0.0 rensa==0.5.0` (MIT both), else they are left out.
Speeds are of CPU seconds, the least of several turns, because the machine may be shared; wall-clock
figures stand beside them. With `--data`, real chat is read at run time beside made-up words.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from content_kernels import make_batches
from observe_kernels import Parts, measure_cpu, measure_parts
from scan_speed import WRITER, parse_size, run_cold
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import _OBSERVATIONS, ARRIVAL
from stillwatch.observe import load_tactics, observe_arrivals
from stillwatch.observe.content import sketch_batch
from stillwatch.observe.content.replay import load_shipped
from stillwatch.observe.systems import observe_systems
from stillwatch.store.lake import Lake

KEY = PseudonymKey(1, 2)
TURNS = 7
BATCH_ROWS = 10_000
PEER_ROWS = 4_000
PERMUTATIONS = 128
CHAT_BYTES = (400, 1_700)
"""Real prompts between these lengths have 800 bytes in the mean."""
START = 1_767_225_600_000_000
CHILD = """
import resource, sys
from pathlib import Path
from stillwatch.app.arrive import take_in
from stillwatch.app.pool import Reading
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.ingest import IngestSettings, find_traffic
from stillwatch.observe import load_tactics
from stillwatch.observe.content.replay import load_shipped
from stillwatch.store.lake import Lake
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
class Watch:
    seen = 0
    def advance(self, n=1):
        Watch.seen = peak()
reading = Reading(IngestSettings(), PseudonymKey(1, 2), load_tactics(), load_shipped())
lake = Lake(Path(sys.argv[2]))
take_in(find_traffic(Path(sys.argv[1])), reading=reading, lake=lake, stage=Watch())
print(Watch.seen, peak())
"""


def read_chat(data: Path) -> list[str]:
    """Read prompts of real chat of some 800 bytes."""
    with gzip.open(data / "prompts" / "benign" / "sharegpt_v3.jsonl.gz", "rt") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    low, high = CHAT_BYTES
    return [text for text in texts if low <= len(text.encode()) <= high]


def make_arrivals(prompts: pa.Array, system: str | None = None) -> pl.DataFrame:
    """Make arrivals of prompts: forty exchanges an account, pseudonyms at random."""
    rng, rows = np.random.default_rng(1), len(prompts)
    account = rng.integers(0, max(rows // 40, 1), rows)
    hashed = {
        name: rng.integers(-(2**62), 2**62, max(rows // 40, 1))[account] for name in _hashes()
    }
    frame = pl.DataFrame(
        {
            "exchange_id": [f"ex-{row:09d}" for row in range(rows)],
            "account_id": [f"acct-{a:07d}" for a in account],
            "model": "model-1",
            "endpoint": "messages",
            "max_tokens": 1024,
            "input_tokens": rng.integers(20, 900, rows),
            "output_tokens": rng.integers(20, 900, rows),
            "status": 200,
            "latency_ms": rng.integers(200, 9_000, rows),
            "source_file": 0,
            "source_line": np.arange(1, rows + 1),
            "record_hash": rng.integers(-(2**62), 2**62, rows),
            "system": system,
            "response": "An answer of a sentence or two, of which the length alone is kept.",
            **hashed,
        }
    )
    seconds = np.sort(rng.integers(0, 86_400, rows)) * 1_000_000 + START
    instant = pl.Series(seconds).cast(pl.Datetime("us", "UTC"))
    told = frame.with_columns(time=instant, prompt=pl.Series(prompts.to_pylist()))
    return ARRIVAL.conform(told)


def _hashes() -> list[str]:
    return [name for name in ARRIVAL.columns if name.endswith("_hash") and name != "record_hash"]


def run_threads(
    call: Callable[[Any], object], batches: list[Any], threads: int
) -> tuple[float, float]:
    """Give (CPU seconds, wall seconds), each the least of several turns."""
    cpu, wall = [], []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(TURNS // 2 + 1):
            began, clock = time.process_time(), time.perf_counter()
            for _ in pool.map(call, batches):
                pass
            cpu.append(time.process_time() - began)
            wall.append(time.perf_counter() - clock)
    return min(cpu), min(wall)


def list_whole(prompts: list[str]) -> dict[str, tuple[Callable[[Any], object], list[Any]]]:
    """List the whole steps: name, call, batches."""
    model, replay = load_tactics(), load_shipped()
    slices = [prompts[at : at + BATCH_ROWS] for at in range(0, len(prompts), BATCH_ROWS)]
    texts = [pa.array(one) for one in slices]
    nulls = [pa.nulls(len(one), pa.string()) for one in slices]
    batches = [
        pa.RecordBatch.from_pydict({"system": none, "prompt": one, "response": none})
        for one, none in zip(texts, nulls, strict=True)
    ]
    arrivals = [make_arrivals(one) for one in texts]
    systems = [
        one.with_columns(
            system=pl.lit("You are helper ") + (pl.int_range(pl.len()) % 200).cast(str)
        )
        for one in arrivals
    ]
    content = partial(sketch_batch, key=KEY, model=model, replay=replay)
    observe = partial(observe_arrivals, key=KEY, model=model, replay=replay)

    def whole(frame: pl.DataFrame) -> object:
        return observe(frame), observe_systems(frame, key=KEY)

    return {
        "content without replay": (partial(sketch_batch, key=KEY, model=model), batches),
        "content": (content, batches),
        "**all of observe**": (whole, systems),
    }


def list_peers(prompts: list[str]) -> Iterator[tuple[str, Callable[[], object]]]:
    """List MinHash of the two packages, where they are installed, on the same word 4-shingles."""

    def shingle() -> list[list[str]]:
        out = []
        for prompt in prompts:
            words = prompt.lower().split()
            out.append([" ".join(words[i : i + 4]) for i in range(max(len(words) - 3, 1))])
        return out

    listed = shingle()
    yield "shingles in Python (for both)", shingle
    if importlib.util.find_spec("datasketch"):
        from datasketch import MinHash  # noqa: PLC0415  no dependency

        coded = [[one.encode() for one in text] for text in listed]

        def sign() -> None:
            for text in coded:
                MinHash(num_perm=PERMUTATIONS).update_batch(text)

        yield f"datasketch MinHash, {PERMUTATIONS}, shingles given", sign
    if importlib.util.find_spec("rensa"):
        from rensa import RMinHash  # noqa: PLC0415  no dependency

        args = {"num_perm": PERMUTATIONS, "seed": 42}
        made = RMinHash.digest_matrix_from_token_sets
        yield f"rensa RMinHash, {PERMUTATIONS}, shingles given", lambda: made(listed, **args)
        quick = RMinHash.digest_matrix_from_token_sets_rho
        yield f"rensa rho (samples), {PERMUTATIONS}, shingles given", lambda: quick(listed, **args)


def weigh_kept(prompts: list[str]) -> list[float]:
    """Give mean bytes: of the text, kept of it raw and in the lake, and of whole rows in both."""
    arrivals = make_arrivals(pa.array(prompts))
    frame = observe_arrivals(arrivals, key=KEY, model=load_tactics(), replay=load_shipped())
    content = frame.select(*_OBSERVATIONS)
    raw = sum(
        sum(b.size for b in column.chunk(0).buffers() if b) for column in content.to_arrow().columns
    )
    stored, whole = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for part in Lake(Path(folder)).append("observed", frame):
            whole += part.stat().st_size
            about = pq.ParquetFile(part).metadata
            for group in range(about.num_row_groups):
                for column in range(about.num_columns):
                    one = about.row_group(group).column(column)
                    if one.path_in_schema.split(".")[0] in _OBSERVATIONS:
                        stored += one.total_compressed_size
    text = sum(len(p.encode()) for p in prompts)
    return [each / len(prompts) for each in (text, raw, stored, frame.estimated_size(), whole)]


def read_pools(data: Path, most: int) -> dict[str, list[str]]:
    """Read every pool of a thousand prompts and more, and honest ones at once."""
    pools: dict[str, list[str]] = {"all honest ones below": []}
    for path in sorted((data / "prompts").glob("*/*.jsonl.gz")):
        with gzip.open(path, "rt") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        kept = [text for text in texts if text][:most]
        if len(kept) >= 1_000:
            honest = path.parent.name == "benign"
            pools[path.name.split(".")[0] + (" (honest)" if honest else "")] = kept
            pools["all honest ones below"] += kept if honest else []
    return pools


def table(head: list[str], rows: list[list[str]]) -> str:
    """Set a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _speed(name: str, seconds: float, rows: int, size: int, plain: float) -> list[str]:
    rate = f"{rows / seconds:,.0f}"
    per_second = size / 1e6 / seconds
    return [
        name,
        f"{seconds / rows * 1e6:.2f}",
        rate,
        f"{per_second:,.0f}",
        f"{seconds / plain:,.1f}",
    ]


def report_speed(title: str, prompts: list[str]) -> str:
    """Measure every kernel, the whole and the peers on one list of prompts."""
    rows, size = len(prompts), sum(len(p.encode()) for p in prompts)
    parts = Parts(pa.array(prompts, pa.large_string()), load_tactics(), load_shipped())
    took = measure_parts(parts, TURNS)
    plain = took["a plain read of the bytes"]
    lines = [_speed(name, max(s, 1e-9), rows, size, plain) for name, s in took.items()]
    per = plain / size
    for name, call in list_peers(prompts[:PEER_ROWS]):
        some = sum(len(p.encode()) for p in prompts[:PEER_ROWS])
        lines.append(_speed(name, measure_cpu(call, 2), PEER_ROWS, some, per * some))
    head = ["kernel alone, 1 thread", "CPU µs each", "exchanges/CPU-s", "MB/CPU-s", "plain reads"]
    whole = []
    for name, (call, batches) in list_whole(prompts).items():
        for threads in (1, 2):
            cpu, wall = run_threads(call, batches, threads)
            rate = threads * rows / cpu
            said = [f"{rate:,.0f}", f"{threads * size / 1e6 / cpu:,.0f}"]
            found = [f"{rows / wall:,.0f}", f"{size / 1e6 / wall:,.0f}"]
            whole.append([name, str(threads), f"{cpu / rows * 1e6:.2f}", *said, *found])
    below = ["exchanges/s, cores free", "MB/s, cores free", "exchanges/s, wall", "MB/s, wall"]
    about = f"### {title}: {rows:,} prompts, {size / rows:.0f} bytes each\n"
    return "\n".join(
        [about, table(head, lines), table(["whole", "threads", "CPU µs each", *below], whole)]
    )


def report_kept(pools: dict[str, list[str]]) -> str:
    """Measure what is kept of each pool's prompts."""
    rows = [
        [name, f"{len(p):,}", *(f"{x:.0f}" for x in weigh_kept(p))] for name, p in pools.items()
    ]
    columns = ["text", "content, raw", "content, lake", "whole row, raw", "whole row, lake"]
    return table(["prompts of", "prompts", *(f"{name}, B" for name in columns)], rows)


def report_memory(sizes: list[int]) -> str:
    """Measure the peak of a process that takes traffic in, of several sizes."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            run_cold([sys.executable, WRITER, str(size), place / "traffic"])
            said = place / "said"
            command = [sys.executable, "-c", CHILD, place / "traffic", place / "lake"]
            run = run_cold(command, output=said)
            streamed, whole = (int(n) * 1024 / 1e6 for n in said.read_text().split())
            logs = (place / "traffic" / "exchanges.jsonl").stat().st_size
            kept = sum(p.stat().st_size for p in (place / "lake" / "observed").rglob("*.parquet"))
        cells = [f"{logs / 1e6:,.0f}", f"{streamed:,.0f}", f"{whole:,.0f}", f"{run.cpu_s:.1f}"]
        rows.append([f"{size:,}", *cells, f"{kept / size:.0f}"])
    head = ["exchanges", "MB of logs", "peak MB, observing", "peak MB, settled", "CPU-s"]
    return table([*head, "B a row in the lake"], rows)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--memory", nargs="*", type=parse_size, default=[])
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    made = [p for b in make_batches(given.rows, 124) for p in b.column("prompt").to_pylist()]
    page = [f"{os.cpu_count()} cores.\n", report_speed("made-up words", made)]
    pools = {"made-up words": made[:20_000]}
    if given.data:
        chat = read_chat(given.data)
        repeated = (chat * (given.rows // len(chat) + 1))[: given.rows]
        page.append(report_speed("real chat", repeated))
        pools["real chat of 400 to 1,700 bytes"] = chat
        pools |= read_pools(given.data, 20_000)
    page.append(report_kept(pools))
    if given.memory:
        page.append(report_memory(given.memory))
    text = "\n".join(page)
    print(text)
    if given.page:
        given.page.write_text(text)


if __name__ == "__main__":
    main()
