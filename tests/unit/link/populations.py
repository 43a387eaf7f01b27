"""Small populations at the level of traits, with known groups, for the tests of linking."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from stillwatch.domain.channels.families import CHANNELS, FAMILIES
from stillwatch.domain.tables import REGISTER, TRAIT

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
WORDINGS = 2_000


class Population:
    """Honest strangers, to whom groups with chosen ties are added."""

    def __init__(self, strangers: int, *, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows: dict[tuple[str, str], list[tuple[int, float]]] = {}
        self.signups: dict[str, int] = {}
        self.groups: dict[str, list[str]] = {}
        self.fresh = 10**9
        for k in range(strangers):
            self._stranger(f"s{k:06d}")

    def _new(self) -> int:
        self.fresh += 1
        return self.fresh

    def _stranger(self, name: str) -> None:
        """An account that shares only what everybody shares."""
        draw = self.rng
        self._put(name, "payment", [self._new()])
        self._put(name, "address", [self._new() for _ in range(draw.integers(1, 4))])
        self._put(name, "subnet", [int(draw.integers(3_000))])
        self._put(name, "network", [int(draw.zipf(1.3) % 200)])
        self._put(name, "client", [int(draw.zipf(1.5) % 40)])
        self._put(name, "parameters", [int(draw.zipf(1.5) % 60)])
        self._put(name, "email_domain", [int(draw.zipf(1.6) % 300)])
        self._put(name, "template", [int(v) for v in draw.zipf(1.4, 4) % WORDINGS], share=0.1)
        self._put(name, "active_hour", [int(v) for v in draw.integers(168, size=12)])
        self.sign_up(name, int(draw.integers(700 * 24)))

    def _put(
        self, name: str, channel: str, values: list[int], *, share: float | None = None
    ) -> None:
        unique = sorted(set(values))
        self.rows[name, channel] = [(v, share or 1.0 / len(unique)) for v in unique]

    def sign_up(self, name: str, hours_ago: int) -> None:
        """Say when an account was opened."""
        self.signups[name] = hours_ago
        self._put(name, "signup_hour", [hours_ago])
        self._put(name, "signup_day", [hours_ago // 24])
        self._put(name, "signup_week", [hours_ago // (24 * 7)])

    def add_group(self, name: str, heads: int, **ties: int | str) -> list[str]:
        """Add accounts tied as said: `payment=3` three cards over all, `client=1` one stack."""
        members = [f"{name}{k:05d}" for k in range(heads)]
        shared = {tie: [self._new() for _ in range(int(n))] for tie, n in ties.items()}
        burst = int(self.rng.integers(60 * 24))
        for member in members:
            self._stranger(member)
            for tie, pool in shared.items():
                if tie == "signup":
                    self.sign_up(member, burst + int(self.rng.integers(int(ties["signup"]))))
                    continue
                picks = self.rng.choice(pool, min(3, len(pool)), replace=False)
                many = tie in {"address", "template"}
                self._put(member, tie, [int(v) for v in (picks if many else picks[:1])])
        self.groups[name] = members
        return members

    def give(self, names: list[str], channel: str, value: int) -> None:
        """Give some accounts one value of a channel, for all of their traffic."""
        for name in names:
            self._put(name, channel, [value])

    def shuffled_traits(self, *, seed: int) -> pl.DataFrame:
        """Give the traits with each family dealt out anew: margins stay, ties over families go."""
        rng = np.random.default_rng(seed)
        names = sorted(self.signups)
        dealt = pl.concat(
            pl.DataFrame({"account_id": names, "to": rng.permutation(names)}).with_columns(
                family=pl.lit(family)
            )
            for family in FAMILIES
        )
        family_of = {channel.name: channel.family for channel in CHANNELS}
        return TRAIT.conform(
            self.traits()
            .with_columns(pl.col("channel").replace_strict(family_of).alias("family"))
            .join(dealt, on=["account_id", "family"])
            .with_columns(pl.col("to").alias("account_id"))
        )

    def traits(self) -> pl.DataFrame:
        """The population as TRAIT rows."""
        rows = [
            (name, channel, value, share)
            for (name, channel), values in self.rows.items()
            for value, share in values
        ]
        return TRAIT.conform(pl.DataFrame(rows, schema=TRAIT.schema, orient="row"))

    def register(self) -> pl.DataFrame:
        """The population as REGISTER rows."""
        names = sorted(self.signups)
        return REGISTER.conform(
            pl.DataFrame(
                {
                    "account_id": names,
                    "created_at": [START - dt.timedelta(hours=self.signups[n]) for n in names],
                    "plan": ["standard"] * len(names),
                    "payment_country": ["AA"] * len(names),
                }
            )
        )
