"""What a file is made of, told from its first records: its dialect and how documents are laid out.

Only the head of the file is looked at, as much as holds the first records. Each reader is asked
whether it knows a record; most votes win, and the order of the catalogue settles a tie. A head in
which nothing is a JSON object says nothing: the file then takes the dialect of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import chain, islice
from typing import Final

import orjson

from stillwatch.domain import limits
from stillwatch.ingest.readers import recognise
from stillwatch.ingest.sources.documents import one_document_a_line

HEAD_BYTES: Final = 2**20
"""Bytes of a head: holds the first records of every log that we know, often thousands."""
BLANKS: Final = b" \t\r\n"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the head of a file says."""

    dialect: str | None
    """None = no reader knows it."""
    spread: bool
    """Documents spread over lines (or one array): rewrite them to one a line."""
    objects: int
    """JSON objects seen in the head."""


def take_head(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Take the first bytes (a whole first line, where it is not beyond the limit of a record).

    The iterator given back yields the same bytes again, from the start, without a byte-order mark.
    """
    head = b""
    for block in blocks:
        head += block
        if len(head) >= HEAD_BYTES and (b"\n" in head or len(head) > limits.RECORD_BYTES_MAX):
            break
    head = head.removeprefix(BYTE_ORDER_MARK)
    return head, chain((head,) if head else (), blocks)


def sniff(head: bytes) -> Sniffed:
    """Tell the dialect and the layout from the head of a file."""
    spread = _is_spread(head)
    lines = b"".join(one_document_a_line(iter((head,)))) if spread else head
    return tally(islice(_records(lines), limits.SNIFF_RECORDS), spread=spread)


def tally(records: Iterable[dict[str, object]], *, spread: bool) -> Sniffed:
    """Ask every reader about the first records; most votes win."""
    answers = [recognise(record) for record in records]
    votes = Counter(name for name in answers if name)
    dialect = votes.most_common(1)[0][0] if votes else None
    return Sniffed(dialect, spread, len(answers))


def _is_spread(head: bytes) -> bool:
    start = head.lstrip(BLANKS)
    if not start.startswith((b"[", b"{")):
        return False
    first, _, rest = start.partition(b"\n")
    if start.startswith(b"{"):
        return first.strip(BLANKS) == b"{"
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return True
    return not rest.strip(BLANKS)


def _records(lines: bytes) -> Iterator[dict[str, object]]:
    for line in BytesIO(lines):
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        for record in document if isinstance(document, list) else [document]:
            if isinstance(record, dict):
                yield record
