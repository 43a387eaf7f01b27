"""The requests that a group's accounts hand on, by the places that exchanges have in `Traffic`.

Between *link*'s queues and judging: reads `ECHO` and `WATCHED` once a run, tells of each group how
often what one of its accounts was refused is sent by another, against what was answered, and which
exchanges these are.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import betaincinv

from stillwatch.detect.traffic import F64, I32, I64, Bools, Traffic
from stillwatch.domain import limits
from stillwatch.domain.observations import Echoes

_REFUSED_MIN = 20
"""Refused requests of a group below which its share is not known to a tenth."""

_MOVED_MIN = 5
"""Requests handed on below which nothing is said of where they went."""
_LOST_MIN = 0.03
"""Share of a group's refused requests that has to be handed on for a hand to be seen moving them: a
harvest that is a tenth of what its accounts send, and hands on a third of what it loses. Chosen
between 0.006, of annotators who had been called, and 0.15, the least of the lab's campaigns (ADR
0035): below it those who drop what failed are watched, and a few who happened not to."""
_LOWER = 0.05
"""Confidence at which the share of those that moved is taken: of few it looks more honest."""


class HandedOn:
    """Repetitions between the accounts of a run."""

    def __init__(self, echoes: Echoes, traffic: Traffic, *, owners: I64 | None = None) -> None:
        """Place every repetition among the run's exchanges; `owners` as of `Owners.number`."""
        place = pl.DataFrame(
            {"row": traffic.rows, "at": np.arange(len(traffic.rows), dtype=np.int64)}
        )
        found = (
            echoes.found.filter(pl.col("lag_s") <= limits.ECHO_SOON_S_MAX)
            .join(place, on="row")
            .join(place.rename({"row": "echo_row", "at": "echo_at"}), on="echo_row")
            .sort("at")
        )
        self._at: I64 = found["at"].to_numpy()
        self._echo_at: I64 = found["echo_at"].to_numpy()
        self._is_refused = found["is_refused"].to_numpy()
        starts = traffic.account_start
        self._is_elsewhere = found["is_elsewhere"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        self._source = np.searchsorted(starts, self._at, side="right") - 1
        self._target = np.searchsorted(starts, self._echo_at, side="right") - 1
        whose = np.full((1, len(traffic.accounts)), -1) if owners is None else owners
        is_own = (whose[:, self._source] == whose[:, self._target]) & (whose[:, self._source] >= 0)
        self._is_of_two = ~is_own.any(axis=0)
        watched = pl.DataFrame({"account_id": traffic.accounts}).join(
            echoes.watched, on="account_id", how="left", maintain_order="left"
        )
        self._refused: F64 = watched["refused"].fill_null(0).to_numpy().astype(np.float64)
        self._answered: F64 = watched["answered"].fill_null(0).to_numpy().astype(np.float64)
        self._accounts = len(traffic.accounts)

    def find_known(self, members: I32) -> I64:
        """Find the exchanges of a group that its accounts handed on or took over, in order."""
        picked = self._inside(members) & self._is_refused
        return np.unique(np.concatenate([self._at[picked], self._echo_at[picked]]))

    def measure_share(self, members: I32) -> float:
        """Give the share of refused requests that another member sends, less that of answered ones.

        Nulls:   nan where fewer than 20 refused requests were watched.
        """
        if self._count_watched(members)[0] < _REFUSED_MIN:
            return float("nan")
        return self._compare(self._inside(members), members)

    def measure_moved(self, members: I32) -> float:
        """Give the share of requests handed on that came from another subnet and client.

        Less as many as answered requests, which nobody has to hand on, show: a class sends one
        exercise from many homes. The lower 5 % limit of a share (Jeffreys), so that five of five
        are seven in ten. What passes between accounts of one organisation, mail domain or
        instrument is that customer's program at work, and says nothing of those who stand beside.
        Where nearly all that was lost stays lost, nobody's list is being worked off, whatever
        became of the few that came again: 0.

        Nulls:   nan where fewer than 5 were handed on by logs that say where they came from.
        """
        inside = self._inside(members) & self._is_of_two
        origins = self._is_elsewhere[inside & self._is_refused]
        known = origins[~np.isnan(origins)]
        if len(known) < _MOVED_MIN:
            return float("nan")
        if self._compare(inside, members) < _LOST_MIN:
            return 0.0
        refused, answered = self._count_watched(members)
        control = float(np.nansum(self._is_elsewhere[inside & ~self._is_refused]))
        chance = control / max(answered, 1.0) * refused
        moved = float(np.clip(known.sum() - chance, 0.0, len(known)))
        return float(betaincinv(moved + 0.5, len(known) - moved + 0.5, _LOWER))

    def _compare(self, repeated: Bools, members: I32) -> float:
        """Give repetitions of refused requests as a share of these, less those of answered ones."""
        refused, answered = self._count_watched(members)
        handed = float(np.sum(repeated & self._is_refused)) / max(refused, 1.0)
        return handed - float(np.sum(repeated & ~self._is_refused)) / max(answered, 1.0)

    def _count_watched(self, members: I32) -> tuple[float, float]:
        """How many requests of a group were watched: refused ones, answered ones."""
        return float(self._refused[members].sum()), float(self._answered[members].sum())

    def _inside(self, members: I32) -> Bools:
        own = np.zeros(self._accounts, np.bool_)
        own[members] = True
        return np.asarray(own[self._source] & own[self._target])
