"""Actors that a queue took out of a group, given back where the queue can't stand alone.

Between the sixth step of *link* and its end: reads bundles and what bounds them, gives the bundles
that stay. A queue of a few inside a group takes them out of it (`join`), so that nobody is judged
for standing beside one; 7 bits are enough for that. Where all that speaks for them apart is too
little to tie them, they would be nobody's for it: a campaign of eighty lost the seven that had been
refused anything. Then they go home, to the group that their traits fit, and the queue says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stillwatch.domain.settings import LinkSettings
from stillwatch.link.e_values import IMPOSSIBLE
from stillwatch.link.queues.fitting import weigh_traits
from stillwatch.link.queues.join import Bundle, extend
from stillwatch.link.search import Search
from stillwatch.link.witness import SAME_SHARE

Bounded = tuple[list[Bundle], list[float], list[float]]
"""Bundles, log2 of their e-values, and their q-values."""


def give_back(
    search: Search,
    bundles: Sequence[Bundle],
    bounds: tuple[Sequence[float], Sequence[float]],
    *,
    settings: LinkSettings,
) -> Bounded:
    """Dissolve queues that no group of the search went into, and that are not sure on their own.

    One is dissolved where half of its actors or more fit another bundle by their traits: these
    join it, and the others are free. What is left keeps its evidence: no e- or q-value changes, for
    what was tested was tested.

    Grain:   one bundle, one e- and one q-value of each that stays, in their order.
    Cost:    for each such queue the rows of its actors, and those of all other bundles' members.
    """
    kept: list[Bundle | None] = list(bundles)
    for k, bundle in enumerate(bundles):
        if bundle.pieces or bounds[1][k] <= settings.apart_q_max:
            continue
        others = {j: other for j, other in enumerate(kept) if other is not None and j != k}
        fits = np.array(
            [weigh_traits(search, b.members, bundle.members, settings) for b in others.values()]
        ).reshape(len(others), len(bundle.members))
        finds = fits.max(axis=0, initial=IMPOSSIBLE) > IMPOSSIBLE
        if finds.mean() < SAME_SHARE:
            continue
        home = fits.argmax(axis=0)
        for at, (j, other) in enumerate(others.items()):
            kept[j] = extend(other, bundle.members[finds & (home == at)])
        kept[k] = None
    stays = [k for k, bundle in enumerate(kept) if bundle is not None]
    return (
        [bundle for bundle in kept if bundle is not None],
        [bounds[0][k] for k in stays],
        [bounds[1][k] for k in stays],
    )
