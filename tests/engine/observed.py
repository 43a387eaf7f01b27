"""A few thousand exchanges of the lab, pseudonymised and observed: what both engines are given."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import ARRIVAL, OBSERVED
from stillwatch.ingest import IngestSettings, find_traffic, parse_chunk, read_chunks
from stillwatch.observe import load_tactics, observe_arrivals
from stillwatch_lab.simulate import Output, simulate

KEY = PseudonymKey.from_bytes(bytes(range(16)))
EXCHANGES = 4_000
"""Of the 20,000 that the smallest demo has: whole accounts, so that templates stay shared."""
BARE = "acct_bare"
"""An account of whose exchanges nothing is known but their time."""
_BARE_ROWS = 30
_TEAM = 6
"""Accounts that are given one system text: one more than makes a passage."""


def write_traffic(folder: Path) -> Path:
    """Simulate the smallest demo."""
    simulate("demo", out=folder / "traffic", scale=0.02, seed=5, output=Output("jsonl"))
    return folder / "traffic"


def read_arrivals(traffic: Path) -> pl.DataFrame:
    """Read the exchanges of every fifth account or so, with their text."""
    settings = IngestSettings()
    chunks = read_chunks(find_traffic(traffic), settings=settings)
    parts = [parse_chunk(chunk, settings=settings, key=KEY).arrivals for chunk in chunks]
    everybody = pl.concat([ARRIVAL.empty(), *parts])
    some = everybody["account_id"].unique().sort().gather_every(len(everybody) // EXCHANGES)
    return everybody.filter(pl.col("account_id").is_in(some.implode()))


def observe(arrivals: pl.DataFrame) -> pl.DataFrame:
    """Observe them beside a bare account, and number them in a type that every engine has."""
    observed = observe_arrivals(name_team(arrivals), key=KEY, model=load_tactics())
    known = ("exchange_id", "time", "hour", "record_hash", "source_file", "source_line")
    bare = observed.head(_BARE_ROWS).select(known).with_columns(account_id=pl.lit(BARE))
    both = pl.concat([observed, OBSERVED.conform(bare)])
    return both.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def name_team(arrivals: pl.DataFrame) -> pl.DataFrame:
    """Give a few accounts one system text, so that such a passage is there."""
    team = arrivals["account_id"].unique().sort().head(_TEAM)
    one_text = (
        pl.when(pl.col("account_id").is_in(team.implode()))
        .then(pl.lit("You answer for the team."))
        .otherwise("system")
        .alias("system")
    )
    return arrivals.with_columns(one_text)


def texts(arrivals: pl.DataFrame) -> pa.Table:
    """Give the texts, after some that are null, empty, of one word, or in another script."""
    odd = pl.DataFrame(
        {
            "system": [None, "", "one", "a system text of seven words here"],
            "prompt": [None, "", "word", "Dr. Øre \u4e2d\u6587 \U0001f600 " * 50],
            "response": [None, "", "word", "a much longer answer " * 30],
        }
    )
    return pl.concat([odd, arrivals.select(odd.columns)]).to_arrow()
