"""A harvest wants many different items under one template; a class repeats one exercise.

Share of different prompts among the core exchanges. Blind spot: a harvester who asks for several
answers to one item; an honest batch job has many different items too.
"""

from __future__ import annotations

from stillwatch.detect.witnesses.core import UNKNOWN, Core, Witness, is_thin


def measure(core: Core) -> float:
    """Give the share of different prompts."""
    prompts = core.exchanges["prompt_hash"].drop_nulls()
    if is_thin(core) or not len(prompts):
        return UNKNOWN
    return prompts.n_unique() / len(prompts)


WITNESS = Witness(
    "item_diversity",
    "content",
    1,
    "share of different prompts",
    "a class, a workshop or an evaluation that repeats the same exercises",
    measure,
)
