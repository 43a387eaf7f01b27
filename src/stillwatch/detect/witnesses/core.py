"""What a witness is shown: the core exchanges of one tied group, and the population beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Usual:
    """What is usual in a run's traffic, accounts weighing alike; nan where it doesn't say.

    Logs differ in what they fill in and models in what they answer: figures that depend on either
    are taken relative to the run that they stand in.
    """

    log_output: float
    """Mean log2(1 + output tokens)."""
    tactic: float
    """Mean tactic probability."""
    later_turns: float
    """Share of exchanges that are a later turn, among those that state a turn."""


@dataclass(frozen=True)
class Core:
    """The exchanges of a group with membership of one half or more, accounts as 0 … g-1."""

    account: npt.NDArray[np.int64]
    embedding: F64
    exchanges: pl.DataFrame
    core_share: float
    """Share of the accounts' exchanges with membership of one half or more, also where those are
    too few to measure on and the core is all of the traffic."""
    usual: Usual
    """What is usual in the whole run's traffic."""
    declared_share: float
    """Largest share of the accounts under one declared owner; nan without a register."""
    handed_on: float = float("nan")
    """Share of refused requests that another of the accounts sends, less that of answered ones;
    nan where too few were watched."""
    moved: float = float("nan")
    """Share of the requests handed on that came from elsewhere; nan where too few were."""
    are_strangers: bool = False
    """Whether nobody stands for most of the accounts, by name or by one card, and the register
    would say so."""

    @property
    def accounts(self) -> int:
        """Accounts that have core exchanges."""
        return len(np.unique(self.account))


@dataclass(frozen=True)
class Witness:
    """One figure of a tied group that honest groups and harvests differ in, and why.

    `sign` is +1 where large values speak of a harvest and -1 where small ones do: it follows from
    what a harvest is, and is never fitted. `measure` gives nan where the data can't say.
    """

    name: str
    family: str
    sign: int
    unit: str
    innocent: str
    """The innocent explanation that this witness tests."""
    measure: Callable[[Core], float]
    exculpates: bool = True
    """Whether it may speak for innocence. Not where looking innocent costs an attacker nothing and
    is known to be done: such a witness is cut at 0 from below, for honest groups too."""
    scale_min: float = 1e-6
    """Least spread of honest groups, in the figure's unit: of a figure that is 0 for nearly all of
    them the few others alone would make a spread, and any trace would be at the cut."""
    spread: float | None = None
    """Spread of honest groups, where it is stated and not fitted; they are then taken to show
    `stated` at any size. For what no strangers do, but some owners' programs: a spread that those
    make would measure strangers, who are compared with one another (`detect/tails.py`)."""
    stated: float = 0.0
    """What is taken to be shown at any size where the spread is stated."""
    shows_hand: bool = False
    """Whether it speaks of one hand that deals requests out, and not of what is asked: users of one
    application ask alike. Nobody is called `fraudulent` without one such (`detect/odds.py`)."""
    weighs: bool = True
    """Whether the score counts it; one that doesn't can only show a hand, or none."""
    hides_hand: bool = False
    """Whether it can only hide a hand: all that show one count less by as much as it lies below 0.
    It is compared with a dispatcher, as stated; neither the lab's honest groups nor those of the
    run move that. `dealt_out`, which shows a hand, may hide others too (`odds.py`)."""
    is_sizeless: bool = False
    """Whether its honest figure is one at every size. Where a harvest is at the figure's end, a
    line in size would meet that end beyond honest groups, and hide large campaigns."""
    resale_explains: bool = False
    """Whether a permitted resale looks so by its nature: its keys share one load. It is then silent
    of a group most of whose accounts are so permitted."""


UNKNOWN = float("nan")
"""What a witness says when the data can't tell."""
EXCHANGES_MIN = 20
"""Core exchanges below which no witness speaks."""


def is_thin(core: Core) -> bool:
    """Say whether there is too little to measure anything on."""
    return len(core.account) < EXCHANGES_MIN or core.accounts < 2  # noqa: PLR2004  one has no between
