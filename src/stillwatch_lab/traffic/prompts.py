"""What people write: the prompt of every exchange, by the account's habits.

Reads arrivals and people; gives a text column. The one idea: a chat is a few sentences in the
writer's own voice on the writer's own topics (`chats`), and a job is one item, perhaps inside the
template of its application. Replays of a fixed set (`pool`) are written once and repeated word for
word. Where the scene has real texts, people write with those (`borrowed`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.spelling import join, lay_over
from stillwatch_lab.text import ITEM_SPACE, Order, grammar, mix
from stillwatch_lab.text.pools import Pools, open_pools
from stillwatch_lab.text.topics import TOPICS
from stillwatch_lab.traffic.borrowed import borrow_benchmark, borrow_chat
from stillwatch_lab.traffic.chats import Draft, write_chat

Ints = npt.NDArray[np.int64]

_POOL_MAX: Final = 4_096  # items of a fixed set


def draft(rng: np.random.Generator, people: pl.DataFrame, arrivals: pl.DataFrame) -> Draft:
    """Settle topic, voice and item of every exchange.

    Grain:   one entry per row of arrivals. An account with `end_users` speaks with many voices;
             where it has no topic of its own (-1), each of them has one of its own.
    """
    account = arrivals["account"].to_numpy()
    session = arrivals["session"].to_numpy()
    user = arrivals["user"].to_numpy()
    own_voice = people["voice"].to_numpy()[account]
    voice = np.where(user > 0, (mix(own_voice + user) >> np.uint64(24)).astype(np.int64), own_voice)
    topic = _topics(rng, people, account, session)
    topic = np.where(topic < 0, voice % len(TOPICS), topic)
    item, pooled = _items(rng, people, account)
    voice = np.where(pooled, people["pool"].to_numpy()[account] * 4_099 + item, voice)
    topic = np.where(pooled, voice % len(TOPICS), topic)
    jobs = tuple(people["job"].unique().sort().to_list())
    job = np.searchsorted(jobs, people["job"].to_list())[account]
    return Draft(account, session, arrivals["turn"].to_numpy(), voice, topic, item, job, jobs)


def _topics(rng: np.random.Generator, people: pl.DataFrame, account: Ints, session: Ints) -> Ints:
    by_session = rng.random(int(session.max()) + 1 if len(session) else 0)[session]
    focus = people["focus"].to_numpy()[account]
    second = by_session < focus + (1 - focus) * 0.7
    topics = [people[f"topic_{rank}"].to_numpy()[account] for rank in (1, 2, 3)]
    return np.where(by_session < focus, topics[0], np.where(second, topics[1], topics[2]))


def _items(
    rng: np.random.Generator, people: pl.DataFrame, account: Ints
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Settle items: one by chance, or the next of its pool from the account's own place on.

    An account with a lane takes every `lanes`-th item, so that no two lanes have one in common.
    """
    size = people["pool_items"].to_numpy()[account]
    first = np.searchsorted(account, account)  # arrivals stand by account
    rank = np.arange(len(account)) - first
    free = rng.integers(0, ITEM_SPACE, len(account))
    start = mix(people["voice"].to_numpy()).astype(np.int64) & 0xFFFF
    lane = people["lane"].fill_null(pl.Series(start)).to_numpy()[account]
    step = people["lanes"].fill_null(1).to_numpy()[account]
    number = (lane + rank * step) % np.maximum(size, 1)
    fixed = mix(people["pool"].to_numpy()[account] * _POOL_MAX + number) % np.uint64(ITEM_SPACE)
    return np.where(size > 0, fixed.astype(np.int64), free), size > 0


def write_prompts(
    rng: np.random.Generator, people: pl.DataFrame, drafted: Draft, *, data: Path | None = None
) -> pl.Series:
    """Write every prompt, with the real texts below `data` where there are any.

    Grain:   one string per exchange. Order: as drafted.
    """
    written: list[pl.Series] = []
    where = np.zeros(len(drafted.account), np.int64)
    for job in range(len(drafted.jobs)):
        rows = np.flatnonzero(drafted.job == job)
        if not len(rows):
            continue
        unique, inverse = _repeats(people, drafted, rows)
        texts = (
            _borrow_job(rng, people, drafted, unique, pools=open_pools(data))
            if data
            else _write_job(rng, people, drafted, unique)
        )
        where[rows] = inverse + sum(map(len, written))
        written.append(texts.alias("prompt"))
    return _frame(people, drafted, join(written).gather(where))


def _repeats(people: pl.DataFrame, drafted: Draft, rows: Ints) -> tuple[Ints, Ints]:
    """Find rows to be written once: the same item of the same pool."""
    pool = people["pool"].to_numpy()[drafted.account[rows]]
    if not pool.any():
        return rows, np.arange(len(rows))
    key = np.where(pool > 0, pool * ITEM_SPACE + drafted.item[rows], -1 - np.arange(len(rows)))
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return rows[first], inverse


def _write_job(
    rng: np.random.Generator, people: pl.DataFrame, drafted: Draft, rows: Ints
) -> pl.Series:
    job = drafted.jobs[drafted.job[rows[0]]]
    if job == "chat":
        return write_chat(rng, people, drafted, rows)
    order = Order(
        text=np.arange(len(rows)),
        pattern=rng.choice(grammar().patterns(job), len(rows)),
        topic=drafted.topic[rows],
        voice=drafted.voice[rows],
        item=drafted.item[rows],
    )
    return grammar().write(rng, order)


def _borrow_job(
    rng: np.random.Generator, people: pl.DataFrame, drafted: Draft, rows: Ints, *, pools: Pools
) -> pl.Series:
    """Write what is a person's own with real texts, and replays of a quiz from a real benchmark."""
    job = drafted.jobs[drafted.job[rows[0]]]
    replayed = people["pool"].to_numpy()[drafted.account[rows]] > 0
    real = np.zeros(len(rows), bool)
    if job == "chat":
        real = ~replayed
    elif job == "quiz" and pools.benchmarks:
        real = replayed
    texts = pl.Series("text", [None], dtype=pl.String).new_from_index(0, len(rows))
    if real.any():
        own = rows[real]
        borrowed = (
            borrow_chat(rng, people, drafted, own, pools=pools)
            if job == "chat"
            else borrow_benchmark(people, drafted, own, pools=pools)
        )
        texts = lay_over(texts, np.flatnonzero(real), borrowed)
    if not real.all():
        made = _write_job(rng, people, drafted, rows[~real])
        texts = lay_over(texts, np.flatnonzero(~real), made)
    return texts


def _frame(people: pl.DataFrame, drafted: Draft, bodies: pl.Series) -> pl.Series:
    """Put a body into the account's template, where it has one, and lower its case by habit."""
    own = people.select(
        is_framed=pl.any_horizontal(pl.col("prefix", "suffix").is_not_null()),
        lowers=pl.col("is_lowercase") & (pl.col("job") == "chat"),
    )
    account = drafted.account
    low = np.flatnonzero(own["lowers"].to_numpy()[account])
    bodies = lay_over(bodies, low, bodies.gather(low).str.to_lowercase())
    framed = np.flatnonzero(own["is_framed"].to_numpy()[account])
    template = people.select(pl.col("prefix", "suffix").fill_null(""))[account[framed]]
    spoken = template.with_columns(bodies.gather(framed).alias("body"))
    spelt = spoken.select(pl.concat_str("prefix", "body", "suffix")).to_series()
    return lay_over(bodies, framed, spelt).alias("prompt")
