"""A small incident, exchange by exchange, through observe, link and detect, without a simulator.

Sixty heads of one queue among 1,400 strangers: one prompt template, one client stack, a pool of
twenty addresses and a sign-up within two days. Expected: found, 95 % of it, and nobody else. A
class of forty does one exercise behind one address. Expected: clear.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from stillwatch.detect import Detected, Register, Tied, detect_campaigns, load_null
from stillwatch.domain import limits
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.domain.tables import GRANT, LAUNCH, OBSERVED, REGISTER, SYSTEM
from stillwatch.link import Linked, link_accounts
from stillwatch.observe import count_traits, list_passages

KEY = PseudonymKey.from_bytes(bytes(range(16)))
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
HEADS = [f"h{k:03d}" for k in range(60)]
CLASS = [f"k{k:03d}" for k in range(40)]
STRANGERS = [f"s{k:04d}" for k in range(1_400)]


class Incident:
    """Observed exchanges and the register of everybody."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(7)
        self.rows: list[dict[str, Any]] = []
        self.register: list[dict[str, Any]] = []
        for k, name in enumerate([*STRANGERS, *CLASS, *HEADS]):
            head = name.startswith("h")
            age = self.rng.integers(40 * 24, 42 * 24) if head else self.rng.integers(700 * 24)
            self.register.append({
                "account_id": name, "created_at": START - dt.timedelta(hours=int(age)),
                "payment_hash": k, "plan": "standard", "payment_country": "AA",
            })  # fmt: skip
            self._live(name, k)

    def _live(self, name: str, k: int) -> None:
        centre = self.rng.normal(size=limits.EMBEDDING_DIMENSIONS)
        client = int(self.rng.zipf(1.6) % 40)
        address = 5_000 if name in CLASS else 10_000 + k
        for _ in range(int(8 * self.rng.pareto(2.5)) + 4):
            sketch = [int(v) for v in self.rng.zipf(1.2, 6) % 4_000]
            if name in CLASS:
                sketch = [70_001, 70_002, 70_003, 70_004]
            self._send(
                name, sketch, centre, client, address, turn=int(self.rng.integers(1, 5)),
                output=int(self.rng.lognormal(5, 1)), tactic=float(self.rng.beta(1, 20)),
            )  # fmt: skip
        if name.startswith("h"):
            for _ in range(25):
                pool = 20_000 + int(self.rng.integers(20))
                self._send(
                    name, [80_001, 80_002, 80_003, 80_004, 80_005], 0 * centre, 99, pool, turn=1,
                    output=int(self.rng.lognormal(7, 0.3)), tactic=float(self.rng.beta(9, 2)),
                )  # fmt: skip

    def _send(
        self, name: str, sketch: list[int], centre: np.ndarray, client: int, address: int,
        *, turn: int, output: int, tactic: float,
    ) -> None:  # fmt: skip
        row = len(self.rows)
        at = START + dt.timedelta(minutes=int(self.rng.integers(14 * 24 * 60)))
        vector = centre + self.rng.normal(size=limits.EMBEDDING_DIMENSIONS)
        unit = np.round(127 * vector / np.linalg.norm(vector)).astype(np.int8)
        self.rows.append({
            "exchange_id": f"x{row:06d}", "account_id": name, "time": at,
            "hour": int(at.timestamp()) // 3600, "source_file": 0, "source_line": row + 1,
            "record_hash": row, "client_hash": client, "address_hash": address,
            "sketch": sorted(set(sketch)), "embedding": unit.tobytes(), "turn": turn,
            "prompt_hash": 70_000 if name in CLASS else row, "output_tokens": output,
            "tactic_probability": tactic, "model": "m",
        })  # fmt: skip

    def observed(self) -> pl.DataFrame:
        """OBSERVED with row numbers."""
        frame = pl.DataFrame(
            self.rows, schema_overrides={**OBSERVED.schema}, infer_schema_length=None
        )
        return OBSERVED.conform(frame).with_row_index("row").cast({"row": pl.Int64})


@pytest.fixture(scope="module")
def outcome() -> tuple[Linked, Detected]:
    """What linking and judging say of it."""
    incident = Incident()
    observed = incident.observed()
    lazy = nw.from_native(observed.lazy())
    passages = list_passages(lazy, systems=SYSTEM.empty())
    register = REGISTER.conform(
        pl.DataFrame(incident.register, schema_overrides={**REGISTER.schema})
    )
    seen = count_traits(
        lazy, passages=passages, register=register, launches=LAUNCH.empty(), key=KEY
    )
    settings = Settings()
    linked = link_accounts(seen.traits, register=register, settings=settings.link)
    detected = detect_campaigns(
        observed.lazy(),
        Tied(linked.groups, linked.members, passages.passages, linked.evidence, seen.profiles),
        register=Register(register, GRANT.empty(), LAUNCH.empty()),
        null=load_null(),
        settings=settings.detect,
    )
    return linked, detected


def test_the_heads_are_tied_in_one_group_without_a_stranger(
    outcome: tuple[Linked, Detected],
) -> None:
    """At least 57 of sixty in one piece; the class is truly tied, and may be a group."""
    members = outcome[0].members.group_by("group_id").agg("account_id")["account_id"].to_list()
    campaign = max(members, key=lambda names: len(set(names) & set(HEADS)))
    assert set(campaign) <= set(HEADS)
    assert len(campaign) >= 57
    assert not any(set(names) & set(STRANGERS) for names in members)


def test_the_heads_are_called_and_nobody_else_is(outcome: tuple[Linked, Detected]) -> None:
    """At least `suspect`, 57 of them or more; class and strangers are clear."""
    verdicts = dict(outcome[1].accounts.select("account_id", "verdict").iter_rows())
    assert sum(verdicts[h] in {"fraudulent", "suspect"} for h in HEADS) >= 57
    assert {verdicts[a] for a in (*CLASS, *STRANGERS)} == {"clear"}


def test_the_harvest_is_told_from_the_heads_own_traffic(
    outcome: tuple[Linked, Detected],
) -> None:
    """Twenty-five exchanges of the stream a head, to within one in twenty."""
    campaign = outcome[1].found.campaigns.row(0, named=True)
    assert campaign["accounts"] >= 57
    assert abs(campaign["exchanges"] - 25 * campaign["accounts"]) <= 1.25 * campaign["accounts"]
