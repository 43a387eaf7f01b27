"""When honest clients send: instants of all clients at once, from their habits.

Reads drawn clients; gives client and second of each request. The one idea: each client has a clock
of its own that runs fast on its busy days, in its hours and in its bouts, and stands still between
them; requests come by a renewal process on that clock, which is then read as time. Days, hours,
bouts and gaps so nest in one another at any volume. Absent: conversations, and what is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.fit.bursts import CV_MAX, CV_MIN, draw_gaps
from stillwatch_lab.fit.honest import Floats, HonestTraffic, Ints, load_honest_traffic
from stillwatch_lab.fit.rates import DAY_WINDOWS, level_shape
from stillwatch_lab.fit.rhythm import GRID, WEEK, tabulate_hours

DAY_S: Final = 86_400.0
_DAY_H: Final = 24.0
_MOOD: Final = 32
"""Requests after which the variation of a client's gaps is drawn anew (a 10-minute window of the
real clients holds a few hundred; small clients would never change at that)."""
_EDGE_DAYS: Final = 1
"""Local days before and after the run that time zones reach into; they are as their neighbours
are, or a client whose only day lay there would send all in the few hours within the run."""
_EDGE_WINDOWS: Final = 0.7
"""Windows that a run seems longer than it is, because it begins and ends within windows."""
_GAP_MIN: Final = 1e-5
"""Shortest gap, in mean gaps: sums over millions of requests keep it."""
_LEVEL_MIN: Final = 1e-6
"""Level, of a mean bout's, at which a clock creeps in the quietest bout."""
_QUIET: Final = 1e-9
"""Part of a usual day's requests that a day without any has, so that no clock stands for ever."""


@dataclass(frozen=True, slots=True)
class Run:
    """The stretch of time to fill.

    Units:   `start_weekday` 0 is Monday; `utc_offset_h` what local clocks are ahead, of all
             clients or of each.
    """

    days: int
    start_weekday: int
    utc_offset_h: float | Floats = 0.0


@dataclass(frozen=True, slots=True)
class Clock:
    """The clocks of all clients: cumulated shares, client after client, as ascending numbers.

    Grain:   day_edges (clients x local days), bout_edges and the two beside it (bouts of all
             clients), shift_s, first, last and profile (clients).
    """

    day_edges: Floats
    days: int
    bout_edges: Floats
    bout_from: Floats
    bout_length: Floats
    first: Floats
    last: Floats
    shift_s: Floats
    profile: Ints
    hours: Floats

    def place(self, client: Ints, share: Floats) -> Floats:
        """Read clocks: the second of the run by which a client has sent a share of its requests.

        Grain:   one per value; rises with `share` within a client.
        Cost:    about 250 ns each, less where values are sorted.
        """
        bout, part = _locate(self.bout_edges, client + share)
        spent = self.bout_from[bout] + part * self.bout_length[bout]
        lived = self.first[client] + (self.last - self.first)[client] * np.minimum(spent, 1.0)
        cell, part = _locate(self.day_edges, client + lived)
        columns = self.days + _EDGE_DAYS * 2
        day = cell - client * columns
        at_s = (day - _EDGE_DAYS + self._time_of_day(client, part)) * DAY_S
        return np.asarray(np.clip(at_s - self.shift_s[client], 0.0, self.days * DAY_S - 1e-3))

    def _time_of_day(self, client: Ints, part: Floats) -> Floats:
        step = part * GRID
        low = np.minimum(step.astype(np.int64), GRID - 1)
        cell = self.profile[client] * (GRID + 1) + low
        table = self.hours.ravel()
        before = table[cell]
        return np.asarray(before + (step - low) * (table[cell + 1] - before))


def _locate(edges: Floats, value: Floats) -> tuple[Ints, Floats]:
    """Find the interval that each value lies in, and how far along; edges are upper ones."""
    cell = np.minimum(np.searchsorted(edges, value, side="right"), len(edges) - 1)
    below = np.where(cell > 0, edges[cell - 1], 0.0)
    width = np.maximum(edges[cell] - below, 1e-300)
    return cell, np.clip((value - below) / width, 0.0, 1.0)


