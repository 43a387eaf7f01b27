"""Chunks come out of the pool in the order in which they went in, whenever kernels are there."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from stillwatch.app import pool


@pytest.mark.parametrize("ready_after", [0, 3, 50, None])
def test_chunks_keep_their_order_whenever_kernels_are_ready(
    monkeypatch: pytest.MonkeyPatch, ready_after: int | None
) -> None:
    """Before any chunk, between two, after the last one, or when as many as may are waiting."""
    kernels: Future[None] = Future()
    monkeypatch.setattr(pool, "compile_ahead", lambda: kernels)
    monkeypatch.setattr(pool, "_parse", lambda raw, _: (raw, f"parsed {raw}"))
    monkeypatch.setattr(pool, "_observe", lambda raw, parsed, _: (raw, parsed))
    monkeypatch.setattr(pool.limits, "CHUNKS_AHEAD", 8)
    count, given = 12, 0
    ready_after = 8 if ready_after is None else min(ready_after, 8)

    def chunks() -> Any:  # noqa: ANN401
        nonlocal given
        for given in range(count):
            if given == ready_after:
                kernels.set_result(None)
            yield given

    reading: Any = None
    observed = list(pool.observe_chunks(chunks(), reading))
    assert observed == [(n, f"parsed {n}") for n in range(count)]
    assert given == count - 1


def test_no_more_chunks_are_alive_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """With kernels there, a chunk is asked for when there is room for it."""
    kernels: Future[None] = Future()
    kernels.set_result(None)
    monkeypatch.setattr(pool, "compile_ahead", lambda: kernels)
    monkeypatch.setattr(pool, "_read", lambda raw, _: raw)
    asked = 0

    def chunks() -> Any:  # noqa: ANN401
        nonlocal asked
        for number in range(1, 41):
            asked = number
            yield number

    reading: Any = None
    for taken, _ in enumerate(pool.observe_chunks(chunks(), reading), start=1):
        assert asked - taken < pool.limits.CHUNKS_IN_FLIGHT
