"""Small traffic without text, in which some accounts send a stream beside lives of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from stillwatch.detect.traffic import COLUMNS, Traffic, arrange_traffic
from stillwatch.domain import limits
from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.observations import Passages
from stillwatch.domain.tables import GROUP, MEMBER, OBSERVED

DAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
STREAM = tuple(range(900_001, 900_009))
"""Passages of the stream."""
FRAMEWORK = tuple(range(800_001, 800_006))
"""Passages of a public framework, which a third of all honest exchanges carry."""
PASSAGE = ["row", "account_id", "hash", "template", "place"]


class Scene:
    """Exchanges and their passages, drawn account by account."""

    def __init__(self, *, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows: list[dict[str, Any]] = []
        self.passages: list[tuple[int, str, int, int, str]] = []
        self.harvest: set[str] = set()

    def send(self, account: str, hashes: list[int], **facts: Any) -> dict[str, Any]:  # noqa: ANN401  columns of several types
        """Send one exchange that carries some passages."""
        row = len(self.rows)
        at = DAY + dt.timedelta(minutes=int(self.rng.integers(7 * 24 * 60)))
        vector = self.rng.normal(size=limits.EMBEDDING_DIMENSIONS) + facts.pop("centre", 0.0)
        unit = np.round(127 * vector / np.linalg.norm(vector)).astype(np.int8)
        sent = {
            "row": row, "exchange_id": f"x{row:06d}", "account_id": account, "time": at,
            "embedding": unit.tobytes(), "turn": 1, "output_tokens": 200,
            "tactic_probability": 0.05, "model": "m", "prompt_hash": row,
            "record_hash": row * 2_654_435_761 % 2**61 - 2**60, **facts,
        }  # fmt: skip
        sent["hour"] = int(sent["time"].timestamp()) // 3600
        self.rows.append(sent)
        for value in hashes:
            place = "system" if value in FRAMEWORK else "prompt"
            template = next((t[0] for t in (STREAM, FRAMEWORK) if value in t), value)
            self.passages.append((row, account, value, template, place))
        return sent

    def add_strangers(self, count: int, *, exchanges: int = 20) -> list[str]:
        """Add people with a subject each, follow-up questions, and volumes from a heavy tail."""
        names = [f"s{k:04d}" for k in range(count)]
        for name in names:
            centre = self.rng.normal(size=limits.EMBEDDING_DIMENSIONS) * 0.5
            for _ in range(int(exchanges * self.rng.pareto(2.5)) + 5):
                self._live(name, centre)
        return names

    def _live(self, account: str, centre: np.ndarray) -> None:
        common = list(FRAMEWORK) if self.rng.random() < 1 / 3 else []
        words = [int(w) for w in self.rng.zipf(1.3, 4) % 3_000]
        self.send(
            account,
            common + words,
            centre=centre,
            turn=int(self.rng.integers(1, 5)),
            output_tokens=int(self.rng.lognormal(5, 1)),
            tactic_probability=float(self.rng.beta(1, 20)),
        )

    def add_heads(
        self, name: str, count: int, *, harvest: int = 30, unrelated: int = 0
    ) -> list[str]:
        """Add heads of one queue: even volumes, one pool of content, long answers, no questions."""
        heads = [f"{name}{k:03d}" for k in range(count)]
        for head in heads:
            centre = self.rng.normal(size=limits.EMBEDDING_DIMENSIONS) * 0.5
            for _ in range(unrelated):
                self._live(head, centre)
            for _ in range(harvest):
                sent = self.send(
                    head,
                    [*STREAM, int(self.rng.zipf(1.3) % 3_000)],
                    output_tokens=int(self.rng.lognormal(7, 0.4)),
                    tactic_probability=float(self.rng.beta(9, 2)),
                    tactic="cot_elicitation",
                    capability="mathematics",
                )
                self.harvest.add(sent["exchange_id"])
        return heads

    def exchanges(self) -> pl.DataFrame:
        """What judging reads of the exchanges."""
        schema = {c: OBSERVED.schema[c] for c in (*COLUMNS, "record_hash")}
        return pl.DataFrame(self.rows, schema={"row": pl.Int64, **schema})

    def names(self) -> set[str]:
        """Everybody: whoever may be put into a group."""
        return {row["account_id"] for row in self.rows}

    def passage_rows(self, *, accounts: int = limits.TEMPLATE_ACCOUNTS_MIN) -> pl.DataFrame:
        """Passages by exchange, those that enough accounts send."""
        types = [pl.Int64, pl.String, pl.Int64, pl.Int64, pl.String]
        frame = pl.DataFrame(
            self.passages, schema=dict(zip(PASSAGE, types, strict=True)), orient="row"
        )
        wide = pl.col("account_id").n_unique().over("hash") >= accounts
        return frame.filter(wide).unique(["row", "hash"], maintain_order=True)

    def traffic(self, *, accounts: int = limits.TEMPLATE_ACCOUNTS_MIN) -> Traffic:
        """Give the arranged traffic."""
        passages = self.carried(accounts=accounts)
        return arrange_traffic(self.exchanges().lazy(), passages=passages, tied=self.names())

    def carried(self, *, accounts: int = limits.TEMPLATE_ACCOUNTS_MIN) -> Passages:
        """Give the same as numbers."""
        return gather(self.passage_rows(accounts=accounts))


def gather(spelled: pl.DataFrame) -> Passages:
    """Make passages of rows that spell them out: row, hash, template, place."""
    named = spelled.select("hash", "template", "place").unique().sort("hash", "place")
    numbered = named.with_row_index("passage")
    carried = spelled.join(numbered, on=["hash", "template", "place"]).select("row", "passage")
    return Passages.number(carried, named)


def group_rows(**groups: list[str]) -> pl.DataFrame:
    """GROUP rows of surely tied groups."""
    rows = [(f"g-{n}", len(m), 60.0, 1e-9, ["template", "client"]) for n, m in groups.items()]
    return GROUP.conform(pl.DataFrame(rows, schema=GROUP.schema, orient="row"))


def member_rows(*, families: tuple[str, ...] = FAMILIES[:3], **groups: list[str]) -> pl.DataFrame:
    """MEMBER rows with five bits in each of some families."""
    bits = {f"{f}_bits": 5.0 if f in families else 0.0 for f in FAMILIES}
    rows = [
        {"group_id": f"g-{n}", "account_id": a, "weight_bits": 11.0, **bits}
        for n, members in groups.items()
        for a in members
    ]
    return MEMBER.conform(pl.DataFrame(rows, schema=MEMBER.schema))
