"""What is sent packed, to whom, and that no page is."""

from __future__ import annotations

import gzip

import pytest
from fastapi import Request

from stillwatch.app.console.frame.packing import choose_form, pack

TEXT = b"const one = 1;\n" * 200


def asking(accepts: str | None) -> Request:
    """Give a question that takes some encodings."""
    headers = [] if accepts is None else [(b"accept-encoding", accepts.encode())]
    return Request({"type": "http", "headers": headers})


def test_what_is_packed_is_smaller_and_comes_back_whole() -> None:
    """The same bytes each time: no clock in the header."""
    packed = pack(TEXT)
    assert packed is not None
    assert len(packed) < len(TEXT) / 4
    assert gzip.decompress(packed) == TEXT
    assert pack(TEXT) == packed


def test_what_would_not_shrink_is_left() -> None:
    """A few bytes, and bytes that are packed already."""
    assert pack(b"short") is None
    packed = pack(bytes(range(256)) * 8)
    assert packed is not None
    assert pack(gzip.compress(bytes(n * n % 251 for n in range(4_000)))) is None


@pytest.mark.parametrize(
    ("accepts", "is_packed"),
    [("gzip, deflate, br", True), ("br;q=1, gzip;q=0.8", True), ("br", False), (None, False)],
)
def test_only_who_takes_gzip_gets_it(accepts: str | None, is_packed: bool) -> None:  # noqa: FBT001
    """And caches are told that it depends on that."""
    packed = pack(TEXT)
    content, headers = choose_form(asking(accepts), TEXT, packed)
    assert content == (packed if is_packed else TEXT)
    assert headers["vary"] == "accept-encoding"
    assert ("content-encoding" in headers) == is_packed


def test_what_has_no_packed_form_goes_as_it_is() -> None:
    """No header speaks of encodings then."""
    assert choose_form(asking("gzip"), TEXT, None) == (TEXT, {})
