"""A pool of addresses is let to one account and then to another, never to both at once.

How often an address passes from one member, who never comes back to it, to another, who had never
been there, within a day. A stay is what one account sends from one address without an hour's pause;
addresses of one member's alone say nothing. Null: at each address the same stays, with their
accounts in a random order: those who share it mix, and only a pool that lends it out keeps them
apart. The upper end; a count with few values, whose p-value is uniform or larger. Silent without
addresses, and where each account stayed once, for of two stays one always follows the other. Blind
spot: an address of its own for each account, or a pool that rotates by request. Look-alike: a desk
or a carrier's lease that changes hands, accounts of one person one after the other.
Source: EvilCohort 2015; coordination.md, 1.5 and 6.6.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.rhythms.nulls import Told, compare_upper
from stillwatch.detect.rhythms.shown import Rhythm, Shown
from stillwatch.detect.traffic import F64, I64, Bools
from stillwatch.domain.channels import told_limits
from stillwatch.domain.channels.families import INFRASTRUCTURE

_PAUSE_S = 3_600
_WITHIN_S = 86_400
_STAYS_MIN = 20
"""Stays at shared addresses below which nothing is said."""


def measure(shown: Shown) -> Told | None:
    """Count addresses that change hands for good.

    Grain:   one figure; None below 20 stays at addresses of several members, or where no order of
             them would be another.
    Cost:    a sort of the members' exchanges; draws x a sort of at most 512
             stays.
    """
    at = shown.run.traffic.exchanges["address_hash"].gather(shown.whole.rows)
    known = np.flatnonzero(at.is_not_null().to_numpy())
    if not len(known):
        return None
    address = np.unique(at.gather(known).to_numpy(), return_inverse=True)[1]
    account, when = shown.whole.account[known], shown.whole.at_s[known]
    order = np.lexsort((account, when, address))
    stays = _part_stays(address[order], account[order], when[order])
    if len(stays[0]) < _STAYS_MIN:
        return None
    place, label, starts, ends = stays
    soon = (starts[1:] - ends[:-1] <= _WITHIN_S) & (place[1:] == place[:-1])
    key = shown.draw_generator().random((told_limits.RHYTHM_PERMUTATIONS, len(label)))
    shuffled = label[np.argsort(place + key, axis=1)]
    handed = _count(place, np.vstack([label, shuffled]), soon)
    if np.all(handed == handed[0]):
        return None
    return compare_upper(float(handed[0]), handed[1:])


def _part_stays(address: I64, account: I64, when: F64) -> tuple[I64, I64, F64, F64]:
    """Give the stays at addresses of several accounts: address, account, first and last."""
    goes = np.ones(len(when), np.bool_)
    goes[1:] = (
        (address[1:] != address[:-1])
        | (account[1:] != account[:-1])
        | (when[1:] - when[:-1] > _PAUSE_S)
    )
    first = np.flatnonzero(goes)
    last = np.append(first[1:], len(when)) - 1
    place, label = address[first], account[first]
    many = np.zeros(int(address[-1]) + 1, np.int64)
    pairs = np.unique(place * (account.max() + 1) + label) // (account.max() + 1)
    many[: int(pairs[-1]) + 1] = np.bincount(pairs)
    kept = np.flatnonzero(many[place] > 1)[: told_limits.RHYTHM_STAYS_MAX]
    return place[kept], label[kept], when[first[kept]], when[last[kept]]


def _count(place: I64, labels: I64, soon: Bools) -> F64:
    """Count where one account's last stay is next to another's first, soon after. Grain: a row."""
    rows, stays = labels.shape
    key = place * (int(labels.max()) + 1) + labels
    key = (key + np.arange(rows)[:, None] * (int(key.max()) + 1)).ravel()
    at = np.tile(np.arange(stays), rows)
    first, last = np.zeros(int(key.max()) + 1, np.int64), np.zeros(int(key.max()) + 1, np.int64)
    first[key[::-1]] = at[::-1]
    last[key] = at
    comes, leaves = (first[key] == at).reshape(rows, -1), (last[key] == at).reshape(rows, -1)
    changes = labels[:, 1:] != labels[:, :-1]
    handed = leaves[:, :-1] & comes[:, 1:] & changes & soon
    return np.asarray(handed.sum(axis=1), np.float64)


RHYTHMS = (Rhythm("address_handed_over", INFRASTRUCTURE, measure),)
