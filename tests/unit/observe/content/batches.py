"""Small batches and calls that the content tests share."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.observe.content import load_tactics, sketch_batch

KEY = PseudonymKey.from_bytes(bytes(range(16)))
OTHER_KEY = PseudonymKey.from_bytes(bytes(range(16, 32)))
MODEL = load_tactics()


def batch_of(prompts: list[str | bytes | None]) -> pa.RecordBatch:
    """Make a batch of prompts without system texts and answers; bytes may be no UTF-8."""
    raw = [p.encode("utf-8", "surrogatepass") if isinstance(p, str) else p for p in prompts]
    column = pa.array(raw, pa.binary()).view(pa.string())
    empty = pa.nulls(len(prompts), pa.string())
    return pa.RecordBatch.from_pydict({"system": empty, "prompt": column, "response": empty})


def observe(prompts: list[str | bytes | None], key: PseudonymKey = KEY) -> list[dict[str, Any]]:
    """Give what is kept of each prompt, a dictionary a row."""
    rows: list[dict[str, Any]] = sketch_batch(batch_of(prompts), key=key, model=MODEL).to_pylist()
    return rows


def sketch_of(prompt: str, key: PseudonymKey = KEY) -> set[int]:
    """Give the sketch of one prompt."""
    return set(observe([prompt], key)[0]["sketch"])
