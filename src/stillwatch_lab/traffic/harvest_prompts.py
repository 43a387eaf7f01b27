"""What a campaign sends: an item of its pool, in a wording of its template.

Reads a plan, its heads and the queue of `harvests` with what was re-issued; gives a text column.
The one idea: an item follows from its number and a paraphrase from its key, so the same item is the
same text in any part, from any head, as often as it is drawn. Absent: who sends it when.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.text import ITEM_SPACE, Order, grammar, mix
from stillwatch_lab.text.paraphrases import Wish, phrasebook
from stillwatch_lab.text.scatter import chance, permute
from stillwatch_lab.text.topics import TOPICS

Ints = npt.NDArray[np.int64]

_STRIDE: Final = 618_033
"""Step from one item to the next: shares no factor with ITEM_SPACE, so none comes twice."""
_SCATTER: Final = 1 << 30
"""Keeps the words of two pools apart."""
_LAPS: Final = 1 << 24
"""Windows of the order that a lap through the pool may have."""


def number_items(plan: Plan, places: Ints, *, total: int) -> Ints:
    """Give the number of the item at each place of the queue.

    Units:   numbers from 0; without a pool as many as places, else those of the pool.
    total: places of the whole campaign, which is the pool where the plan names none.
    """
    salt = zlib.crc32(plan.name.encode())
    if plan.pool and plan.has_replacement:
        luck = chance(mix(places) + np.uint64(salt))
        return (luck * plan.pool).astype(np.int64)
    size = plan.pool or total
    lap = places // size if plan.pool else np.zeros_like(places)
    within = places - lap * size
    width = max(1, round(plan.shuffle * size))
    window = within // width
    left = np.full_like(window, width)
    if plan.pool:  # the last window may be shorter
        left = np.minimum(width, size - window * width)
    moved = permute(within - window * width, left, salt=lap * _LAPS + window + salt)
    return window * width + moved


def write_harvest(plan: Plan, heads: pl.DataFrame, queue: pl.DataFrame, *, total: int) -> pl.Series:
    """Write the prompts of a queue.

    Grain:   one string per row of `queue` (`account`, `place`, `kind`). Order: as given.

    Items up to ITEM_SPACE are all different; beyond it their numbers come again, in other words.
    """
    number = number_items(plan, queue["place"].to_numpy(), total=total)
    kind = queue["kind"].to_numpy()
    account = queue["account"].to_numpy()
    rows = [np.flatnonzero(kind == at) for at in range(len(plan.kinds))]
    key = _keys(plan, heads, account, queue["place"].to_numpy())
    texts = [
        _frame(plan, work, key[own], _write_items(plan, work, number[own]))
        for work, own in zip(plan.kinds, rows, strict=True)
        if len(own)
    ]
    if not texts:
        return pl.Series("prompt", [], pl.String)
    return pl.concat(texts).gather(np.argsort(np.concatenate(rows), kind="stable"))


def _keys(plan: Plan, heads: pl.DataFrame, account: Ints, place: Ints) -> npt.NDArray[np.uint64]:
    """Give what each paraphrase follows from: its head, or its place in the queue."""
    salt = zlib.crc32(plan.name.encode())
    by_head = plan.paraphrase_by == "head"
    return mix((heads["voice"].to_numpy()[account] if by_head else place) + salt * _SCATTER)


def _write_items(plan: Plan, work: str, number: Ints) -> pl.Series:
    """Write the items of one kind."""
    salt = zlib.crc32((plan.pool_name or plan.name).encode())
    voice = (mix(number + salt * _SCATTER) >> np.uint64(20)).astype(np.int64)
    patterns = grammar().patterns(work)
    order = Order(
        text=np.arange(len(number)),
        pattern=patterns[(mix(voice) % np.uint64(len(patterns))).astype(np.int64)],
        topic=voice % len(TOPICS),
        voice=voice,
        item=(number * _STRIDE + salt) % ITEM_SPACE,
    )
    return grammar().write(None, order)


def _frame(plan: Plan, work: str, key: npt.NDArray[np.uint64], items: pl.Series) -> pl.Series:
    """Put a wording of the template around each item."""
    wordings = np.array(plan.wordings)
    wording = wordings[(mix(key) % np.uint64(len(wordings))).astype(np.int64)]
    opening, closing = phrasebook().write(Wish(work, plan.paraphrase, wording, key))
    frame = pl.DataFrame([opening.alias("o"), items.alias("i"), closing.alias("c")])
    return frame.select(pl.concat_str("o", "i", "c").alias("prompt")).to_series()