def draw_arrival_times(  # noqa: PLR0913  the run's three facts are named at the call
    rng: np.random.Generator,
    clients: pl.DataFrame,
    *,
    days: int,
    start_weekday: int,
    utc_offset_h: float | Floats = 0.0,
    traffic: HonestTraffic | None = None,
) -> tuple[Ints, Floats]:
    """Draw the instants of all requests of all clients.

    Grain:   one row number of `clients` and one second of the run per request; a client whose
             Poisson count is 0 has none.
    Units:   seconds from the beginning of the run, which is midnight UTC of `start_weekday`
             (0 = Monday).
    Order:   by client, then time.
    Cost:    under half a microsecond a request, if clients send ten or more.
    """
    figures = traffic or load_honest_traffic()
    counts = rng.poisson(clients["rate_per_day"].to_numpy() * days)
    sends = np.flatnonzero(counts)
    offset = np.broadcast_to(np.asarray(utc_offset_h, np.float64), counts.shape)[sends]
    run = Run(days, start_weekday, offset)
    some, counts = clients[sends], counts[sends].astype(np.int64)
    clock = draw_clock(rng, some, counts, run, figures)
    client = np.repeat(np.arange(len(counts)), counts)
    at_s = clock.place(client, _draw_shares(rng, some, counts, figures.gap_law))
    return sends[client], at_s


