"""What a rhythm is shown: some members of one tied group, what they sent, and the run beside them.

Reads `Traffic` and a group's core, which linking and unmixing froze before any of this is asked.
Bounded: of a large group an even choice of its members is shown (`domain/channels/told_limits.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stillwatch.detect.measure import find_core
from stillwatch.detect.rhythms.background import HOURS, Background, read_seconds
from stillwatch.detect.rhythms.nulls import Told
from stillwatch.detect.traffic import F32, F64, I32, I64
from stillwatch.domain.channels import told_limits

_SEED = 20_261_201


@dataclass(frozen=True)
class Sent:
    """Exchanges of the members shown, account by account, each account's by time."""

    rows: I64
    """Of `Traffic`."""
    account: I64
    """0 … members - 1."""
    at_s: F64
    """Seconds since the epoch."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One tied group; two are the same if they are one, so that what is made of it is kept."""

    run: Background
    members: I32
    """Codes of all of its accounts, rising."""
    read: I32
    """Those whose exchanges are read."""
    core: Sent
    """What they sent of the stream that the group has in common."""
    whole: Sent
    """All that they sent, as far as it stands for the run (`Traffic.is_sampled`)."""

    def draw_generator(self) -> np.random.Generator:
        """Give the numbers that the group's nulls are drawn by: its own, and the same again.

        Grain:   one; by what was sent and when, so that groups' p-values hang on their own.
        """
        times = int(self.whole.at_s.astype(np.int64).sum())
        return np.random.default_rng((_SEED, len(self.members), len(self.whole.rows), times))

    def count_hours(self) -> F32:
        """Count core exchanges by hour.

        Grain:   members read x days x 24.
        """
        hour = self.run.traffic.exchanges["hour"].gather(self.core.rows).to_numpy()
        at = hour - self.run.first_day * HOURS
        cells, late = self.run.days * HOURS, at >= 0
        place = self.core.account[late] * cells + at[late]
        counts = np.bincount(place, minlength=len(self.read) * cells)
        return counts.astype(np.float32).reshape(len(self.read), self.run.days, HOURS)


@dataclass(frozen=True)
class Rhythm:
    """One figure of a tied group that is told and weighs nothing."""

    name: str
    family: str
    measure: Callable[[Shown], Told | None]
    """None where the data can't say."""


def show_group(run: Background, members: I32, membership: F64) -> Shown:
    """Show a group: its members, its core and all of its traffic.

    Grain:   one. `membership` is a number for each of the members' exchanges, in order.
    Cost:    linear in the members' exchanges.
    """
    traffic = run.traffic
    read = _choose(members, np.diff(traffic.account_start)[members])
    everything = traffic.rows_of(read)
    core = find_core(traffic, members, membership)
    return Shown(
        run,
        members,
        read,
        _take(run, read, core[np.isin(core, everything, assume_unique=True, kind="table")]),
        _take(run, read, everything[traffic.is_sampled[everything]]),
    )


def _choose(members: I32, sizes: I64) -> I32:
    """Choose members evenly, as many as are allowed and send no more than is allowed."""
    most = min(len(members), told_limits.RHYTHM_MEMBERS_MAX)
    while most > 1:
        chosen = np.arange(most) * len(members) // most
        if sizes[chosen].sum() <= told_limits.RHYTHM_EXCHANGES_MAX:
            return members[chosen]
        most = most * 3 // 4
    return members[:most]


def _take(run: Background, read: I32, rows: I64) -> Sent:
    own = np.searchsorted(run.traffic.account_start, rows, side="right") - 1
    return Sent(rows, np.searchsorted(read, own), read_seconds(run.traffic, rows))
