"""Look-alike: a university behind a few addresses, and in it a class that does one exercise.

Rows like those of `people` and `institutions.draw_class`. The one idea: behind the addresses of the
class sit many times more people, each with a life of their own, so the address says "campus" and
not "one hand".
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.institutions import draw_class
from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.places import draw_subnet
from stillwatch_lab.cohorts.rows import unite
from stillwatch_lab.cohorts.teams import repeat_list
from stillwatch_lab.scene import Scene

_CLASS_SHARE: Final = 0.08
"""Share of a campus's accounts that the class is (a guess: thirty of four hundred)."""
_CLASS_MIN: Final = 3
_ADDRESSES: Final = 4
"""Addresses of the university's NAT."""
_MAIL_SHARE: Final = 0.7
"""Members who signed up with the university's e-mail domain (a guess)."""
_PROGRAMME_SHARE: Final = 0.25
"""Members of the crowd in the education programme (a guess)."""


def draw_campus(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a campus: a crowd, and a class behind the same addresses.

    Grain:   one row per account: the crowd (`benign-campus`), then the class (`benign-class`).
    """
    size = min(max(_CLASS_MIN, round(count * _CLASS_SHARE)), count - 1)
    pupils = draw_class(rng, scene, count=size, volume=volume)
    crowd = draw_people(rng, scene, count=count - size, role="benign-campus", volume=volume)
    place = draw_subnet(rng, _ADDRESSES, spread=256, cloud=False)
    domain = pupils["email_domain"][0]
    mails = pl.Series(rng.random(crowd.height) < _MAIL_SHARE)
    enrolled = pl.Series(rng.random(crowd.height) < _PROGRAMME_SHARE)
    crowd = crowd.with_columns(
        pl.lit(pupils["zone"][0]).alias("zone"),
        pl.when(mails).then(pl.lit(domain)).otherwise("email_domain").alias("email_domain"),
        pl.when(enrolled).then(pl.lit("education")).alias("program"),
        repeat_list(place, crowd.height),
        pl.Series("address_share", rng.beta(2.0, 1.2, crowd.height)),
    )
    return unite([crowd, pupils.with_columns(repeat_list(place, size))])
