"""One text round the work of many: what all accounts of an application have word for word.

Read by the kinds beside it. The one idea: the text comes in a few versions, of which each account
has one, the older the fewer; client, and model and settings, are the first account's where the
application brings them along. Absent: who asks, when, how much and what.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.lookalikes.look_alike import draw_between
from stillwatch_lab.cohorts.wording import write_application, write_systems

_OLDER: Final = 0.5  # accounts of each further version, per account of the one before
_CLIENT: Final = ("agent", "fingerprint", "second_agent", "second_fingerprint")
_SETTINGS: Final = (
    *("temperature", "max_tokens", "second_max_tokens"),
    *("thinking", "model", "next_model", "adopts_s"),
)


class OneText(NamedTuple):
    """What applications of a kind bring along, and how often; shares are of applications."""

    job: str
    demands: float
    """Share whose text demands what harvests demand; others' texts are anybody's."""
    brings_client: float
    """Share with one client; the others' accounts keep their own."""
    sets_model: float
    """Share that chooses model and settings; as many have a system text."""
    tokens: tuple[float, float]
    """Output tokens, the least and the greatest median of such applications."""
    spread: float
    """Spread of an account's median about it, on the logarithmic scale."""


def lay_text(rng: np.random.Generator, people: pl.DataFrame, asked: OneText) -> pl.DataFrame:
    """Lay one application over its accounts: its text in a few versions, client and settings.

    Grain:   one row per account, as given.
    """
    count = people.height
    client = _CLIENT if rng.random() < asked.brings_client else ()
    same = (*client, *(_SETTINGS if rng.random() < asked.sets_model else ()))
    opening, closings = write_application(rng, asked.job, demands=asked.demands)
    shares = _OLDER ** np.arange(len(closings))
    version = rng.choice(len(closings), count, p=shares / shares.sum())
    system = write_systems(rng, 1)[0] if rng.random() < asked.sets_model else None
    tokens = draw_between(rng, *asked.tokens) * rng.lognormal(0.0, asked.spread, count)
    return people.with_columns(
        *(pl.lit(people[name][0], people.schema[name]).alias(name) for name in same),
        pl.lit(asked.job).alias("job"),
        pl.lit(opening).alias("prefix"),
        closings.gather(version).alias("suffix"),
        pl.lit(system, pl.String).alias("system"),
        pl.Series("answer_tokens", tokens),
        pl.lit("api").alias("path"),
    )
