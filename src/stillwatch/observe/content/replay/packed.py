"""The frame of the lists of hashes that we ship and that people add to: a header, then the rest.

Magic, the header's length, the header in JSON, which anybody can read (with the SHA-256 of the
payload), then the payload under zlib. `replay/form.py` and `template_book/public.py` put their
lists into it. The one idea: a file from elsewhere is read no further than its header states.

Deliberately absent: what the payload means.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from stillwatch.domain.errors import BadReplayIndex, BadTemplateList

_HEADER_BYTES_MAX: Final = 2**20
"""Bytes of a header: thousands of sets."""
_LENGTH_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Packed:
    """One kind of list: how its files begin, and the error that a bad one is."""

    magic: bytes
    refusal: type[BadReplayIndex | BadTemplateList]
    command: str
    """What makes one anew."""


def write_packed(kind: Packed, header: dict[str, Any], payload: bytes) -> bytes:
    """Give a list as bytes; equal lists give equal bytes.

    Cost:    linear in the payload.
    """
    told = {**header, "sha256": hashlib.sha256(payload).hexdigest()}
    head = json.dumps(told, sort_keys=True, ensure_ascii=True).encode()
    length = len(head).to_bytes(_LENGTH_BYTES, "little")
    return kind.magic + length + head + zlib.compress(payload, 9)


def read_header(
    kind: Packed,
    data: bytes,
    *,
    wanted: Mapping[str, int],
    where: str,
    older: Mapping[str, int] = MappingProxyType({}),
) -> tuple[dict[str, Any], bytes]:
    """Read the header; give it and what is left. `wanted` is what it must state: form, scheme.

    `older` has values that it may state instead: what was wanted before, and can be read still.

    Raises:
        BadReplayIndex: it is no such list; or BadTemplateList, as `kind` says.
    """
    start = len(kind.magic) + _LENGTH_BYTES
    length = int.from_bytes(data[len(kind.magic) : start], "little")
    if not data.startswith(kind.magic) or len(data) < start or length > _HEADER_BYTES_MAX:
        raise kind.refusal(where, says="it does not begin as one")
    try:
        header = json.loads(data[start : start + length])
    except (ValueError, RecursionError) as wrong:
        raise kind.refusal(where, says="its header is no JSON") from wrong
    if not isinstance(header, dict):
        raise kind.refusal(where, says="its header is no object")
    for name, value in wanted.items():
        if header.get(name) not in [value, older.get(name, value)]:
            says = f"its {name} is {header.get(name)!r}, not {value}"
            raise kind.refusal(where, says=says, hint=f"build it anew with `{kind.command}`")
    return header, data[start + length :]


def read_payload(
    kind: Packed, header: dict[str, Any], rest: bytes, *, size: int, where: str
) -> bytes:
    """Unpack what comes after the header, no more than it states: a bomb stops there.

    Raises:
        BadReplayIndex: it has another length or checksum; or BadTemplateList, as `kind` says.
    """
    unpacking = zlib.decompressobj()
    try:
        payload = unpacking.decompress(rest, size + 1)
    except zlib.error as wrong:
        raise kind.refusal(where, says="its entries cannot be unpacked") from wrong
    if len(payload) != size or not unpacking.eof or unpacking.unused_data:
        raise kind.refusal(where, says="it has not the length that its header states")
    if hashlib.sha256(payload).hexdigest() != header.get("sha256"):
        raise kind.refusal(where, says="its checksum is another")
    return payload
