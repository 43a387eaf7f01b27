"""Which templates the same accounts use: repertoires, and who has which.

Beside the template book, for `account_traits`: reads who sends which template, gives traits. A head
that a proxy hides sends one template in three of its exchanges out of a hundred; weighed by its
share each is next to nothing, and ten of them, which nobody else sends together, still are. The one
idea: templates whose accounts are each other's (`growing.py` says how they are found).

Deliberately absent: pairs of accounts, and any weight: an account has a repertoire or has not.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.arrays import pair, rank_values, start_counts, unpair
from stillwatch.domain.tables import TRAIT
from stillwatch.observe.template_book.growing import (
    HELD_MIN,
    I32,
    I64,
    Found,
    Sent,
    find_most_alike,
    grow,
    make_found,
    make_room,
)

_POPULAR: Final = 0.25
"""Share of all accounts above which a template starts no repertoire: it would be everybody's."""
_RISING: Final = (1, 3)
"""Rounds in which a growth asks for less, of the first pass and of the second: where a template is
sent by most who have its repertoire the strict one is purer, and where by a third it finds none."""
_SAME: Final = 0.5
"""Jaccard overlap of accounts from which two repertoires are one: the one found first."""
_HAD: Final = 0.6
"""Share of a template's accounts that have one repertoire ..."""
_OF_IT: Final = 0.02
"""... of whose accounts they are such a share: then it is explained, and starts none of its own. It
spares a language from being found once for each of its turns of speech; a harvest in that language
is sent by fewer of its speakers."""


def find_repertoires(sent: pl.DataFrame | None, *, accounts: pl.Series) -> pl.DataFrame:
    """Say which account has which repertoires of templates.

    Grain:   one TRAIT row per (account_id, value), share 1, and one of a value of its own for an
             account that might have a repertoire and has none; `sent` is (account_id, value),
             distinct, accounts Enum, and `accounts` all of these in their order. An account has at
             most told_limits.REPERTOIRES_PER_ACCOUNT_MAX, those found first.
    Order:   by account, then value; input order is irrelevant. A repertoire is named by the least
             of its templates that names no other.
    Nulls:   who sends too few templates to show a repertoire has no row; nobody, without `sent`.
    Cost:    the rows of each template's accounts, some ten times for those that start one.
    """
    if sent is None:
        return TRAIT.empty()
    ids, template = rank_values(sent["value"].to_numpy())
    account = sent["account_id"].to_physical().to_numpy().astype(np.int32)
    held = _arrange(account, template, accounts=len(accounts), templates=len(ids))
    found, templates = _grow_all(held, len(accounts))
    named = _name([ids[one] for one in templates])
    having, place = np.nonzero(found.had >= 0)
    able = np.flatnonzero(np.bincount(account, minlength=len(accounts)) >= HELD_MIN)
    without = np.setdiff1d(able, having)
    who = np.concatenate([having, without])
    values = np.concatenate([named[found.had[having, place]], without])
    order = np.lexsort((values, who))
    return pl.DataFrame(
        [
            accounts.gather(pl.Series(who[order], dtype=pl.Int64)).alias("account_id"),
            pl.Series("value", values[order], dtype=pl.Int64),
        ]
    ).select("account_id", pl.lit("repertoire").alias("channel"), "value", share=pl.lit(1.0))


def _arrange(account: I32, template: I32, *, accounts: int, templates: int) -> Sent:
    """Sort rows both ways; a template that too few send is nobody's."""
    holders = np.bincount(template, minlength=templates)
    shared = holders[template] >= limits.TEMPLATE_ACCOUNTS_MIN
    account, template = account[shared], template[shared]
    by_account = unpair(np.sort(pair(account, template)))
    by_template = unpair(np.sort(pair(template, account)))
    return Sent(
        start_counts(np.bincount(account, minlength=accounts)),
        by_account[1].astype(np.int32),
        start_counts(np.bincount(template, minlength=templates)),
        by_template[1].astype(np.int32),
    )


def _grow_all(sent: Sent, accounts: int) -> tuple[Found, list[I32]]:
    """Grow every template's accounts, widely sent ones first, and once more with less asked for.

    What a repertoire holds starts none, and one with mostly the accounts of another is that one.
    """
    holders = np.diff(sent.account_start)
    room, found = make_room(accounts, len(holders)), make_found(accounts)
    most = max(_POPULAR * accounts, limits.ACTORS_MIN)
    is_done = (holders < limits.ACTORS_MIN) | (holders > most)
    templates: list[I32] = []
    for rising, start in product(_RISING, range(len(holders))):
        if is_done[start] or len(templates) >= limits.GROUPS_MAX:
            continue
        senders = sent.account[sent.account_start[start] : sent.account_start[start + 1]]
        alike, both = find_most_alike(senders, found)
        if both >= _HAD * len(senders) and both >= _OF_IT * found.sizes[alike]:
            continue
        many, few = grow(sent, start, rising, room)
        if not many:
            continue
        members = np.sort(room.accounts[:many])
        is_done[room.templates[:few]] = True
        alike, both = find_most_alike(members, found)
        if both and both >= _SAME * (many + found.sizes[alike] - both):
            continue
        free = members[(found.had[members] < 0).any(axis=1)]
        found.had[free, (found.had[free] < 0).argmax(axis=1)] = len(templates)
        found.sizes[len(templates)] = many
        templates.append(np.sort(room.templates[:few]))
    return found, templates


def _name(templates: list[I64]) -> I64:
    """Name each repertoire by the least of its templates that names none before it."""
    names = np.zeros(len(templates), np.int64)
    for k, held in enumerate(templates):
        free = np.setdiff1d(held, names[:k])
        names[k] = (free if len(free) else held).min()
    return names
