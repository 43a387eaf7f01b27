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

    One is dissolved where half of its actors or more fit a bundle that stands, by their traits:
    these join it, and the others are free. What is left keeps its evidence: no e- or q-value
    changes, for what was tested was tested.

    Grain:   one bundle, one e- and one q-value of each that stays, in their order.
    Cost:    for each such queue the rows of its actors, and those of all other bundles' members.
    """
    stands = [
        bool(b.pieces) or q <= settings.apart_q_max for b, q in zip(bundles, bounds[1], strict=True)
    ]
    kept = {k: bundle for k, bundle in enumerate(bundles) if stands[k]}
    homes = list(kept)
    for k, bundle in enumerate(bundles):
        if stands[k]:
            continue
        fits = np.array(
            [weigh_traits(search, kept[j].members, bundle.members, settings) for j in homes]
        ).reshape(len(homes), len(bundle.members))
        finds = fits.max(axis=0, initial=IMPOSSIBLE) > IMPOSSIBLE
        if finds.mean() < SAME_SHARE:
            kept[k] = bundle
            continue
        home = fits.argmax(axis=0)
        for at, j in enumerate(homes):
            kept[j] = extend(kept[j], bundle.members[finds & (home == at)])
    stay = sorted(kept)
    return [kept[k] for k in stay], [bounds[0][k] for k in stay], [bounds[1][k] for k in stay]
