"""How a repertoire grows from one template, and which one some accounts have.

The inner loops of `repertoires.py`, in Numba: from a template's accounts to what they send beside
it, and a tenth of them or more do, if it is theirs: four times as frequent among them as anywhere,
and three in five of all who send it. From there to whoever sends enough of it; and again until
hardly anybody comes or goes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from stillwatch.domain import limits
from stillwatch.domain.channels import told_limits

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

HELD_MIN: Final = 3
"""Templates of a repertoire that an account must send: two are met by chance, and one is a trait
already."""
_HELD_SHARE: Final = 0.25
"""The same as a share of what those send on average who send so many: whoever sends a few turns of
speech of a large repertoire is none of its own."""
_PART: Final = 0.1
"""Share of a repertoire's accounts that must send a template of it."""
_LIFT: Final = 4.0
"""Times as frequent as in the population that it must be among them (LinkSettings.lift_bits)."""
_CLOSED: Final = 0.6
"""Share of a template's accounts that must be the repertoire's: with a half, languages of which all
speak a little run into each other; with seven tenths, a repertoire falls apart along its dialects
(both seen on two incidents of another making, and chosen on these)."""
_SETTLED: Final = 0.01
"""Share of a repertoire's accounts that may still come and go when its growth ends."""


class Sent(NamedTuple):
    """Who sends what, by account and by template; templates most widely sent first."""

    template_start: I64
    template: I32
    account_start: I64
    account: I32


class Room(NamedTuple):
    """Room to work in; counts are zero between two uses."""

    of_template: I64
    touched: I32
    of_account: I64
    reached: I32
    accounts: I32
    """What has grown, ..."""
    templates: I32
    """... and what it sends."""


class Found(NamedTuple):
    """The repertoires found."""

    had: I32
    """Accounts x told_limits.REPERTOIRES_PER_ACCOUNT_MAX: those that an account has, then -1."""
    sizes: I64
    """Accounts of each."""
    met: I64
    """Room to count in, zero between two uses."""


def make_room(accounts: int, templates: int) -> Room:
    """Make room for growing.

    Cost:    24 bytes an account or template.
    """
    few, many = np.zeros((2, templates), np.int32), np.zeros((2, accounts), np.int32)
    counts = np.zeros(templates, np.int64), np.zeros(accounts, np.int64)
    return Room(counts[0], few[0], counts[1], many[0], many[1], few[1])


def make_found(accounts: int) -> Found:
    """Make room for limits.GROUPS_MAX repertoires.

    Cost:    four bytes for each that an account may have.
    """
    had = np.full((accounts, told_limits.REPERTOIRES_PER_ACCOUNT_MAX), -1, np.int32)
    sizes, met = np.zeros((2, limits.GROUPS_MAX), np.int64)
    return Found(had, sizes, met)


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def find_most_alike(accounts: I32, found: Found) -> tuple[int, int]:
    """Find the repertoire that most of some accounts have: which, and how many of them do.

    Grain:   (0, 0) where none of them has any. Order: of two alike, the one found first.
    """
    best = most = 0
    for i in accounts:
        for k in found.had[i]:
            if k >= 0:
                found.met[k] += 1
                if found.met[k] > most or (found.met[k] == most and k < best):
                    best, most = k, found.met[k]
    for i in accounts:
        for k in found.had[i]:
            if k >= 0:
                found.met[k] = 0
    return best, most


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def grow(sent: Sent, start: int, rising: int, room: Room) -> tuple[int, int]:
    """Grow a template's accounts until hardly anybody comes or goes.

    In the first `rising` rounds less than three in five will do, in equal steps: who sends one
    template of a repertoire may be a small part of those who send another.

    Grain:   how many accounts there are in `room`, and how many templates; (0, 0) where it comes to
             nothing. Cost: a round costs the accounts' rows, and those of the templates.
    """
    many = few = 0
    for k in range(sent.account_start[start], sent.account_start[start + 1]):
        room.accounts[many] = sent.account[k]
        many += 1
    for turn in range(limits.GROWTH_ROUNDS_MAX):
        few = _list_templates(sent, many, _CLOSED * min((turn + 1) / rising, 1.0), room)
        if few < HELD_MIN:
            return 0, 0
        reached, need = _count_held(sent, few, room)
        before, now, kept = many, 0, 0
        for k in range(before):
            kept += room.of_account[room.accounts[k]] >= need
        for k in range(reached):
            i = room.reached[k]
            if room.of_account[i] >= need:
                room.accounts[now] = i
                now += 1
            room.of_account[i] = 0
        many = now
        if many < limits.ACTORS_MIN:
            return 0, 0
        if turn >= rising and before + many - 2 * kept <= _SETTLED * many:
            break
    return many, few


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _list_templates(sent: Sent, many: int, closed: float, room: Room) -> int:
    """List what a part of the accounts sends, and few others; gives how many."""
    touched = few = 0
    for k in range(many):
        i = room.accounts[k]
        for r in range(sent.template_start[i], sent.template_start[i + 1]):
            v = sent.template[r]
            if room.of_template[v] == 0:
                room.touched[touched] = v
                touched += 1
            room.of_template[v] += 1
    for k in range(touched):
        v = room.touched[k]
        n, holders = room.of_template[v], sent.account_start[v + 1] - sent.account_start[v]
        usual = _LIFT * holders / (len(sent.template_start) - 1)
        if n >= max(_PART * many, HELD_MIN, usual * many) and n >= closed * holders:
            room.templates[few] = v
            few += 1
        room.of_template[v] = 0
    return few


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _count_held(sent: Sent, few: int, room: Room) -> tuple[int, float]:
    """Count how many of the templates each account sends: how many send any, and who is in."""
    reached, senders, held = 0, 0, 0
    for k in range(few):
        v = room.templates[k]
        for r in range(sent.account_start[v], sent.account_start[v + 1]):
            i = sent.account[r]
            if room.of_account[i] == 0:
                room.reached[reached] = i
                reached += 1
            room.of_account[i] += 1
    for k in range(reached):
        n = room.of_account[room.reached[k]]
        if n >= HELD_MIN:
            senders += 1
            held += n
    return reached, max(HELD_MIN, _HELD_SHARE * held / max(senders, 1))
