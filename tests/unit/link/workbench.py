"""From TRAIT rows to the workbench of the kernels, and back to names."""

from __future__ import annotations

import numba as nb
import numpy as np
import polars as pl

from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER, TRAIT
from stillwatch.link import kernels
from stillwatch.link.counts import grow_group
from stillwatch.link.search import set_bars
from stillwatch.link.table import CHANNEL_NAMES, I32, Bools, TraitTable, tabulate_traits
from stillwatch.link.workbench import NOBODY, Bench, Quest, set_bench, take_columns

TIES = {
    "payment": 6, "subnet": 12, "client": 4, "template": 10, "address": 40, "signup_day": 9,
    "repertoire": 7,
}  # fmt: skip
"""Channel and number of its values, of a random small table: five families, one value whole."""


# Doors from Python to kernels that only kernels call; not cached, because Numba wouldn't see that
# what they call has changed.


@nb.njit(error_model="numpy")
def tally(w: Bench, group: I32, own: int = -1, hidden: int = -1) -> int:
    """Open `kernels.tally`."""
    return kernels.tally(w, group, own, hidden)


@nb.njit(error_model="numpy")
def clear(w: Bench, touched: int) -> None:
    """Open `kernels.clear`."""
    kernels.clear(w, touched)


@nb.njit(error_model="numpy")
def weigh(w: Bench, i: int, inside: int) -> float:
    """Open `kernels.weigh`."""
    return kernels.weigh(w, i, inside)


@nb.njit(error_model="numpy")
def clears(w: Bench, i: int, inside: int, quest: Quest, priors: tuple[float, float]) -> bool:
    """Open `kernels.clears`."""
    return kernels.clears(w, i, inside, quest, priors)


@nb.njit(error_model="numpy")
def gather(w: Bench, group: I32, quest: Quest) -> int:
    """Open `kernels.gather`."""
    return kernels.gather(w, group, quest)


def refine(w: Bench, seed: int, hidden: int, taken: Bools, sample: int) -> tuple[float, I32]:
    """Refine one seed."""
    scores, best = kernels.refine_seeds(w, np.array([seed], np.int64), hidden, taken, sample)
    return float(scores[0]), best


def random_traits(seed: int, *, strangers: int = 70, heads: int = 9) -> pl.DataFrame:
    """Make a small population in which some heads share a value of every channel, most of them."""
    draws = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    rows: list[tuple[str, str, int, float]] = []
    for k in range(strangers + heads):
        name = f"{'h' if k < heads else 's'}{k:03d}"
        for channel, values in TIES.items():
            rng = draws[channel == "repertoire"]
            if rng.random() < 0.1:
                continue
            shared = k < heads and rng.random() < 0.85
            first = 900 if shared else int(rng.integers(values))
            second = int(rng.integers(values, 2 * values)) if rng.random() < 0.5 else None
            if channel in {"payment", "signup_day"} or second is None:
                lone = channel == "payment" and not shared and rng.random() < 0.5
                rows.append((name, channel, 10_000 + k if lone else first, 1.0))
            elif channel == "repertoire":
                rows += [(name, channel, first, 1.0), (name, channel, second, 1.0)]
            else:
                share = float(rng.integers(2, 8)) / 10
                rows += [(name, channel, first, share), (name, channel, second, 1 - share)]
    return TRAIT.conform(pl.DataFrame(rows, schema=TRAIT.schema, orient="row"))


class Workbench:
    """A table with its kernels, by names instead of numbers."""

    def __init__(
        self,
        traits: pl.DataFrame,
        *,
        register: pl.DataFrame | None = None,
        settings: LinkSettings | None = None,
        hidden: bool = False,
    ) -> None:
        self.settings = settings or LinkSettings()
        given = REGISTER.empty() if register is None else register
        self.table: TraitTable = tabulate_traits(traits, register=given)
        columns = take_columns(self.table)
        self.bench = set_bench(columns, set_bars(self.settings, hidden=hidden))
        self.nobody_taken = np.zeros(self.table.actors, np.bool_)
        self.mark = 0

    def rows(self, names: list[str]) -> I32:
        """Numbers of some actors, in the order given."""
        return np.array([self.table.actor_ids.index(n) for n in names], np.int32)

    def names(self, group: I32) -> set[str]:
        """Names of some actors."""
        return {self.table.actor_ids[i] for i in group}

    def value(self, channel: str, value: int) -> int:
        """Number of a value of a channel."""
        in_channel = self.table.value_channel == CHANNEL_NAMES.index(channel)
        return int(np.flatnonzero(in_channel & (self.table.value_id == value))[0])

    def quest(self, seed: int | None = None, hidden: int | None = None) -> Quest:
        """Say what the next growth is after."""
        self.mark += 1
        return Quest(
            NOBODY if seed is None else seed,
            NOBODY if hidden is None else hidden,
            self.nobody_taken,
            self.mark,
        )

    def gather(self, group: list[str], quest: Quest) -> set[str]:
        """One round of growth."""
        found = gather(self.bench, self.rows(group), quest)
        return self.names(self.bench.s.actors["found"][:found])

    def grow(self, start: list[str], quest: Quest) -> set[str]:
        """Growth to a fixed point."""
        members, self.mark = grow_group(self.bench, self.rows(start), quest)
        return self.names(members)
