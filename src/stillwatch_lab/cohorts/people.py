"""A person with an account: how each honest account differs from every other.

Read by every cohort, which changes what its members have in common; written into the register and
the traffic. The one idea: habits (topics, words, parameters, client, hours, volume, homes) are
drawn for each account once and then kept, so that two accounts are as unlike as two people. One
row per account; columns that end in `_s` are seconds of the scene. Absent: the exchanges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import special

from stillwatch_lab.cohorts.clients import AGENTS, FINGERPRINTS, draw_clients
from stillwatch_lab.cohorts.places import COUNTRIES, draw_countries, draw_homes
from stillwatch_lab.rhythms.habits import draw_people_habits
from stillwatch_lab.scene import DAY_S, HOUR_S, NEW_MODEL, OLD_MODEL, SMALL_MODEL, Scene
from stillwatch_lab.text.topics import TOPICS

Floats = npt.NDArray[np.float64]

FREE_MAIL: Final = ("postbox.example", "quickmail.example", "letterbox.example", "inbox.example")
_REFERRERS: Final = ("search", "newsletter", "friend", "forum", "talk", "blog", "podcast", "course")
_BISECTIONS: Final = 60  # halvings: below the last bit of a double
_TEMPERATURES: Final = (None, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_LIMITS: Final = (None, 256, 400, 512, 800, 1000, 1024, 1500, 2000, 2048, 3000, 4000, 4096, 8192)


def draw_hexes(rng: np.random.Generator, count: int, prefix: str) -> list[str]:
    """Draw identifiers that nobody else has: 63 random bits behind a prefix."""
    return [f"{prefix}{value:016x}" for value in rng.integers(0, 2**63, count).tolist()]


def draw_signups(rng: np.random.Generator, count: int, scene: Scene) -> Floats:
    """Draw sign-up times: two years back, a quarter of them recent, a few during the run."""
    recent = rng.random(count) < 0.25  # noqa: PLR2004  share of recent accounts, a guess
    age_days = np.where(recent, rng.exponential(45.0, count), rng.uniform(0.0, 730.0, count))
    born = rng.random(count) < 0.015  # noqa: PLR2004  share that joins during the run, a guess
    hour = np.clip(rng.normal(14.0, 4.5, count), 0.0, 23.9) * HOUR_S
    late = rng.uniform(0.0, 0.7 * scene.end_s, count)
    return np.where(born, late, -np.floor(age_days + 1.0) * DAY_S + hour)


@dataclass(frozen=True, slots=True)
class Volume:
    """How many exchanges the accounts of a scenario send: log-normal, capped."""

    mean: float
    """Exchanges of an account over the run, on average."""
    sigma: float = 1.35
    """Spread on the logarithmic scale; 2.35 gives half of the traffic to accounts like heads."""
    cap: float = 1_300.0
    """Exchanges: nobody is more than a percent of the honest traffic."""

    def middle(self) -> float:
        """Give the logarithm of the median at which the mean, after the cap, is `mean`."""
        low, high = np.log(self.mean) - self.sigma**2, np.log(self.cap)
        for _ in range(_BISECTIONS):
            mu = (low + high) / 2
            low, high = (mu, high) if self._capped_mean(mu) < self.mean else (low, mu)
        return float(mu)

    def score(self, rng: np.random.Generator, volumes: Floats) -> Floats:
        """Give how busy accounts are, as normal scores; below 1 and over the cap, by chance."""
        middle, luck = self.middle(), rng.random(len(volumes))
        ends = [special.ndtr((np.log(end) - middle) / self.sigma) for end in (1.0, self.cap)]
        share = special.ndtr((np.log(volumes) - middle) / self.sigma)
        share = np.where(volumes <= 1.0, ends[0] * luck, share)
        share = np.where(volumes >= self.cap, 1.0 - (1.0 - ends[1]) * luck, share)
        return np.asarray(special.ndtri(share))

    def _capped_mean(self, mu: float) -> float:
        edge = (np.log(self.cap) - mu) / self.sigma
        under = np.exp(mu + self.sigma**2 / 2) * special.ndtr(edge - self.sigma)
        return float(under + self.cap * (1.0 - special.ndtr(edge)))

    def times(self, factor: float) -> Volume:
        """Give the same law for people who send more, or less."""
        return Volume(self.mean * factor, self.sigma, self.cap)


def draw_volumes(rng: np.random.Generator, count: int, volume: Volume) -> Floats:
    """Draw exchanges per account over the run."""
    drawn = rng.lognormal(volume.middle(), volume.sigma, count)
    return np.clip(drawn, 1.0, volume.cap)


def draw_people(
    rng: np.random.Generator, scene: Scene, *, count: int, role: str, volume: Volume
) -> pl.DataFrame:
    """Draw honest accounts, each a person of its own.

    Grain:   one row per account.
    Units:   the column `volume` is exchanges over the whole run.
    """
    country, zone = draw_countries(rng, count)
    volumes = draw_volumes(rng, count, volume)
    parts = [
        pl.DataFrame({"role": [role] * count, "volume": volumes}),
        _register(rng, scene, country=country),
        _whereabouts(rng, scene, country=country),
        _hours(rng, zone=zone),
        draw_people_habits(rng, volume.score(rng, volumes)),
        _parameters(rng, scene, count=count),
        _writing(rng, count=count),
    ]
    people = pl.concat(parts, how="horizontal")
    blank: dict[str, pl.DataType | type[pl.DataType]] = {
        "campaign": pl.String,
        "group": pl.String,
        **dict.fromkeys(("replaces", "sends_as", "gateway", "lane", "lanes", "worklist"), pl.Int64),
        "returned_s": pl.Float64,
        **dict.fromkeys(("system", "prefix", "suffix"), pl.String),
        "addresses": pl.List(pl.String),
    }
    return people.with_columns(pl.lit(None, kind).alias(name) for name, kind in blank.items())


def _register(
    rng: np.random.Generator, scene: Scene, *, country: npt.NDArray[np.int64]
) -> pl.DataFrame:
    count = len(country)
    codes = np.array([code for code, _, _ in COUNTRIES])
    own_domain = rng.random(count) < 0.3  # noqa: PLR2004  share with a domain of their own
    domains = np.where(
        own_domain,
        np.array([f"{name}.example" for name in draw_hexes(rng, count, "d")]),
        rng.choice(FREE_MAIL, count),
    )
    abroad = np.where(rng.random(count) < 0.05, rng.permutation(country), country)  # noqa: PLR2004
    payment = pl.Series(draw_hexes(rng, count, "pm_"))
    banned = rng.random(count) < 0.004  # noqa: PLR2004  churn that has nothing to do with harvests
    created = draw_signups(rng, count, scene)
    begins = np.clip(created, 0.0, scene.end_s)
    changed = np.where(banned, rng.uniform(begins, scene.end_s), np.nan)
    return pl.DataFrame(
        {
            "created_s": created,
            "org_id": pl.Series([None] * count, dtype=pl.String),
            "org_verified": pl.Series([None] * count, dtype=pl.Boolean),
            "email_domain": domains,
            "email_hash": draw_hexes(rng, count, "em_"),
            "phone_country": codes[country],
            "payment_fingerprint": payment.set(pl.Series(rng.random(count) < 0.15), None),  # noqa: PLR2004
            "payment_country": codes[abroad],
            "plan": rng.choice(["free", "pro", "scale", "team"], count, p=[0.3, 0.45, 0.15, 0.1]),
            "program": pl.Series([None] * count, dtype=pl.String),
            "verified": rng.random(count) < 0.45,  # noqa: PLR2004  a guess
            "referrer": pl.Series(rng.choice(_REFERRERS, count)).set(
                pl.Series(rng.random(count) < 0.7),  # noqa: PLR2004  share that came by no link
                None,
            ),
            "protected": rng.random(count) < 0.003,  # noqa: PLR2004  a guess
            "closed_s": pl.Series(changed).fill_nan(None),
        }
    )


def _whereabouts(
    rng: np.random.Generator, scene: Scene, *, country: npt.NDArray[np.int64]
) -> pl.DataFrame:
    count = len(country)
    client = draw_clients(rng, count)
    second = np.where(rng.random(count) < 0.3, draw_clients(rng, count), client)  # noqa: PLR2004
    return pl.DataFrame(
        {
            "home": draw_homes(rng, country),
            "next_home": draw_homes(rng, country),
            "moves_s": rng.uniform(-2.0 * scene.end_s, 4.0 * scene.end_s, count),
            "other_place": draw_homes(rng, country),
            "away_share": rng.beta(1.0, 4.0, count),
            "address_share": np.zeros(count),
            "agent": AGENTS[client],
            "fingerprint": FINGERPRINTS[client],
            "second_agent": AGENTS[second],
            "second_fingerprint": FINGERPRINTS[second],
            "second_share": rng.beta(1.0, 3.0, count),
            "path": rng.choice(["api", "console", "cloud-east"], count, p=[0.66, 0.24, 0.1]),
            "end_users": np.zeros(count, np.int64),
        }
    )


def _hours(rng: np.random.Generator, *, zone: Floats) -> pl.DataFrame:
    count = len(zone)
    return pl.DataFrame(
        {
            "zone": zone,
            "from_s": np.full(count, -np.inf),
            "until_s": np.full(count, np.inf),
            "turns": 1.0 + rng.gamma(1.3, 1.1, count),
        }
    )


def _parameters(rng: np.random.Generator, scene: Scene, *, count: int) -> pl.DataFrame:
    temperature = pl.Series(_TEMPERATURES, dtype=pl.Float64)
    limit = pl.Series(_LIMITS, dtype=pl.Int64)

    def pick(values: pl.Series) -> pl.Series:
        first = rng.random(count) < 0.3  # noqa: PLR2004  share that leaves the default
        return values.gather(np.where(first, 0, rng.integers(0, len(values), count)))

    adopts = scene.release_s + rng.lognormal(np.log(6 * DAY_S), 1.6, count)
    return pl.DataFrame(
        {
            "temperature": pick(temperature),
            "max_tokens": pick(limit),
            "second_max_tokens": pick(limit),
            "wander": rng.beta(1.0, 5.0, count),
            "tools": np.where(rng.random(count) < 0.2, rng.integers(1, 12, count), 0),  # noqa: PLR2004
            "thinking": pl.Series(rng.random(count) < 0.25),  # noqa: PLR2004  a guess
            "logprobs": pl.Series(rng.random(count) < 0.02),  # noqa: PLR2004  a guess
            "model": rng.choice([OLD_MODEL, SMALL_MODEL], count, p=[0.65, 0.35]),
            "next_model": [NEW_MODEL] * count,
            "adopts_s": adopts,
        }
    )


def _writing(rng: np.random.Generator, *, count: int) -> pl.DataFrame:
    topics = rng.integers(0, len(TOPICS), (3, count))
    return pl.DataFrame(
        {
            "topic_1": topics[0],
            "topic_2": topics[1],
            "topic_3": topics[2],
            "focus": rng.beta(3.0, 1.6, count),
            "voice": rng.integers(0, 2**40, count),
            "sentences": 4.0 + rng.gamma(2.2, 1.5, count),
            "is_lowercase": rng.random(count) < 0.15,  # noqa: PLR2004  share that never uses shift
            "job": ["chat"] * count,
            "pool": np.zeros(count, np.int64),
            "pool_items": np.zeros(count, np.int64),
        }
    )
