"""What is known beside the traffic, put together from the readings of several ingests.

Between `register` and a lake: reads stored `REGISTER`, `GRANT` and `LAUNCH` rows with the number of
their ingest, gives one table each, as `read_register` would from all files at once. Of two rows of
one account the one whose status changed later stays, and where that tells nothing, the later
ingest's: a register is a snapshot, and the last one is right. Permissions are those of the last
ingest that brought a permissions file, all of them: one that is missing there was withdrawn. Of a
model the first release stays. Where there is a ledger, what it says on permissions goes before what
files said, by one rule: `join_grants`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from stillwatch.domain.tables import GRANT, LAUNCH, REGISTER

INGEST: Final = "ingest"
"""Column that numbers the ingest of a stored row."""
SAID: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "permission_id": pl.String,
    "is_in_force": pl.Boolean,
    "is_revoked": pl.Boolean,
    "number": pl.Int64,
    **GRANT.schema,
}
"""What a ledger has said on permissions; the higher `number` was said later."""
_BOUNDS: Final = ("valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class JoinedGrants:
    """The permissions that count, and where they came from."""

    grants: pl.DataFrame
    """GRANT"""
    ingested: pl.DataFrame
    """GRANT: those of them that were ingested."""
    said: pl.DataFrame
    """SAID: those of them that the ledger has in force, by id."""
    set_aside: int
    """Ingested ones of which a holder was taken out, since the ledger speaks for it."""


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


def join_grants(ingested: pl.DataFrame, *, said: pl.DataFrame) -> JoinedGrants:
    """Put together what was ingested and what a ledger says, as of one instant.

    One rule: for an account, or an organisation, and a scope the ledger speaks alone where it has a
    permission in force, or where the last one that it had was revoked. Where it has said nothing,
    or what it said has merely run out, what was ingested counts.

    Grain:   `said` is SAID, one row a permission, ended ones too; GRANT comes out.
    Nulls:   what the ledger has in force is in force: its bounds come out open, so that a window
             whose last exchange is older than the permission is covered too.
    """
    spoken = {name: _spoken_for(said, name) for name in ("account_id", "org_id")}
    silenced = {
        name: pl.struct(name, "scope").is_in(words.to_struct().implode())
        & pl.col(name).is_not_null()
        for name, words in spoken.items()
    }
    left = ingested.with_columns(
        *(pl.when(~hit).then(pl.col(name)).alias(name) for name, hit in silenced.items()),
        hit=pl.any_horizontal(*silenced.values()),
    )
    kept = left.filter(pl.any_horizontal(pl.col("account_id", "org_id").is_not_null()))
    own = said.filter("is_in_force").sort("permission_id")
    unbounded = own.with_columns(pl.lit(None, GRANT.schema[n]).alias(n) for n in _BOUNDS)
    grants = pl.concat([GRANT.conform(kept), GRANT.conform(unbounded)]).sort(pl.all())
    return JoinedGrants(grants, GRANT.conform(kept), own, int(left["hit"].sum()))


def _spoken_for(said: pl.DataFrame, holder: str) -> pl.DataFrame:
    """Give the holders and scopes for which a ledger speaks alone."""
    last = pl.col("number") == pl.col("number").max().over(holder, "scope")
    speaks = pl.col("is_in_force") | (last & pl.col("is_revoked"))
    return said.drop_nulls(holder).filter(speaks).select(holder, "scope").unique()


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
