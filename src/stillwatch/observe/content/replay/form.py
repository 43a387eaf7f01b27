"""The index as bytes: a header that anybody can read, and the entries, packed.

`app` reads and writes the file; here its bytes become a `ReplayIndex` and back. Magic, the header's
length, the header in JSON (form, scheme, words of a shingle; of each set its name, licence and
counts; the payload's SHA-256), then the payload: zlib over the items' sizes (a byte each) and their
entries (32 bits each, little endian), set after set.

Deliberately absent: texts, and entries by which one could be put together again.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from importlib.resources import files
from typing import Any, Final

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.errors import BadReplayIndex, LimitExceeded
from stillwatch.observe.content.replay.index import ENTRIES_MAX, ReplayIndex, Source
from stillwatch.observe.content.replay.kernel import ENTRIES_MIN
from stillwatch.observe.content.shingles import SHINGLE_WORDS

MAGIC: Final = b"SWREPLAY"
FORM: Final = 1
"""The layout of these bytes."""
SCHEME: Final = 2
"""How a shingle is hashed: which characters are words, what a number is, the multipliers. It goes
up when `characters.py` or the hashes of `shingles.py` change; a test holds it to known hashes."""
_HEADER_BYTES_MAX: Final = 2**20
"""Bytes of a header: thousands of sets."""
_LENGTH_BYTES: Final = 4
_ENTRY_BYTES: Final = 4
_REBUILD: Final = "build it anew with `stillwatch replay add`"


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
        "form": FORM,
        "scheme": SCHEME,
        "shingle_words": SHINGLE_WORDS,
        "sha256": hashlib.sha256(payload).hexdigest(),
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
    head = json.dumps(header, sort_keys=True, ensure_ascii=True).encode()
    return MAGIC + len(head).to_bytes(_LENGTH_BYTES, "little") + head + zlib.compress(payload, 9)


def read_index(data: bytes, *, where: str) -> ReplayIndex:
    """Read an index from its bytes. Cost: linear in them, bounded by what the header states.

    Raises:
        BadReplayIndex: it is none, of another form or scheme, cut short or altered.
        LimitExceeded: it has more items than REPLAY_ITEMS_MAX.
    """
    header, rest = _read_header(data, where)
    for name, wanted in (("form", FORM), ("scheme", SCHEME), ("shingle_words", SHINGLE_WORDS)):
        if header.get(name) != wanted:
            raise BadReplayIndex(
                where, says=f"its {name} is {header.get(name)!r}, not {wanted}", hint=_REBUILD
            )
    try:
        told = [_read_facts(one) for one in header["sources"]]
        checksum = str(header["sha256"])
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadReplayIndex(where, says="its header lacks what it must say") from wrong
    items = sum(one["items"] for one in told)
    if items > limits.REPLAY_ITEMS_MAX:
        raise LimitExceeded(name="REPLAY_ITEMS_MAX", bound=limits.REPLAY_ITEMS_MAX, met=items)
    payload = _unpack(rest, items + _ENTRY_BYTES * sum(one["entries"] for one in told), where)
    if hashlib.sha256(payload).hexdigest() != checksum:
        raise BadReplayIndex(where, says="its checksum is another")
    return ReplayIndex(tuple(_read_sources(payload, told, where)))


def _read_header(data: bytes, where: str) -> tuple[dict[str, Any], bytes]:
    start = len(MAGIC) + _LENGTH_BYTES
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    if not data.startswith(MAGIC) or len(data) < start or length > _HEADER_BYTES_MAX:
        raise BadReplayIndex(where, says="it does not begin as one")
    try:
        header = json.loads(data[start : start + length])
    except (ValueError, RecursionError) as wrong:
        raise BadReplayIndex(where, says="its header is no JSON") from wrong
    if not isinstance(header, dict):
        raise BadReplayIndex(where, says="its header is no object")
    return header, data[start + length :]


def _read_facts(told: dict[str, Any]) -> dict[str, Any]:
    facts = {"name": str(told["name"]), "licence": str(told["licence"])}
    counts = {name: int(told[name]) for name in ("items", "entries", "left_out")}
    if min(counts.values()) < 0 or counts["entries"] > ENTRIES_MAX * counts["items"]:
        raise ValueError(told)
    return {**facts, **counts}


def _unpack(data: bytes, size: int, where: str) -> bytes:
    """Unpack no more than the header states: a bomb stops there."""
    unpacking = zlib.decompressobj()
    try:
        payload = unpacking.decompress(data, size + 1)
    except zlib.error as wrong:
        raise BadReplayIndex(where, says="its entries cannot be unpacked") from wrong
    if len(payload) != size or not unpacking.eof or unpacking.unused_data:
        raise BadReplayIndex(where, says="it has not the length that its header states")
    return payload


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
