"""Whose turn it is in a campaign's queue, and how fast the queue is fed.

Between a plan's heads and `harvests`. The one idea: turn and time follow from the place in the
queue and from the heads alone, so every part of a campaign knows them without the others. Absent:
what is sent, and human hours (`arrivals`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.scene import DAY_S, HOUR_S, Scene
from stillwatch_lab.text.scatter import chance, mix, permute

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SURGE: Final = 6.0
"""Shape of the hourly rate's gamma noise: a queue is fed unevenly (a fifth to twice the mean)."""
_READY_S: Final = 900.0
"""Seconds between sign-up and the first request of a head."""
_REASSIGN_ROUNDS: Final = 60
"""Attempts to find a head that is alive; what is left after them is not sent."""
_GOLDEN: Final = 0.6180339887498949
"""Steps of the golden section spread a head's turns evenly, whatever its share."""


def count_first(heads: pl.DataFrame) -> int:
    """Count the heads that a campaign began with: its successors follow them."""
    return int(heads["replaces"].null_count())


def take_turns(plan: Plan, heads: pl.DataFrame, place: Ints) -> Ints:
    """Say whose turn each place is, by the place alone."""
    first = count_first(heads)
    salt = int(heads["voice"][0])
    if plan.sigma > 0:
        even = place * _GOLDEN % 1.0
        luck = even if plan.schedule == "round_robin" else chance(mix(place) + np.uint64(salt))
        shares = np.cumsum(heads["work_share"].to_numpy()[:first])
        return np.searchsorted(shares / shares[-1], luck, side="right").clip(0, first - 1)
    slot, lap = place % first, place // first
    if plan.schedule == "round_robin":
        return shared_rng(heads).permutation(first)[slot]
    return permute(slot, np.full(len(slot), first), salt=lap + salt)  # each round in another order


def shared_rng(heads: pl.DataFrame) -> np.random.Generator:
    """Give a generator that every part of a campaign has alike."""
    return np.random.default_rng(int(heads["voice"][0]))


def find_times(plan: Plan, heads: pl.DataFrame, scene: Scene, done: Floats) -> Floats:
    """Give the moments at which shares of the queue are done: it is fed unevenly by the hour."""
    hours = np.arange(scene.days * 24)
    begin, end = (at * 24.0 for at in plan.days_at_work(scene.days))
    active = np.clip(np.minimum(hours + 1, end) - np.maximum(hours, begin), 0.0, 1.0)
    ramp = np.clip((hours + 0.5 - begin) / max(plan.ramp_days * 24.0, 1e-9), 0.0, 1.0)
    fed = shared_rng(heads).gamma(_SURGE, size=len(hours)) * active * ramp
    edges = np.concatenate([[max(begin, 0.0)], np.minimum(hours + 1.0, end).clip(begin)])
    share = np.concatenate([[0.0], np.cumsum(fed) / fed.sum()])
    return np.asarray(np.interp(done, share, edges) * HOUR_S)


def find_life(heads: pl.DataFrame) -> tuple[Floats, Floats]:
    """Give from when to when each head can send."""
    begins = np.maximum(heads["created_s"].to_numpy() + _READY_S, heads["from_s"].to_numpy())
    return begins, heads["closed_s"].cast(pl.Float64).fill_null(np.inf).to_numpy()


def find_rest(
    plan: Plan, heads: pl.DataFrame, account: Ints, at_s: Floats
) -> npt.NDArray[np.bool_]:
    """Say which exchanges would fall on a day on which their head rests."""
    day = (at_s // DAY_S).astype(np.uint64)
    drawn = chance(mix(heads["rest_salt"].to_numpy()[account]) + day)
    return np.asarray(drawn < plan.rests)


def find_alive(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, account: Ints, at_s: Floats
) -> Ints:
    """Hand what falls to a dead head to its successor, else to anybody; -1 = to nobody."""
    begins, ends = find_life(heads)
    successor = np.arange(heads.height)
    heirs = heads["replaces"].is_not_null().arg_true().to_numpy()
    successor[heads["replaces"].drop_nulls().to_numpy()] = heirs

    def absent(rows: Ints) -> Ints:
        who, when = found[rows], at_s[rows]
        gone = (when < begins[who]) | (when >= ends[who]) | find_rest(plan, heads, who, when)
        return rows[gone]

    found = account.copy()
    rows = absent(np.arange(len(found)))
    found[rows] = successor[found[rows]]
    for _ in range(_REASSIGN_ROUNDS):
        rows = absent(rows)
        found[rows] = rng.integers(0, heads.height, len(rows))
    found[absent(rows)] = -1
    return found
