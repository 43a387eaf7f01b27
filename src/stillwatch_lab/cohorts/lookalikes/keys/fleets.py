"""Look-alike: one customer's workers at several sites, each with a key, that take from one queue.

Rows like those of `people`. The one idea: what a worker is refused goes back to the queue, and the
worker that takes it sits at another site, perhaps behind another image of the program. Seen by the
provider, a request leaves one home and client and comes again from others, which is what concealed
queues do; here somebody signs for the keys, or pays for all of them with one card. All numbers are
guesses.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.clients import AGENTS, FINGERPRINTS, draw_clients
from stillwatch_lab.cohorts.lookalikes.keys.card_keys import draw_card_keys
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.cohorts.places import draw_homes, draw_subnet
from stillwatch_lab.cohorts.teams import draw_load_balanced, draw_open_keys
from stillwatch_lab.scene import Scene

_SITES_MAX: Final = 5
"""Sites of a fleet, two at least."""
_NEIGHBOURS: Final = 4
"""Addresses of a site in a cloud."""
_OWN_IMAGE: Final = 0.5
"""Fleets whose sites run images of their own; the others roll one out everywhere."""
_IN_HOUSE: Final = 0.2
"""Sites that are a house's own, behind one address."""
_VERIFIED: Final = 0.5
"""Of the fleets that name their organisation, those that somebody has verified."""


def draw_fleet(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a fleet whose organisation is on record."""
    draw = draw_load_balanced if rng.random() < _VERIFIED else draw_open_keys
    keys = draw(rng, scene, count=count, volume=volume)
    return _lay_sites(rng, keys, role="benign-fleet")


def draw_card_fleet(
    rng: np.random.Generator, scene: Scene, *, count: int, volume: Volume
) -> pl.DataFrame:
    """Draw a fleet that declares nothing, and that one card pays for."""
    keys = draw_card_keys(rng, scene, count=count, volume=volume)
    return _lay_sites(rng, keys, role="benign-card-fleet")


def _lay_sites(rng: np.random.Generator, keys: pl.DataFrame, *, role: str) -> pl.DataFrame:
    """Spread keys over sites, and put one queue behind them all.

    Grain:   one row per key, as given. Every site has a key where there are as many.
    """
    count = keys.height
    sites = int(rng.integers(2, _SITES_MAX, endpoint=True))
    at = rng.permutation(np.arange(count) % sites)
    places = [_draw_site(rng).to_list() for _ in range(sites)]
    images = draw_clients(rng, sites)[at]
    has_own = rng.random() < _OWN_IMAGE
    agents, prints = pl.Series(AGENTS[images]), pl.Series(FINGERPRINTS[images])
    queue = int(rng.integers(2**40))
    laid = keys.with_columns(
        pl.lit(role).alias("role"),
        pl.Series("addresses", [places[site] for site in at], dtype=pl.List(pl.String)),
        pl.lit(1.0).alias("address_share"),
        *(pl.lit(queue, pl.Int64).alias(name) for name in ("gateway", "clock")),
    )
    if not has_own:
        return laid
    return laid.with_columns(
        agents.alias("agent"),
        agents.alias("second_agent"),
        prints.alias("fingerprint"),
        prints.alias("second_fingerprint"),
    )


def _draw_site(rng: np.random.Generator) -> pl.Series:
    if rng.random() < _IN_HOUSE:
        return draw_homes(rng, rng.integers(0, 12, 1))
    return draw_subnet(rng, _NEIGHBOURS, spread=256, cloud=True)
