"""What a queue alone ties: whom it runs through, and nobody who only stands beside them.

Between the sixth step of *link* and its bounds: reads bundles and what was said of the search's
groups, gives the bundles again. That some of a group hand requests on is true of those alone. Where
traits tie the whole, it is one more thing that is known of it; where they don't, the queue of a few
would tie all others to them: four keys of one customer had tied twenty-nine people of their
country, and what the keys handed on was held against each.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.e_values import IMPOSSIBLE, bound_q_values
from stillwatch.link.queues.join import Bundle
from stillwatch.link.queues.read import Queues
from stillwatch.link.queues.through import OVERLAP
from stillwatch.link.queues.weigh import (
    find_handing,
    rate_repetitions,
    weigh_queue,
    weigh_repetitions,
)


def confine_queues(
    bundles: list[Bundle],
    queues: Queues,
    told: list[tuple[int, float]],
    *,
    seeds: int,
    settings: LinkSettings,
) -> list[Bundle]:
    """Confine queues that run through less than a third of their group, where no trait ties it.

    The others go free, and the queue is weighed as what it then is: a set that its own repetitions
    have found. Of fewer than limits.ACTORS_MIN actors nothing is left to tie: the group stands as
    its traits leave it, without a queue.

    Grain:   one bundle per given one, in their order. Cost: a pass over the repetitions for each.
    """
    q = bound_q_values(np.array([e for _, e in told], np.float64), tested=seeds)
    tied = {g for (g, _), bound in zip(told, q, strict=True) if bound <= settings.apart_q_max}
    return [
        bundle if tied.intersection(bundle.pieces) else _confine(bundle, queues, settings)
        for bundle in bundles
    ]


def _confine(bundle: Bundle, queues: Queues, settings: LinkSettings) -> Bundle:
    handing = find_handing(queues, bundle.members)
    if bundle.log2_e == IMPOSSIBLE or len(handing) >= OVERLAP * len(bundle.members):
        return bundle
    log2_e, count, chance = weigh_queue(queues, handing, chosen=True)
    if len(handing) < limits.ACTORS_MIN or log2_e <= settings.queue_bits:
        return replace(bundle, queue_bits=np.zeros(len(bundle.members)), log2_e=IMPOSSIBLE)
    bits = np.clip(weigh_repetitions(queues, handing)[handing], 0.0, settings.queue_cap_bits)
    rates = rate_repetitions(queues, handing, count, chance)
    return Bundle(handing, (), bits, log2_e, *rates)