def _draw_shares(rng: np.random.Generator, clients: pl.DataFrame, counts: Ints, law: str) -> Floats:
    """Draw a renewal process of each client, in shares of its total.

    The gaps lie on a circle that is opened anywhere. On a line, between two ends, the one long gap
    of a bursty client would push its requests to the beginning and the end of every run.
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    step = np.arange(len(owner)) - first[owner]
    cv = _draw_variations(rng, clients, counts)
    drawn = draw_gaps(rng, cv(owner, step), law) + _GAP_MIN
    reached = np.cumsum(drawn)
    ends = reached[first + counts - 1]
    begins = np.concatenate([[0.0], ends[:-1]])
    share = (reached - begins[owner]) / (ends - begins)[owner] + rng.random(len(counts))[owner]
    over = share >= 1.0
    wrapped = np.bincount(owner, over, minlength=len(counts)).astype(np.int64)
    ordered = np.empty_like(share)
    ordered[first[owner] + (step + wrapped[owner]) % counts[owner]] = share - over
    return np.asarray(ordered.clip(0.0, 1.0 - 1e-9))


def _draw_variations(
    rng: np.random.Generator, clients: pl.DataFrame, counts: Ints
) -> Callable[[Ints, Ints], Floats]:
    """Draw variations of gaps, anew after each `_MOOD` requests, to be looked up by request."""
    moods = counts // _MOOD + 1
    begins = np.cumsum(moods) - moods
    of = np.repeat(np.arange(len(counts)), moods)
    middle, spread = (clients[name].to_numpy()[of] for name in ("cv_log", "cv_sigma"))
    cv = np.exp(middle + spread * rng.standard_normal(len(of))).clip(CV_MIN, CV_MAX)
    return lambda owner, step: np.asarray(cv[begins[owner] + step // _MOOD])


def draw_clock(
    rng: np.random.Generator,
    clients: pl.DataFrame,
    counts: Ints,
    run: Run,
    traffic: HonestTraffic,
) -> Clock:
    """Draw the days and bouts of each client.

    A pause may come before the first bout as after the last, or all would begin with the run.

    Grain:   one clock per client; it has at most two bouts per request, and one.
    Cost:    about 30 ns a client and day, 100 ns a bout.
    """
    n = len(counts)
    profile = clients["profile"].to_numpy().astype(np.int64)
    offset = np.broadcast_to(np.asarray(run.utc_offset_h, np.float64), (n,))
    shift_s = offset * (DAY_S / _DAY_H)
    edges, levels = _draw_days(rng, clients, run)
    hours = tabulate_hours(traffic)
    ends = [_lived(edges, hours, profile, shift_s / DAY_S + day) for day in (0.0, float(run.days))]
    owner, on, off, level, lead = _draw_bouts(rng, clients, counts, run.days)
    begins, span = _shares(owner, on + off, n)
    room = 1.0 / (1.0 + lead / np.bincount(owner, on + off, minlength=n))
    length = (span * on / (on + off)) * room[owner]
    opens = (begins - span) * room[owner] + (1.0 - room)[owner]
    middle = ends[0][owner] + (ends[1] - ends[0])[owner] * (opens + length / 2)
    upper = (np.arange(n)[:, None] + edges).ravel()
    day, _ = _locate(upper, owner + middle)
    return Clock(
        day_edges=upper,
        days=run.days,
        bout_edges=owner + _shares(owner, on * level * levels.ravel()[day], n)[0],
        bout_from=opens,
        bout_length=length,
        first=ends[0],
        last=ends[1],
        shift_s=shift_s,
        profile=profile,
        hours=hours,
    )


def _draw_days(rng: np.random.Generator, clients: pl.DataFrame, run: Run) -> tuple[Floats, Floats]:
    """Draw which local days are active, cumulated to 1, and the level of each day."""
    columns = run.days + _EDGE_DAYS * 2
    shape = (clients.height, columns)
    habit = {
        name: clients[name].to_numpy()[:, None]
        for name in ("active_days", "day_sigma", "weekend_log")
    }
    even = level_shape(habit["day_sigma"])
    level = rng.standard_gamma(np.broadcast_to(even, shape)) / even + _LEVEL_MIN
    weekday = (np.arange(columns) - _EDGE_DAYS + run.start_weekday) % WEEK
    level *= np.where(weekday >= WEEK - 2, np.exp(habit["weekend_log"]), 1.0)
    inside = draw_active(rng, habit["active_days"], run.days)
    active = np.pad(inside, ((0, 0), (_EDGE_DAYS, _EDGE_DAYS)), mode="edge")
    below = np.cumsum(np.where(active, 1.0, _QUIET * rng.random(shape)), axis=1)
    return np.asarray(below / below[:, -1:]), level


def draw_active(rng: np.random.Generator, share: Floats, columns: int) -> npt.NDArray[np.bool_]:
    """Draw active days: as many as the habit says, next to one another more often than by chance.

    Grain:   a row per share, which is a column vector. Days are ranked by a noise that neighbours
             share half of, first and last too, or they would stand out. Real clients with 4 to 6
             active days of 14 have them in 2.5 stretches, against 3.5 by chance.
    """
    noise = rng.random((len(share), columns))
    score = noise + np.roll(noise, 1, axis=1)
    number = np.clip(np.rint(share[:, 0] * columns).astype(np.int64), 1, columns)
    ranked = np.sort(score, axis=1)
    return np.asarray(score >= ranked[np.arange(len(share)), columns - number][:, None])


def _lived(edges: Floats, hours: Floats, profile: Ints, local_days: Floats) -> Floats:
    """Give the share of its days that a client has behind it at a local time, in days."""
    at = local_days + _EDGE_DAYS
    day = np.clip(np.floor(at).astype(np.int64), 0, edges.shape[1] - 1)
    upper = (np.arange(len(hours))[:, None] + hours).ravel()
    cell, over = _locate(upper, profile + (at - day))
    part = (cell - 1 - profile * hours.shape[1] + over) / GRID
    row = np.arange(len(profile))
    before = np.where(day > 0, edges[row, day - 1], 0.0)
    return np.asarray(before + part * (edges[row, day] - before))


def _draw_bouts(
    rng: np.random.Generator, clients: pl.DataFrame, counts: Ints, days: int
) -> tuple[Ints, Floats, Floats, Floats, Floats]:
    """Draw bouts: whose, how long, the pause after, at what level; and clients' first pauses."""
    habit = {n: clients[n].to_numpy() for n in ("active_days", "day_share", "bout_windows")}
    cycles = days * habit["active_days"] * DAY_WINDOWS * habit["day_share"]
    wanted = np.maximum(np.rint(cycles / habit["bout_windows"]), 1.0)
    number = np.minimum(wanted, 1 + 2 * counts).astype(np.int64)
    fewer = number / wanted
    breaks = clients["break_share"].to_numpy()
    runs = habit["bout_windows"] / breaks
    busy = habit["day_share"] * (1.0 - _EDGE_WINDOWS / np.maximum(runs, 1.0)) * fewer
    breaks = np.minimum(breaks / fewer, 1.0)
    owner = np.repeat(np.arange(len(counts)), number)
    on, off = rng.standard_exponential((2, len(owner))) + 1e-6
    pauses = rng.random(len(owner)) < breaks[owner]
    ends = rng.random((2, len(counts))) >= busy
    pauses[np.cumsum(number) - 1] = ends[1]
    usual = (1.0 - busy) / breaks
    rest = np.where(pauses, off * usual[owner], 0.0)
    lead = np.where(ends[0], rng.standard_exponential(len(counts)) * usual, 0.0)
    shape = level_shape(clients["rate_sigma"].to_numpy())[owner]
    return owner, on * busy[owner], rest, rng.standard_gamma(shape) / shape + _LEVEL_MIN, lead


def _shares(owner: Ints, weight: Floats, n: int) -> tuple[Floats, Floats]:
    """Turn weights into shares of their owner's sum: cumulated, and each."""
    sums = np.bincount(owner, weight, minlength=n)
    part = weight / sums[owner]
    reached = np.cumsum(part)
    begins = np.concatenate([[0.0], reached[np.flatnonzero(np.diff(owner))]])
    return np.minimum(reached - begins[owner], 1.0), part
