"""The index as bytes: a header that anybody can read, and the entries, packed.

`app` reads and writes the file; here its bytes become a `ReplayIndex` and back, in the frame of
`packed.py`. The header says form, scheme, words of a shingle, and of each set its name, licence and
counts; the payload is the items' sizes (a byte each) and their entries (32 bits each, little
endian), set after set.

Deliberately absent: texts, and entries by which one could be put together again.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.errors import BadReplayIndex, LimitExceeded
from stillwatch.observe.content.replay.index import ENTRIES_MAX, ReplayIndex, Source
from stillwatch.observe.content.replay.kernel import ENTRIES_MIN
from stillwatch.observe.content.replay.packed import Packed, read_header, read_payload, write_packed
from stillwatch.observe.content.shingles import SHINGLE_WORDS

MAGIC: Final = b"SWREPLAY"
FORM: Final = 1
"""The layout of these bytes."""
SCHEME: Final = 2
"""How a shingle is hashed: which characters are words, what a number is, the multipliers. It goes
up when `characters.py` or the hashes of `shingles.py` change; a test holds it to known hashes."""
_STATED: Final = {"form": FORM, "scheme": SCHEME, "shingle_words": SHINGLE_WORDS}
_PACKED: Final = Packed(MAGIC, BadReplayIndex, "stillwatch replay add")
_ENTRY_BYTES: Final = 4


def load_shipped() -> ReplayIndex:
    """Load the index that the package carries.

    Cost:    a tenth of a second.
    """
    shipped = files(__package__).joinpath("shipped.idx").read_bytes()
    return read_index(shipped, where="that the package carries")


def write_index(index: ReplayIndex) -> bytes:
    """Give an index as bytes; equal indexes give equal bytes.

    Cost:    linear in its entries.
    """
    payload = b"".join(
        one.sizes.tobytes() + one.entries.astype("<u4").tobytes() for one in index.sources
    )
    header = {
        **_STATED,
        "sources": [
            {
                "name": one.name,
                "licence": one.licence,
                "items": len(one.sizes),
                "entries": len(one.entries),
                "left_out": one.left_out,
            }
            for one in index.sources
        ],
    }
    return write_packed(_PACKED, header, payload)


def read_index(data: bytes, *, where: str) -> ReplayIndex:
    """Read an index from its bytes. Cost: linear in them, bounded by what the header states.

    Raises:
        BadReplayIndex: it is none, of another form or scheme, cut short or altered.
        LimitExceeded: it has more items than REPLAY_ITEMS_MAX.
    """
    header, rest = read_header(_PACKED, data, wanted=_STATED, where=where)
    try:
        told = [_read_facts(one) for one in header["sources"]]
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadReplayIndex(where, says="its header lacks what it must say") from wrong
    items = sum(one["items"] for one in told)
    if items > limits.REPLAY_ITEMS_MAX:
        raise LimitExceeded(name="REPLAY_ITEMS_MAX", bound=limits.REPLAY_ITEMS_MAX, met=items)
    size = items + _ENTRY_BYTES * sum(one["entries"] for one in told)
    payload = read_payload(_PACKED, header, rest, size=size, where=where)
    return ReplayIndex(tuple(_read_sources(payload, told, where)))


def _read_facts(told: dict[str, Any]) -> dict[str, Any]:
    facts = {"name": str(told["name"]), "licence": str(told["licence"])}
    counts = {name: int(told[name]) for name in ("items", "entries", "left_out")}
    if min(counts.values()) < 0 or counts["entries"] > ENTRIES_MAX * counts["items"]:
        raise ValueError(told)
    return {**facts, **counts}


def _read_sources(payload: bytes, told: list[dict[str, Any]], where: str) -> list[Source]:
    sources, at = [], 0
    for one in told:
        sizes = np.frombuffer(payload, np.uint8, one["items"], at)
        at += one["items"]
        entries = np.frombuffer(payload, "<u4", one["entries"], at).astype(np.uint32)
        at += _ENTRY_BYTES * one["entries"]
        if int(sizes.sum(dtype=np.int64)) != one["entries"] or not _are_sizes(sizes):
            raise BadReplayIndex(where, says=f"the counts of {one['name']} disagree")
        sources.append(Source(one["name"], one["licence"], sizes, entries, one["left_out"]))
    return sources


def _are_sizes(sizes: np.ndarray[Any, np.dtype[np.uint8]]) -> bool:
    return bool(((sizes >= ENTRIES_MIN) & (sizes <= ENTRIES_MAX)).all())
