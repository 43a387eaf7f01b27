"""Which templates the same accounts use: repertoires, and who has which.

Beside the template book, for `account_traits`: reads who sends which template, gives traits. A head
that a proxy hides sends one template in three of its exchanges out of a hundred; weighed by its
share each is next to nothing, and ten of them, which nobody else sends together, still are. The one
idea: templates whose accounts are each other's. From a template's accounts to what they send beside
it, a tenth of them or more, if three in five of all who send it are among them; from there to
whoever sends enough of it; and again until nobody comes or goes.

Deliberately absent: pairs of accounts, and any weight: an account has a repertoire or has not.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.arrays import pair, rank_values, start_counts, unpair

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_HELD_MIN: Final = 3
"""Templates of a repertoire that an account must send: two are met by chance, and one is a trait
already."""
_HELD_SHARE: Final = 0.25
"""The same as a share of what those send on average who send so many: whoever sends a few turns of
speech of a large repertoire is none of its own."""
_PART: Final = 0.1
"""Share of a repertoire's accounts that must send a template of it."""
_CLOSED: Final = 0.6
"""Share of a template's accounts that must be the repertoire's: with a half, languages of which all
speak a little run into each other; with seven tenths, a repertoire falls apart along its dialects
(both seen on two incidents of another making, and chosen on these)."""
_POPULAR: Final = 0.25
"""Share of all accounts above which a template starts no repertoire: it would be everybody's."""
_SETTLED: Final = 0.01
"""Share of a repertoire that may still come and go when its growth ends."""
_SAME: Final = 0.5
"""Jaccard overlap of accounts from which two repertoires are one: the one found first."""


class _Sent(NamedTuple):
    """Who sends what, by account and by template; templates most widely sent first."""

    template_start: I64
    template: I32
    account_start: I64
    account: I32


class _Room(NamedTuple):
    """Room to work in; counts are zero between two uses."""

    of_template: I64
    touched: I32
    of_account: I64
    reached: I32
    accounts: I32
    """What has grown, ..."""
    templates: I32
    """... and what it sends."""


def find_repertoires(sent: pl.DataFrame, *, accounts: pl.Series) -> pl.DataFrame:
    """Say which account has which repertoires of templates.

    Grain:   one row per (account_id, value), share 1, and one of a value of its own for an account
             that might have a repertoire and has none; `sent` is (account_id, value), distinct,
             accounts Enum, and `accounts` all of these in their order.
    Order:   by account, then value; input order is irrelevant. A repertoire is named by the least
             of its templates that names no other.
    Nulls:   who sends too few templates to show a repertoire has no row.
    Cost:    the rows of each template's accounts, once for those that start none and some five
             times for those that do.
    """
    ids, template = rank_values(sent["value"].to_numpy())
    account = sent["account_id"].to_physical().to_numpy().astype(np.int32)
    held = _arrange(account, template, accounts=len(accounts), templates=len(ids))
    repertoires = _grow_all(held, len(accounts))
    owner = np.repeat(np.arange(len(repertoires)), [len(one) for one, _ in repertoires])
    named = _name([ids[templates] for _, templates in repertoires])
    having = np.concatenate([np.zeros(0, np.int32), *(one for one, _ in repertoires)])
    able = np.flatnonzero(np.bincount(account, minlength=len(accounts)) >= _HELD_MIN)
    without = np.setdiff1d(able, having).astype(np.int32)
    rows = pl.DataFrame(
        {
            "account": np.concatenate([having, without]),
            "value": np.concatenate([named[owner], without]),
            "share": 1.0,
        }
    ).sort("account", "value")
    named_accounts = accounts.gather(rows["account"]).alias("account_id")
    return rows.select(named_accounts, "value", "share")


def _arrange(account: I32, template: I32, *, accounts: int, templates: int) -> _Sent:
    """Sort rows both ways; a template that too few send is nobody's."""
    holders = np.bincount(template, minlength=templates)
    shared = holders[template] >= limits.TEMPLATE_ACCOUNTS_MIN
    account, template = account[shared], template[shared]
    by_account = unpair(np.sort(pair(account, template)))
    by_template = unpair(np.sort(pair(template, account)))
    return _Sent(
        start_counts(np.bincount(account, minlength=accounts)),
        by_account[1].astype(np.int32),
        start_counts(np.bincount(template, minlength=templates)),
        by_template[1].astype(np.int32),
    )


def _grow_all(sent: _Sent, accounts: int) -> list[tuple[I32, I32]]:
    """Grow every template's accounts, widely sent ones first: (accounts, templates) of each.

    What a repertoire holds starts none, and one with mostly the accounts of another is that one.
    """
    holders = np.diff(sent.account_start)
    room = _make_room(accounts, len(holders))
    most = max(_POPULAR * accounts, limits.ACTORS_MIN)
    is_done = (holders < limits.ACTORS_MIN) | (holders > most)
    found: list[tuple[I32, I32]] = []
    had: list[list[int]] = [[] for _ in range(accounts)]
    for start in range(len(holders)):
        if is_done[start] or len(found) >= limits.GROUPS_MAX:
            continue
        many, few = _grow(sent, start, room)
        if not many:
            continue
        one = np.sort(room.accounts[:many]), np.sort(room.templates[:few])
        is_done[one[1]] = True
        met = np.bincount([k for i in one[0] for k in had[i]], minlength=len(found))
        others = np.flatnonzero(met)
        sizes = np.array([len(found[k][0]) for k in others])
        if np.any(met[others] >= _SAME * (many + sizes - met[others])):
            continue
        for i in one[0]:
            had[i].append(len(found))
        found.append(one)
    return found


def _make_room(accounts: int, templates: int) -> _Room:
    counts = np.zeros(templates, np.int64), np.zeros(accounts, np.int64)
    few, many = np.zeros((2, templates), np.int32), np.zeros((2, accounts), np.int32)
    return _Room(counts[0], few[0], counts[1], many[0], many[1], few[1])


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _grow(sent: _Sent, start: int, room: _Room) -> tuple[int, int]:
    """Grow a template's accounts until hardly anybody comes or goes: how many there are, and how
    many templates; (0, 0) where it comes to nothing."""
    many = few = 0
    for k in range(sent.account_start[start], sent.account_start[start + 1]):
        room.accounts[many] = sent.account[k]
        many += 1
    for _ in range(limits.GROWTH_ROUNDS_MAX):
        few = _list_templates(sent, many, room)
        if few < _HELD_MIN:
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
        if before + many - 2 * kept <= _SETTLED * many:
            break
    return many, few


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _list_templates(sent: _Sent, many: int, room: _Room) -> int:
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
        if n >= max(_PART * many, _HELD_MIN) and n >= _CLOSED * holders:
            room.templates[few] = v
            few += 1
        room.of_template[v] = 0
    return few


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _count_held(sent: _Sent, few: int, room: _Room) -> tuple[int, float]:
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
        if n >= _HELD_MIN:
            senders += 1
            held += n
    return reached, max(_HELD_MIN, _HELD_SHARE * held / max(senders, 1))


def _name(templates: list[I64]) -> I64:
    """Name each repertoire by the least of its templates that names none before it."""
    names: list[int] = []
    for held in templates:
        free = np.setdiff1d(held, np.array(names[-limits.GROUPS_MAX :], np.int64))
        names.append(int((free if len(free) else held)[0]))
    return np.array(names, np.int64)
