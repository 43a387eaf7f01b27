"""Shards: the pieces of a scenario that are drawn apart from one another, each from its own seed.

Between `scenarios`, which lists them, and `simulate`, which hands them to workers. The one idea:
what a shard holds depends on scenario, scale, seed and its own number, so any number of workers
writes the same bytes. A campaign too large for one shard comes in parts: every part draws the same
heads, and its own stretch of their queue. Workers are hired here too. Absent: traffic itself
(`traffic.draw`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil
from multiprocessing import get_context
from typing import Final, Protocol, TypeVar

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.scene import Scene

Given = TypeVar("Given")
Made = TypeVar("Made")

SHARD_EXCHANGES: Final = 240_000
"""Exchanges that a shard is meant to hold, and a worker in memory: 0.6 GB, while they are drawn."""

_ENVIRONMENT: Final = {
    "POLARS_MAX_THREADS": "1",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:2000,muzzy_decay_ms:0",
}
"""What workers are started with: one Polars thread each, and an allocator that keeps what was freed
for two seconds, which saves a sixth of their time (measured: the kernel clears each page anew)."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Accounts that are drawn together; of a campaign, or honest."""

    people: pl.DataFrame
    plan: Plan | None = None
    grants: tuple[dict[str, object], ...] = field(default=())


DrawCohort = Callable[[np.random.Generator, Scene], Cohort]


@dataclass(frozen=True, slots=True)
class Shard:
    """One cohort, or one part of its traffic."""

    draw: DrawCohort
    """Draws the cohort; a function of a module, or a partial of one: it travels to a worker."""
    exchanges: float
    """Expected: for the sizes of files and of parts, never for what is drawn."""
    owner: int = 0
    """The cohort's number: its accounts are named and drawn by it, in every part alike."""
    part: int = 0
    parts: int = 1


def number_shards(shards: Iterable[Shard]) -> Iterator[Shard]:
    """Give cohorts their numbers, and divide those that are too large into parts."""
    for owner, shard in enumerate(shards):
        parts = max(1, ceil(shard.exchanges / SHARD_EXCHANGES))
        if shard.parts == 1 and parts > 1:
            own = shard.exchanges / parts
            yield from (
                replace(shard, owner=owner, exchanges=own, part=part, parts=parts)
                for part in range(parts)
            )
        else:
            yield replace(shard, owner=owner)


class Run(Protocol):
    """A `map`, over one process or several: results in the order of what was given."""

    def __call__(self, work: Callable[[Given], Made], given: Iterable[Given], /) -> Iterator[Made]:
        """Work through what is given."""


@contextmanager
def hire_workers(workers: int) -> Iterator[Run]:
    """Give a `map` over worker processes; over this one, where it is alone.

    Several workers find `_ENVIRONMENT` in theirs; this process gets its own back.
    """
    if workers == 1:
        yield map
        return
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            yield pool.map
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
