"""The list of public templates as bytes: a header that anybody can read, and the hashes, packed.

`app` reads and writes the file; here its bytes become `PublicTemplates` and back, in the frame of
`content/replay/packed.py`. The header says form, scheme, words of a shingle, and of each origin its
name, licence and counts; the payload, origin after origin, is the texts' totals (32 bits each),
their sizes (a byte each) and their shingles (64 bits each), all little endian.

Deliberately absent: texts.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.errors import BadTemplateList, LimitExceeded
from stillwatch.observe.content.replay.form import SCHEME
from stillwatch.observe.content.replay.packed import (
    Packed,
    read_header,
    read_payload,
    write_packed,
)
from stillwatch.observe.content.shingles import SHINGLE_WORDS
from stillwatch.observe.template_book.public import PublicSource, PublicTemplates

MAGIC: Final = b"SWPUBLIC"
FORM: Final = 1
"""The layout of these bytes."""
_STATED: Final = {"form": FORM, "scheme": SCHEME, "shingle_words": SHINGLE_WORDS}
_PACKED: Final = Packed(MAGIC, BadTemplateList, "stillwatch templates add")
_TOTAL: Final = np.dtype("<u4")
_SHINGLE: Final = np.dtype("<u8")


def load_shipped() -> PublicTemplates:
    """Load the list that the package carries.

    Cost:    some milliseconds.
    """
    shipped = files(__package__).joinpath("public.idx").read_bytes()
    return read_public(shipped, where="that the package carries")


def write_public(public: PublicTemplates) -> bytes:
    """Give a list as bytes; equal lists give equal bytes.

    Cost:    linear in its shingles.
    """
    told = [
        {
            "name": one.name,
            "licence": one.licence,
            "texts": len(one.sizes),
            "shingles": len(one.shingles),
            "left_out": one.left_out,
        }
        for one in public.sources
    ]
    payload = b"".join(
        one.totals.astype(_TOTAL).tobytes()
        + one.sizes.tobytes()
        + one.shingles.astype(_SHINGLE).tobytes()
        for one in public.sources
    )
    header = {**_STATED, "sources": told}
    return write_packed(_PACKED, header, payload)


def read_public(data: bytes, *, where: str) -> PublicTemplates:
    """Read a list from its bytes. Cost: linear in them, bounded by what the header states.

    Raises:
        BadTemplateList: it is none, of another form or scheme, cut short or altered.
        LimitExceeded: it has more texts than PUBLIC_TEXTS_MAX.
    """
    header, rest = read_header(_PACKED, data, wanted=_STATED, where=where)
    try:
        told = [_read_facts(one) for one in header["sources"]]
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadTemplateList(where, says="its header lacks what it must say") from wrong
    texts = sum(one["texts"] for one in told)
    if texts > limits.PUBLIC_TEXTS_MAX:
        raise LimitExceeded(name="PUBLIC_TEXTS_MAX", bound=limits.PUBLIC_TEXTS_MAX, met=texts)
    each = _TOTAL.itemsize + 1
    size = each * texts + _SHINGLE.itemsize * sum(one["shingles"] for one in told)
    payload = read_payload(_PACKED, header, rest, size=size, where=where)
    return PublicTemplates(tuple(_read_sources(payload, told, where)))


def _read_facts(told: dict[str, Any]) -> dict[str, Any]:
    counts = {name: int(told[name]) for name in ("texts", "shingles", "left_out")}
    most = limits.PUBLIC_SHINGLES_MAX * counts["texts"]
    if min(counts.values()) < 0 or counts["shingles"] > most:
        raise ValueError(told)
    return {"name": str(told["name"]), "licence": str(told["licence"]), **counts}


def _read_sources(payload: bytes, told: list[dict[str, Any]], where: str) -> list[PublicSource]:
    sources, at = [], 0
    for one in told:
        parts = []
        for dtype, count in (
            (_TOTAL, "texts"),
            (np.dtype(np.uint8), "texts"),
            (_SHINGLE, "shingles"),
        ):
            parts.append(np.frombuffer(payload, dtype, one[count], at))
            at += dtype.itemsize * one[count]
        totals, sizes = parts[0].astype(np.uint32), parts[1].astype(np.uint8)
        shingles = parts[2].astype(np.uint64)
        if int(sizes.sum(dtype=np.int64)) != len(shingles) or bool((sizes > totals).any()):
            raise BadTemplateList(where, says=f"the counts of {one['name']} disagree")
        sources.append(
            PublicSource(
                one["name"],
                one["licence"],
                totals,
                sizes,
                shingles,
                one["left_out"],
            )
        )
    return sources
