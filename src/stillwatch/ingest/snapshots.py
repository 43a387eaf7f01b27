"""What is known beside the traffic, put together from the readings of several ingests.

Between `register` and a lake: reads stored `REGISTER`, `GRANT` and `LAUNCH` rows with the number of
their ingest, gives one table each, as `read_register` would from all files at once. Of two rows of
one account the one whose status changed later stays, and where that tells nothing, the later
ingest's: a register is a snapshot, and the last one is right. Permissions are those of the last
ingest that brought a permissions file, all of them: one that is missing there was withdrawn. Of a
model the first release stays.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.domain.tables import GRANT, LAUNCH, REGISTER

INGEST: Final = "ingest"
"""Column that numbers the ingest of a stored row."""


def merge_registers(stored: pl.DataFrame, *, states_org_verified: bool) -> pl.DataFrame:
    """Give the register as it is now.

    Grain:   one REGISTER row per account. Order: by account id.
    `stored` is REGISTER with `ingest`. Where no register ever stated which organisations are
    verified, they are those all of whose accounts are, now.
    """
    ordered = stored.sort(
        "account_id", "status_changed_at", INGEST, descending=[False, True, True], nulls_last=True
    )
    latest = ordered.unique("account_id", keep="first", maintain_order=True)
    if not states_org_verified:
        unstated = latest.with_columns(org_verified=pl.lit(None, pl.Boolean))
        latest = latest.with_columns(verify_organisations(unstated))
    return REGISTER.conform(latest).sort("account_id")


def pick_changed(register: pl.DataFrame, *, known: pl.DataFrame) -> pl.DataFrame:
    """Give the rows of a reading that say something new.

    Grain:   REGISTER rows. Order: as read. A register of which nothing has changed adds nothing.
    """
    names = [name for name in REGISTER.columns if name != "org_verified"]
    return register.join(known, on=names, how="anti", nulls_equal=True, maintain_order="left")


def latest_grants(stored: pl.DataFrame, *, ingest: int | None) -> pl.DataFrame:
    """Give the permissions of the last ingest that brought any file of them.

    Grain:   one GRANT row per permission. Order: by its columns. Nulls: no such ingest, no row.
    """
    picked = stored.filter(pl.col(INGEST) == (ingest or 0))
    return GRANT.conform(picked).sort(pl.all())


def first_launches(stored: pl.DataFrame) -> pl.DataFrame:
    """Give the first release of each model.

    Grain:   one LAUNCH row per model. Order: by model.
    """
    first = stored.sort("model", "released_at").unique("model", keep="first", maintain_order=True)
    return LAUNCH.conform(first)


def verify_organisations(accounts: pl.DataFrame) -> pl.Series:
    """Say whether each account's organisation counts: as stated, else where all are verified.

    Grain:   one Boolean per account. Nulls: without an organisation, null.
    """
    if accounts["org_verified"].is_not_null().any():
        return accounts["org_verified"]
    all_verified = pl.col("verified").fill_null(value=False).all().over("org_id")
    told = pl.when(pl.col("org_id").is_not_null()).then(all_verified)
    return accounts.select(told.alias("org_verified")).to_series()
