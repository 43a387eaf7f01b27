"""The index as bytes: a header that anybody can read, and the entries, packed.

`app` reads and writes the file; here its bytes become a `ReplayIndex` and back, in the frame of
`packed.py`. The header says form, scheme, words of a shingle, and of each set its name, licence and
counts; the payload is, set after set, the items' sizes (a byte each) and their entries (32 bits
each, little endian), then of the forms inside JSON strings the items' places, sizes and entries.
Form 1 had no such forms, and is read still: a set of such a file is not found inside JSON strings
until it is added anew.

Deliberately absent: texts, and entries by which one could be put together again.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stillwatch.domain import limits
from stillwatch.domain.errors import BadReplayIndex, LimitExceeded
from stillwatch.observe.content.replay.index import ReplayIndex
from stillwatch.observe.content.replay.kernel import ENTRIES_MIN
from stillwatch.observe.content.replay.packed import Packed, read_header, read_payload, write_packed
from stillwatch.observe.content.replay.source import (
    ENTRIES_MAX,
    ESCAPED_FORMS_MAX,
    Escaped,
    Halves,
    Source,
)
from stillwatch.observe.content.shingles import SHINGLE_WORDS

MAGIC: Final = b"SWREPLAY"
FORM: Final = 2
"""The layout of these bytes."""
_FORM_WITHOUT_ESCAPED: Final = 1
"""The form before: items as they are, and no other form of them."""
SCHEME: Final = 2
"""How a shingle is hashed: which characters are words, what a number is, the multipliers. It goes
up when `characters.py` or the hashes of `shingles.py` change; a test holds it to known hashes."""
_STATED: Final = {"form": FORM, "scheme": SCHEME, "shingle_words": SHINGLE_WORDS}
_PACKED: Final = Packed(MAGIC, BadReplayIndex, "stillwatch replay add")
_OLDER: Final = {"form": _FORM_WITHOUT_ESCAPED}
_ENTRY_BYTES, _PLACE_BYTES = 4, 4
_COUNTS: Final = ("items", "entries", "left_out")
_ESCAPED_COUNTS: Final = ("escaped_forms", "escaped_entries")


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
    header = {
        **_STATED,
        "sources": [
            {
                "name": one.name,
                "licence": one.licence,
                "items": len(one.sizes),
                "entries": len(one.entries),
                "left_out": one.left_out,
                "escaped_forms": len(one.escaped.sizes),
                "escaped_entries": len(one.escaped.entries),
            }
            for one in index.sources
        ],
    }
    return write_packed(_PACKED, header, b"".join(map(_write_source, index.sources)))


def _write_source(one: Source) -> bytes:
    places = one.escaped.items.astype("<i4").tobytes()
    return b"".join((_write_entries(one), places, _write_entries(one.escaped)))


def _write_entries(one: Source | Escaped) -> bytes:
    return one.sizes.tobytes() + one.entries.astype("<u4").tobytes()


def read_index(data: bytes, *, where: str) -> ReplayIndex:
    """Read an index from its bytes. Cost: linear in them, bounded by what the header states.

    Raises:
        BadReplayIndex: it is none, of a form or scheme that isn't read, cut short or altered.
        LimitExceeded: it has more items than REPLAY_ITEMS_MAX.
    """
    header, rest = read_header(_PACKED, data, wanted=_STATED, older=_OLDER, where=where)
    has_escaped = header["form"] != _FORM_WITHOUT_ESCAPED
    try:
        told = [_read_facts(one, has_escaped=has_escaped) for one in header["sources"]]
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadReplayIndex(where, says="its header lacks what it must say") from wrong
    items = sum(one["items"] for one in told)
    if items > limits.REPLAY_ITEMS_MAX:
        raise LimitExceeded(name="REPLAY_ITEMS_MAX", bound=limits.REPLAY_ITEMS_MAX, met=items)
    size = sum(map(_count_bytes, told))
    payload = read_payload(_PACKED, header, rest, size=size, where=where)
    return ReplayIndex(tuple(_read_sources(payload, told, where)))


def _read_facts(told: dict[str, Any], *, has_escaped: bool) -> dict[str, Any]:
    facts = {"name": str(told["name"]), "licence": str(told["licence"])}
    counts = {name: int(told[name]) for name in _COUNTS}
    escaped = {name: int(told[name]) if has_escaped else 0 for name in _ESCAPED_COUNTS}
    forms, entries = escaped.values()
    if (
        min(*counts.values(), forms, entries) < 0
        or counts["entries"] > ENTRIES_MAX * counts["items"]
        or entries > ENTRIES_MAX * forms
        or forms > ESCAPED_FORMS_MAX * counts["items"]
    ):
        raise ValueError(told)
    return {**facts, **counts, **escaped}


def _count_bytes(told: dict[str, Any]) -> int:
    hashes = int(told["entries"] + told["escaped_entries"])
    return int(told["items"] + (1 + _PLACE_BYTES) * told["escaped_forms"] + _ENTRY_BYTES * hashes)


def _read_sources(payload: bytes, told: list[dict[str, Any]], where: str) -> list[Source]:
    sources, at = [], 0
    for one in told:
        sizes, entries = _read_entries(payload, (one["items"], one["entries"]), at)
        at += one["items"] + _ENTRY_BYTES * one["entries"]
        forms, hashes = one["escaped_forms"], one["escaped_entries"]
        places = np.frombuffer(payload, "<i4", forms, at).astype(np.int32)
        at += _PLACE_BYTES * forms
        escaped = Escaped(places, *_read_entries(payload, (forms, hashes), at))
        at += forms + _ENTRY_BYTES * hashes
        source = Source(one["name"], one["licence"], sizes, entries, one["left_out"], escaped)
        if not (_agree(source) and _agree(escaped) and _lead_to_items(places, len(sizes))):
            raise BadReplayIndex(where, says=f"the counts of {one['name']} disagree")
        sources.append(source)
    return sources


def _read_entries(
    payload: bytes, counts: tuple[int, int], at: int
) -> tuple[npt.NDArray[np.uint8], Halves]:
    sizes = np.frombuffer(payload, np.uint8, counts[0], at)
    return sizes, np.frombuffer(payload, "<u4", counts[1], at + counts[0]).astype(np.uint32)


def _agree(one: Source | Escaped) -> bool:
    are_sizes = (one.sizes >= ENTRIES_MIN) & (one.sizes <= ENTRIES_MAX)
    return bool(are_sizes.all()) and int(one.sizes.sum(dtype=np.int64)) == len(one.entries)


def _lead_to_items(places: npt.NDArray[np.int32], items: int) -> bool:
    """Say whether places are ascending, those of items, and of each ESCAPED_FORMS_MAX at most."""
    ends = np.concatenate([[0], places, [items - 1 if len(places) else 0]])
    repeated = places[ESCAPED_FORMS_MAX:] == places[:-ESCAPED_FORMS_MAX]
    return bool((np.diff(ends) >= 0).all() and not repeated.any())
