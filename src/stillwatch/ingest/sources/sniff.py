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
from itertools import chain, islice, repeat
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
    taken: list[bytes] = []
    size, ended = 0, False
    for block in blocks:
        taken.append(block if taken else block.removeprefix(BYTE_ORDER_MARK))
        size += len(block)
        ended = ended or b"\n" in block
        if size >= HEAD_BYTES and (ended or size > limits.RECORD_BYTES_MAX):
            break
    return b"".join(taken), chain(taken, blocks)


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
    """Tell documents over many lines, or one array, from lines among which some are broken.

    A broken line must not take the sound ones after it with it: where the second line is a record
    by itself, the first is not the beginning of anything.
    """
    lines = (line.strip(BLANKS) for line in BytesIO(head))
    first, second, third = islice(chain(filter(None, lines), repeat(b"")), 3)
    if first.startswith(b"[") and _holds_objects(first):
        return not second
    if first == b"{":
        return second.startswith(b'"')
    if first == b"[" or first.replace(b" ", b"").startswith(b"[{"):
        goes_on = not second or second.startswith((b"{", b'"'))
        return goes_on and (not _is_object(second) or third.startswith(b"]"))
    return False


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _holds_objects(line: bytes) -> bool:
    try:
        return any(isinstance(each, dict) for each in orjson.loads(line))
    except orjson.JSONDecodeError:
        return False


def _records(lines: bytes) -> Iterator[dict[str, object]]:
    for line in BytesIO(lines):
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        for record in document if isinstance(document, list) else [document]:
            if isinstance(record, dict):
                yield record
