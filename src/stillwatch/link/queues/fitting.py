"""Who belongs to a group behind a queue, by traits and by what is handed on together.

Part of the sixth step of *link*, for `join.py`: reads the search's workbench and `Queues`, gives
who fits from outside and who stays inside. A queue's word is of the timing family, and counts as
that family's where it says more than hours do.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.channels.families import FAMILIES, OPERATORS, TIMING
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.counts import promise_holders, weigh_actors, weigh_members
from stillwatch.link.e_values import IMPOSSIBLE
from stillwatch.link.kernels import FAMILIES_MIN
from stillwatch.link.queues.apart import find_apart
from stillwatch.link.queues.read import Queues
from stillwatch.link.queues.weigh import weigh_repetitions
from stillwatch.link.search import Search
from stillwatch.link.search.dividers import list_small_sets
from stillwatch.link.table import F64, I32, Bools
from stillwatch.link.witness import SAME_SHARE

_TIMING = FAMILIES.index(TIMING)
_OPERATORS = [FAMILIES.index(family) for family in OPERATORS]
_FEW = 2
"""Actors of the least set that may hold its own up: one alone is weighed without itself."""
_FEW_MOST, _FEW_SHARE = 7, 0.1
"""Actors of the largest such set, in a small group up to a third of it, and in a large one this
share."""
_BATCHES = 0.25
"""Share of a group in sets that would not join it, from which they are its batches."""
_HELD_SHARE = 0.02
"""Share of a group that must hold a value for its other holders to be looked at, as in growth."""


def find_fitting(search: Search, queues: Queues, group: I32, settings: LinkSettings) -> Bools:
    """Find who fits a queue's group: by what it hands on, by its traits, or by both.

    By its traits as anybody joins a group: two families, and the bar after the prior. The group
    may be larger than the one that traits alone have grown, and its prior milder. Whom it promises
    too little is not weighed, as in growth.

    Grain:   one mark per actor. Cost: the holders of what the group shares, and the rows of those
             of them to whom it promises enough.
    """
    prior = np.log2(len(group) / len(queues.refused))
    handed = np.clip(weigh_repetitions(queues, group), 0.0, settings.queue_cap_bits)
    fits = np.asarray(handed + prior >= settings.member_bar_bits)
    promise = promise_holders(search.bench, group, least=max(2.0, _HELD_SHARE * len(group)))
    promise[group] = 0.0
    need = max(settings.lift_bits, (settings.member_bar_bits - prior) / 2)
    near = (promise >= need) | ((promise > 0) & (handed > 0))
    actors = np.flatnonzero(near).astype(np.int32)
    families, _ = weigh_actors(search.bench, group, actors)
    families[:, _TIMING] = np.maximum(families[:, _TIMING], handed[actors])
    spoken = (families >= settings.family_bar_bits).sum(axis=1) >= FAMILIES_MIN
    clears = families.sum(axis=1) + prior >= settings.member_bar_bits
    fits[actors[spoken & clears]] = True
    return fits


def weigh_traits(search: Search, group: I32, actors: I32, settings: LinkSettings) -> F64:
    """Weigh actors for a group by their traits alone, as anybody who joins one.

    Grain:   one figure per actor: bits after the prior, -inf where they don't clear the bar or come
             from one family. Cost: the rows of both.
    """
    return _clear_bar(search, group, weigh_actors(search.bench, group, actors)[0], settings)


def is_one_operators(search: Search, group: I32, actors: I32, settings: LinkSettings) -> bool:
    """Say whether a group's operator is also that of most of some actors: by texts, names, sign-up.

    They are held to the bar of whoever joins, by what an operator does alone: addresses, clients
    and hours a proxy gives to all of its customers.

    Cost:    the rows of both.
    """
    families = weigh_actors(search.bench, group, actors)[0][:, _OPERATORS]
    bits = _clear_bar(search, group, families, settings)
    return bool(np.mean(bits > IMPOSSIBLE) >= SAME_SHARE)


def _clear_bar(search: Search, group: I32, families: F64, settings: LinkSettings) -> F64:
    spoken = (families >= settings.family_bar_bits).sum(axis=1) >= FAMILIES_MIN
    bits = families.sum(axis=1) + np.log2(len(group) / len(search.taken))
    return np.where(spoken & (bits >= settings.member_bar_bits), bits, IMPOSSIBLE)


def let_go(search: Search, queues: Queues, group: I32, settings: LinkSettings) -> I32:
    """Let go whom nothing ties to the whole, though it stood in one of its pieces.

    A week of sign-ups is a piece that strangers stand in, too; once it is one with the others, all
    that it was is a week. Whoever is more likely a stranger than a member, by its traits and by
    what it hands on together, leaves; of a group that would not remain, nobody. Who hands on among
    his own alone is asked what ties him to the others, and so is a set of a few who share with one
    another, in two families or more, what nobody else of the group has, by the bar for whoever
    joins: a customer's four keys held each other up in a campaign whose templates they send.

    Grain:   the group's actors that stay, in order. Cost: their rows, once more for each set.
    """
    group = np.sort(group)
    bits = _weigh_here(search, queues, (group, group), settings)
    for own in find_apart(queues, group):
        others = np.setdiff1d(group, own).astype(np.int32)
        bits[np.isin(group, own)] = _weigh_here(search, queues, (others, own), settings)
    stays = bits + np.log2(len(group) / len(queues.refused)) >= 0
    if stays.sum() < max(limits.ACTORS_MIN, len(group) / 2):
        return group
    return _let_few_go(search, queues, group[stays], settings)


def _let_few_go(search: Search, queues: Queues, group: I32, settings: LinkSettings) -> I32:
    """Let go the few who share with one another alone, and would not join the others.

    A group of which a quarter stands in sets that would not is made of them: its batches. Those
    that are not weighed are taken to be as those that are.
    """
    most = max(_FEW_SHARE, min(_FEW_MOST / len(group), 1 / 3))
    sets = [own for _, own in list_small_sets(search.bench, group, least=_FEW, most=most)]
    prior = np.log2(len(group) / len(queues.refused))
    asked, leaves = np.zeros(len(group), np.bool_), np.zeros(len(group), np.bool_)
    for own in sets[: limits.SMALL_SETS_MAX]:
        others = np.setdiff1d(group, own).astype(np.int32)
        bits = _weigh_here(search, queues, (others, own), settings)
        asked[np.searchsorted(group, own)] = True
        leaves[np.searchsorted(group, own[bits + prior < settings.member_bar_bits])] = True
    in_sets = len(np.unique(np.concatenate([group[:0], *sets])))
    if leaves.sum() * in_sets >= _BATCHES * len(group) * asked.sum():
        return group
    return group[~leaves] if np.sum(~leaves) >= limits.ACTORS_MIN else group


def _weigh_here(
    search: Search, queues: Queues, sides: tuple[I32, I32], settings: LinkSettings
) -> F64:
    """Weigh actors for a group, or members of it, by traits and by what is handed on with it."""
    group, actors = sides
    weigh = weigh_members if actors is group else partial(weigh_actors, actors=actors)
    families, _ = weigh(search.bench, group)
    handed = np.clip(weigh_repetitions(queues, group)[actors], 0.0, settings.queue_cap_bits)
    families[:, _TIMING] = np.maximum(families[:, _TIMING], handed)
    return np.asarray(families.sum(axis=1))
