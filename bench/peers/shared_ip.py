"""Peer: connected components of accounts that share an address, scored by their size.

Its settings: the most accounts that an address may have to count (a VPN or a campus joins
thousands), and the least share of an account's exchanges that come from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

import polars as pl
from traffic import run_adapter, scan_exchanges, tell_components

HOLDERS_MOST: Final = (3, 10, 30, 100, 300, 1_000, 10**9)
SHARE_LEAST: Final = (0.0, 0.1)


def join_by_address(traffic: Path) -> Iterator[pl.DataFrame]:
    """Give the components under every setting."""
    held = (
        scan_exchanges(traffic)
        .filter(pl.col("ip").is_not_null())
        .group_by("account_id", "ip")
        .len()
        .collect()
        .with_columns(share=pl.col("len") / pl.col("len").sum().over("account_id"))
    )
    accounts = held["account_id"].unique().sort()
    place = pl.DataFrame({"account_id": accounts}).with_row_index("account")
    held = held.join(place, on="account_id").with_columns(pl.col("account").cast(pl.Int64))
    for most, least in product(HOLDERS_MOST, SHARE_LEAST):
        kept = held.filter(pl.col("share") >= least)
        kept = kept.filter(pl.len().over("ip").is_between(2, most))
        kept = kept.with_columns(first=pl.col("account").min().over("ip"))
        name = f"addresses of {most if most < 10**9 else 'any number of'} accounts at most"
        setting = f"{name}, {least:.0%} of their exchanges"
        yield tell_components(
            setting, accounts, kept["first"].to_numpy(), kept["account"].to_numpy()
        )


if __name__ == "__main__":
    run_adapter(join_by_address)
