"""Requests that came again between actors, and how often they would by chance.

Reads `ECHO` and `WATCHED`, gives `Queues`. The one idea: a repetition is worth what its class is,
how much two texts share, how rare that is and how soon the second came; a class counts where it is
more than chance, and the control says what chance is. Blind spots: `observe/echoes.py` has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from stillwatch.domain import limits
from stillwatch.link.table import F64, I32, I64, Bools, TraitTable

_HOLDERS = (4, 12)
"""Bounds of the classes by how rare the passage is: 2 to 4 exchanges, 5 to 12, more."""
_LAGS_S = (20.0, limits.ECHO_SOON_S_MAX, 600.0)
"""Seconds that part repetitions by how soon they come: twice a client's usual wait, what is soon,
and ten minutes; the last class ends with the hour."""
_SHARED = 3
"""Rare hashes from which more say no more: they are of one passage."""
_SURE = 0.5
"""A repetition counts where at least half of its class are more than chance."""
_CLASSES = _SHARED * (len(_HOLDERS) + 1) * (len(_LAGS_S) + 1)
_PSEUDO = 0.25
"""Control repetitions added to each class of a half, so that none has a rate of 0."""


@dataclass(frozen=True)
class Queues:
    """Requests that came again between actors, and how often they would by chance.

    Shapes: N actors, K repetitions that count, D of controls.
    """

    source: I32
    """K: whose request was refused."""
    target: I32
    """K: who sent it again."""
    control_source: I32
    """D: whose request was answered, and came again all the same."""
    control_target: I32
    """D."""
    refused: F64
    """N: refused requests watched."""
    answered: F64
    """N: answered ones watched."""
    traffic: F64
    """N: share of the run's exchanges."""
    chance: float
    """Repetitions of a refused request by anybody else that chance makes, all classes together, in
    the half of the actors where it makes more."""

    @property
    def is_silent(self) -> bool:
        """Whether nothing was watched, or nothing came again."""
        return not len(self.source)

    def expect(self, group: I32) -> float:
        """Repetitions inside a group that chance would make."""
        traffic = self.traffic[group].sum()
        return self.chance * float(np.sum(self.refused[group] * (traffic - self.traffic[group])))


def read_queues(table: TraitTable, echoes: pl.DataFrame, *, watched: pl.DataFrame) -> Queues:
    """Take repetitions between actors, and keep the classes that are more than chance.

    A class is how much two texts share, how rare it is, and how soon the second came. Its rate
    among refused requests is set against its rate among answered ones. Which classes count for one
    half of the actors the other half says, or the classes in which chance has happened to be rare
    would be chosen, and chance be taken to be as rare.

    Nulls:   without echoes nothing is said. Order: irrelevant.
    Cost:    linear in echoes and accounts.
    """
    named = table.accounts
    seen = (
        watched.join(named, on="account_id").group_by("actor").agg(pl.exclude("account_id").sum())
    )
    columns = {name: np.zeros(table.actors) for name in ("refused", "answered", "exchanges")}
    for name, column in columns.items():
        column[seen["actor"].to_numpy()] = seen[name].to_numpy()
    between = (
        echoes.join(named, on="account_id")
        .join(
            named.rename({"account_id": "echo_account_id", "actor": "other"}), on="echo_account_id"
        )
        .filter(pl.col("actor") != pl.col("other"))
        .sort("row")
    )
    kind, refused = _classify(between), between["is_refused"].to_numpy()
    ends = [between[name].to_numpy().astype(np.int32) for name in ("actor", "other")]
    half_of = np.arange(table.actors) % 2
    in_half = [half_of[ends[0]] == half for half in range(2)]
    rates = [
        _rate_classes(
            kind[in_half[half]],
            refused[in_half[half]],
            [float(columns[name][half_of == half].sum()) for name in ("refused", "answered")],
        )
        for half in range(2)
    ]
    sure = [(1 - by_chance / np.maximum(again, 1e-300)) >= _SURE for again, by_chance in rates]
    counts = (in_half[0] & sure[1][kind]) | (in_half[1] & sure[0][kind])
    kept, control = refused & counts, ~refused & counts
    return Queues(
        ends[0][kept],
        ends[1][kept],
        ends[0][control],
        ends[1][control],
        columns["refused"],
        columns["answered"],
        columns["exchanges"] / max(columns["exchanges"].sum(), 1),
        max(float(rates[half][1][sure[1 - half]].sum()) for half in range(2)),
    )


def _rate_classes(kind: I64, refused: Bools, watched: list[float]) -> tuple[F64, F64]:
    """Rate each class among refused requests and among answered ones; `watched` counts both."""
    again = np.bincount(kind[refused], minlength=_CLASSES) / max(watched[0], 1)
    chance = (np.bincount(kind[~refused], minlength=_CLASSES) + _PSEUDO) / max(watched[1], 1)
    return np.asarray(again, np.float64), np.asarray(chance, np.float64)


def _classify(echoes: pl.DataFrame) -> I64:
    shared = np.minimum(echoes["shared"].to_numpy(), _SHARED) - 1
    holders = np.searchsorted(_HOLDERS, echoes["holders"].to_numpy())
    late = np.searchsorted(_LAGS_S, echoes["lag_s"].to_numpy())
    rarity = shared * (len(_HOLDERS) + 1) + holders
    return np.asarray(rarity * (len(_LAGS_S) + 1) + late, np.int64)
