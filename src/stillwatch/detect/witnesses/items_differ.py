"""A harvest wants many different items under one template; a class repeats one exercise.

How many items there are in effect, in bits: log2 of one over the chance that two core exchanges
hold the same prompt. A share of different prompts would take a harvest that asks for several
answers to each of its thousands of items for a class that repeats its dozen. Beyond a thousand
items more are no more. Blind spot: a harvest of few items; an honest batch job has many items too.
Source: inverse Simpson index (Hill number of order 2), unbiased.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.witnesses.core import UNKNOWN, Core, Witness, is_thin

_MOST_BITS = 10.0
"""A thousand items: no class has as many."""
_UNSEEN = 0.5
"""Coincidences added to those that were seen, so that few exchanges don't show endless items."""


def measure(core: Core) -> float:
    """Give the bits of the effective number of items."""
    prompts = core.exchanges["prompt_hash"].drop_nulls()
    if is_thin(core) or not len(prompts):
        return UNKNOWN
    held = prompts.value_counts()["count"].to_numpy().astype(np.float64)
    same, pairs = np.sum(held * (held - 1)) / 2, len(prompts) * (len(prompts) - 1) / 2
    return float(min(-np.log2((same + _UNSEEN) / (pairs + 1)), _MOST_BITS))


WITNESS = Witness(
    "item_diversity",
    "content",
    1,
    "bits of the number of different prompts, in effect",
    "a class, a workshop or an evaluation that repeats the same exercises",
    measure,
)
