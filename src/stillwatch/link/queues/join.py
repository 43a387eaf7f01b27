"""Groups that traits have formed, and queues that run through them, made one.

Sixth step of *link*: reads the search's groups and `Queues`, gives bundles: who stands together in
the end, of which pieces, and what the queue says of each. A queue that runs through several groups
makes them one campaign; one that runs through a small part of a group takes that part out of it; a
queue through accounts that share nothing is a group of its own. Then who hands on with it joins it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.e_values import IMPOSSIBLE
from stillwatch.link.queues.fitting import find_fitting, let_go, weigh_traits
from stillwatch.link.queues.propose import propose_queues
from stillwatch.link.queues.read import Queues
from stillwatch.link.queues.through import runs_through
from stillwatch.link.queues.weigh import (
    rate_repetitions,
    weigh_queue,
    weigh_repetitions,
)
from stillwatch.link.search import Search
from stillwatch.link.table import F64, I32, Bools
from stillwatch.link.witness import SAME_SHARE

_WHOLE_SHARE = 0.7
"""Share of another group's members that must fit a queue's group for it to be a piece of that: one
batch more, which differed in too much to be merged before."""


@dataclass(frozen=True)
class Draft:
    """A bundle before anybody joins it."""

    members: I32
    pieces: tuple[int, ...]
    formed: int
    """Actors that it had when it was formed: what was tested."""
    is_chosen: bool = False
    """The repetitions themselves have found it."""

    def remains(self, left: I32) -> bool:
        """Say whether a group is still itself after some have left it for a queue.

        What was said of the whole is said of what holds half of it, as everywhere in *link*
        (`witness`); of less it is no evidence any more, and nothing ties those who are left.
        """
        return len(left) >= max(limits.ACTORS_MIN, SAME_SHARE * self.formed)


@dataclass(frozen=True)
class Bundle:
    """Actors that stand together in the end."""

    members: I32
    pieces: tuple[int, ...]
    """Groups of the search that went into it."""
    queue_bits: F64
    """Of each member: what its repetitions say; 0 where no queue is shown."""
    log2_e: float
    """Of the queue; -inf without one."""
    observed: float
    """Share of the refused requests that come again inside."""
    expected: float
    """The same by chance."""


def join_queues(search: Search, queues: Queues, *, settings: LinkSettings) -> list[Bundle]:
    """Make bundles of the search's groups and queues.

    Grain:   one Bundle per group in the end; an actor is in at most one.
    Order:   those of the search first, as they stand; then queues that run through none of them.
    Cost:    a few passes over the repetitions for each group that has any; of a group behind a
             queue, the rows of whoever holds what its members hold.
    """
    drafts = {g: Draft(group, (g,), len(group)) for g, group in enumerate(search.groups)}
    home_of = np.full(len(queues.refused), -1, np.int32)
    for g, group in enumerate(search.groups):
        home_of[group] = g
    for k, queue in enumerate(propose_queues(queues)):
        if weigh_queue(queues, queue, chosen=True)[0] <= settings.queue_bits:
            continue
        met = [int(g) for g in np.unique(home_of[queue]) if g >= 0]  # no other draft can change
        united = [
            g for g in met if runs_through(search, queues, queue, drafts[g].members, settings)
        ]
        taken = np.unique(np.concatenate([queue, *(drafts[g].members for g in united)]))
        pieces = tuple(sorted(piece for g in united for piece in drafts[g].pieces))
        for g in met:
            left = np.setdiff1d(drafts[g].members, taken).astype(np.int32)
            if g in united or not drafts[g].remains(left):
                home_of[drafts.pop(g).members] = -1
            else:
                drafts[g] = replace(drafts[g], members=left)
        home = min(united, default=len(search.groups) + k)
        drafts[home] = Draft(taken.astype(np.int32), pieces, len(taken), is_chosen=True)
        home_of[taken] = home
    free = np.ones(len(queues.refused), np.bool_)
    for draft in drafts.values():
        free[draft.members] = False
    bundles = []
    for g in sorted(drafts):
        if g in drafts:
            draft = drafts.pop(g)
            bundles.append(_bundle(search, queues, draft, (free, drafts), settings))
    return _take_home(search, bundles, settings)


def _take_home(search: Search, bundles: list[Bundle], settings: LinkSettings) -> list[Bundle]:
    """Let whom a queue's group has let go join the group that its traits fit, if there is one."""
    none = np.zeros(0, np.int32)
    held = np.concatenate([none, *(bundle.members for bundle in bundles)])
    lost = np.setdiff1d(np.concatenate([none, *search.groups]), held).astype(np.int32)
    if not len(lost) or not bundles:
        return bundles
    fits = np.array([weigh_traits(search, b.members, lost, settings) for b in bundles])
    home = np.where(fits.max(axis=0) > IMPOSSIBLE, fits.argmax(axis=0), len(bundles))
    return [extend(bundle, lost[home == k]) for k, bundle in enumerate(bundles)]


def extend(bundle: Bundle, joining: I32) -> Bundle:
    """Let actors join, of whom no queue says anything.

    Grain:   one bundle, its members in order.
    """
    members = np.concatenate([bundle.members, joining])
    bits = np.concatenate([bundle.queue_bits, np.zeros(len(joining))])
    order = np.argsort(members)
    return replace(bundle, members=members[order], queue_bits=bits[order])


def _bundle(
    search: Search,
    queues: Queues,
    draft: Draft,
    others: tuple[Bools, dict[int, Draft]],
    settings: LinkSettings,
) -> Bundle:
    """Let whoever belongs to a queue's group join it: free actors, and groups nearly whole."""
    (free, drafts), group, pieces = others, draft.members, draft.pieces
    log2_e, count, chance = weigh_queue(queues, group, chosen=draft.is_chosen)
    if log2_e <= settings.queue_bits:
        none = np.zeros(len(group))
        return Bundle(
            group, pieces, none, IMPOSSIBLE, *rate_repetitions(queues, group, count, chance)
        )
    for _ in range(limits.GROWTH_ROUNDS_MAX):
        fits = find_fitting(search, queues, group, settings)
        fresh = np.flatnonzero(free & fits).astype(np.int32)
        over = [g for g, d in drafts.items() if fits[d.members].mean() >= _WHOLE_SHARE]
        if not len(fresh) and not over:
            break
        free[fresh] = False
        pieces = tuple(sorted([*pieces, *(p for g in over for p in drafts[g].pieces)]))
        joined = [group, fresh, *(drafts.pop(g).members for g in over)]
        group = np.unique(np.concatenate(joined)).astype(np.int32)
    group = let_go(search, queues, group, settings)
    _, count, chance = weigh_queue(queues, group, chosen=draft.is_chosen)
    bits = np.clip(weigh_repetitions(queues, group)[group], 0.0, settings.queue_cap_bits)
    return Bundle(group, pieces, bits, log2_e, *rate_repetitions(queues, group, count, chance))
