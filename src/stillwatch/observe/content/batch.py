"""Batches of arrivals in, what the lake keeps of their texts out.

`observe` runs `sketch_batch` in a thread pool under Polars and by `mapInArrow` under Spark: it is
pure, holds no lock while it reads, and gives the same whatever the batches are. `system` texts are
the same ones over and over: here they are hashed, and `sketch_texts` sketches the distinct ones.

Deliberately absent: the answer's text, of which the length alone is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.domain import limits
from stillwatch.domain.arrays import null_mask, to_arrow
from stillwatch.domain.keyed import PseudonymKey, hash_content
from stillwatch.observe.content.replay import ReplayIndex
from stillwatch.observe.content.rows import Readings, read_texts
from stillwatch.observe.content.tactics import TacticsModel, name_where, no_weights

_NO_INDEX: Final = ReplayIndex()
_REPLAY: Final = "dataset_replay"
"""The tactic of `domain/results.py` that the index decides, not the wording."""
_SYSTEM_DOMAIN: Final = 0x53595354
"""Keeps hashes of system texts apart from those of other columns that hold the same bytes."""

_DROPPED_BITS: Final = 44
"""Of the 52 bits of a number behind its first one: calibration isn't good to a thousandth."""


def sketch_batch(
    batch: pa.RecordBatch,
    *,
    key: PseudonymKey,
    model: TacticsModel,
    replay: ReplayIndex | None = None,
) -> pa.RecordBatch:
    """Replace `system`, `prompt` and `response` by what the lake keeps of them.

    Grain:   one row per row of the batch, in its order. A prompt that holds a public item and has
             no tactic by its wording has the tactic `dataset_replay`.
    Nulls:   a null text gives nulls; an empty one gives zero words and an empty sketch.
    Cost:    linear in bytes, 1 MiB a text at most; two threads take half the time.
    Source:  DESIGN.md, section 5.
    """
    system, prompts, answers = (_strings(batch, name) for name in ("system", "prompt", "response"))
    replay = replay or _NO_INDEX
    readings = read_texts(prompts, key=key, weights=model.packed, replay=replay)
    sums = np.concatenate([part.sums for part in readings])
    features = np.concatenate([part.features for part in readings])
    tactic, probability, capability = model.name(sums, features, mask=null_mask(prompts))
    item, found = (
        np.concatenate([getattr(part, name) for part in readings]) for name in ("item", "found")
    )
    source, item_hash, share = replay.name(item, found, key=key)
    columns = {
        "system_hash": hash_systems(system, key=key),
        "prompt_hash": _join([part.hashes for part in readings]),
        "prompt_words": _join([part.words for part in readings]),
        "response_chars": pc.utf8_length(answers).cast(pa.int64()),
        "sketch": _join([part.sketches for part in readings]),
        "skeleton": _join([part.skeletons for part in readings]),
        "gist": _join([part.gists for part in readings]),
        "numbers_hash": _join([part.numbers for part in readings]),
        "embedding": _join([part.embeddings for part in readings]),
        "tactic": pc.coalesce(tactic, name_where(item >= 0, _REPLAY)),
        "tactic_probability": _round(probability),
        "capability": capability,
        "replay_source": source,
        "replay_item_hash": item_hash,
        "replay_share": share,
    }
    return pa.RecordBatch.from_pydict(columns)


def sketch_texts(texts: pa.Array, *, key: PseudonymKey) -> pa.RecordBatch:
    """Sketch distinct system texts: columns `hash`, `sketch`, `skeleton`, `gist` and `words`.

    Grain:   one row per text, in the order given; `hash` is the batch's `system_hash`.
    Nulls:   stay null. Cost: linear in bytes, 1 MiB a text at most.
    """
    readings: Sequence[Readings] = read_texts(texts, key=key, weights=no_weights())
    return pa.RecordBatch.from_pydict(
        {
            "hash": hash_systems(texts, key=key),
            "sketch": _join([part.sketches for part in readings]),
            "skeleton": _join([part.skeletons for part in readings]),
            "gist": _join([part.gists for part in readings]),
            "words": _join([part.words for part in readings]),
        }
    )


def hash_systems(systems: pa.Array, *, key: PseudonymKey) -> pa.Array:
    """Hash whole system texts, byte by byte as they are, up to the bound of a text.

    Grain:   one Int64 per row. Nulls: stay null. Order: as given.
    """
    if systems.null_count == len(systems):
        return pa.nulls(len(systems), pa.int64())
    heads = systems.cast(pa.large_binary())
    if heads.nbytes > limits.PROMPT_BYTES_MAX:
        heads = pc.binary_slice(heads, 0, limits.PROMPT_BYTES_MAX)
    return hash_content(heads, key=key, domain=_SYSTEM_DOMAIN)


def _strings(batch: pa.RecordBatch, name: str) -> pa.Array:
    """Give a column of texts as one of two types; a view or a column of nulls is made such."""
    column = batch.column(name)
    is_plain = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return column if is_plain else column.cast(pa.large_string())


def _round(probability: pa.Array) -> pa.Array:
    """Keep nine bits of a probability: wrong by 0.2 % at most, two bytes in the lake for seven."""
    bits = np.frombuffer(probability.buffers()[1], np.int64)
    kept = (bits + (1 << (_DROPPED_BITS - 1))) >> _DROPPED_BITS << _DROPPED_BITS
    return to_arrow(kept.view(np.float64), mask=null_mask(probability))


def _join(parts: Sequence[pa.Array]) -> pa.Array:
    return parts[0] if len(parts) == 1 else pa.concat_arrays(parts)
