"""Join groups that are pieces of one: batches of a campaign, each with its own card and week.

Last part of the third step of *link*. Two campaigns that share a proxy have more evidence apart
than together; two batches of one campaign lose little of it when they are joined. The union, grown
once more, has the last word.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.link.counts import add_bits, promise_holders
from stillwatch.link.search.speak import speaks_for, take_sample
from stillwatch.link.search.state import Search
from stillwatch.link.table import I32
from stillwatch.link.workbench import INSIDE

_TOGETHER_SHARE: Final = 0.87
"""Share of the pieces' evidence, and of their members, that must survive their union."""
_HELD_SHARE: Final = 0.1
"""A value leads to neighbouring groups where at least this share of the members holds it."""
_MERGE_SHARE: Final = 0.5
"""Share of a neighbour's members that such values must reach for a merger to be tried."""


class Merger:
    """The groups of a search while they are joined: who is in which, and what each has shown."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.owner = np.full(len(search.taken), -1, np.int32)
        for g, members in enumerate(search.groups):
            self.owner[members] = g
        self.strength = [self.sum_evidence(members) for members in search.groups]
        self.gone: set[int] = set()

    def sum_evidence(self, members: I32) -> float:
        """Sum of the members' bits for their group, each after the population's prior."""
        heard = take_sample(members)
        mean = add_bits(self.search.bench, members, heard, INSIDE).sum() / max(len(heard), 1)
        prior = np.log2(max(len(members), 1) / len(self.owner))
        return float(len(members) * (mean + prior))

    def join_all(self, g: int) -> None:
        """Join to a group what belongs to it, in rounds.

        A refusal changes nothing: neighbours are looked up anew after a union only.
        """
        rejected: set[int] = set()
        while g not in self.gone:
            around = [near for near in self.list_neighbours(g) if near not in rejected]
            pieces, refused = self.choose_pieces(g, around)
            rejected.update(refused)
            if not pieces:
                break
            joined = self.unite(g, pieces)
            while not joined and len(pieces) > 1:
                pieces = pieces[: len(pieces) // 2]
                joined = self.unite(g, pieces)
            if not joined:
                rejected.update(pieces)

    def list_neighbours(self, g: int) -> list[int]:
        """Groups at least half of whose members hold a value that g has much more of than others.

        Those of whom it reaches most come first.
        """
        group = self.search.groups[g]
        promise = promise_holders(self.search.bench, group, least=_HELD_SHARE * len(group))
        owners = self.owner[promise > 0]
        counts = np.bincount(owners[owners >= 0], minlength=len(self.search.groups))
        counts[g] = 0
        near = [
            (-int(counts[o]), int(o))
            for o in np.flatnonzero(counts)
            if counts[o] >= _MERGE_SHARE * len(self.search.groups[o])
        ]
        return [o for _, o in sorted(near)]

    def choose_pieces(self, g: int, around: list[int]) -> tuple[list[int], list[int]]:
        """Choose, one after the other, the neighbours that the union so far explains too.

        Gives them, and those that are refused: either speaks too little for the other, or the union
        has less evidence than the two apart.
        """
        groups, bench = self.search.groups, self.search.bench
        heard = speaks_for(bench, groups[g], [groups[k] for k in around]) if around else []
        pieces: list[int] = []
        refused: list[int] = []
        union, evidence = groups[g], self.strength[g]
        for near, is_heard in zip(around, heard, strict=True):
            if is_heard and speaks_for(bench, groups[near], [groups[g]])[0]:
                wider = np.sort(np.concatenate([union, groups[near]])).astype(np.int32)
                together = self.sum_evidence(wider)
                if together >= _TOGETHER_SHARE * (evidence + self.strength[near]):
                    union, evidence = wider, together
                    pieces.append(near)
                    continue
            refused.append(near)
        return pieces, refused

    def unite(self, g: int, pieces: list[int]) -> bool:
        """Make one group of several, if growing the union keeps most of it together."""
        search = self.search
        parts = [search.groups[k] for k in (g, *pieces)]
        joined = np.sort(np.concatenate(parts)).astype(np.int32)
        search.taken[joined] = False
        grown = search.grow(joined, search.seeds[g])
        if len(np.intersect1d(grown, joined)) < _TOGETHER_SHARE * len(joined):
            search.taken[joined] = True
            return False
        self.owner[joined] = -1
        self.owner[grown] = g
        search.taken[grown] = True
        search.groups[g] = grown
        for piece in pieces:
            search.groups[piece] = grown[:0]
        self.gone.update(pieces)
        self.strength[g] = self.sum_evidence(grown)
        return True


def merge_groups(search: Search) -> None:
    """Join groups that are better explained as one, largest first.

    Writes the search's groups, their seeds and who is taken.
    Cost:    each group's rows a few times; a union costs a growth of the whole.
    """
    merger = Merger(search)
    for g in sorted(range(len(search.groups)), key=lambda g: (-len(search.groups[g]), g)):
        merger.join_all(g)
    kept = [g for g in range(len(search.groups)) if g not in merger.gone]
    search.groups = [search.groups[g] for g in kept]
    search.seeds = [search.seeds[g] for g in kept]
