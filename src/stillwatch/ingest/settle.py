"""What only all records together can tell: times far from the rest, and which of two stays.

Of exchanges it reads five columns of every arrival, and writes a mask of those that stay. Of what
`register` has read and checked, `ACCOUNT` and `RELEASE` rows come in, `REGISTER` (pseudonymised)
and `LAUNCH` go out: of two rows of one account the one whose status changed later stays. The
outcome depends on the set of records alone: not on the order of rows, nor on how they were split
into files, but for which of two *identical* records is called the duplicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.errors import NothingToRead
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import LAUNCH, REGISTER
from stillwatch.ingest.pseudonymise import Name, hash_rows, pseudonymise_column
from stillwatch.ingest.records import TIMES
from stillwatch.ingest.snapshots import verify_organisations

FAR: Final = f"time more than {limits.DAYS_FROM_MEDIAN_MAX} days from the median"
DUPLICATE: Final = {"exchange_id": pl.String(), "file": pl.String(), "line": pl.Int64()}
_ROW: Final = "row"
_HASHED: Final = {
    "email_domain_hash": ("email_domain", Name.EMAIL_DOMAIN),
    "email_hash": ("email_hash", Name.EMAIL),
    "email_shape_hash": ("email_shape", Name.EMAIL_SHAPE),
    "payment_hash": ("payment_fingerprint", Name.PAYMENT),
    "payment_issuer_hash": ("payment_issuer", Name.PAYMENT_ISSUER),
    "payment_batch_hash": ("payment_batch", Name.PAYMENT_BATCH),
    "referrer_hash": ("referrer", Name.REFERRER),
}
_AS_WORDS: Final = ("email_shape", "payment_issuer", "payment_batch")
"""Names that people write: blanks around them and capitals are nothing."""
_HASH: Final = "row_hash"


@dataclass(frozen=True, slots=True)
class Settled:
    """What stays, and what does not: rows = kept + quarantine + duplicates."""

    kept: pl.Series
    """One Boolean per row observed, in its order."""
    quarantine: pl.DataFrame
    """`QUARANTINE` rows of far times."""
    duplicates: pl.DataFrame
    """One row per duplicate that was left out: exchange_id, file, line."""


def settle(
    observed: pl.DataFrame, *, names: Sequence[str], median: datetime | None = None
) -> Settled:
    """Settle which exchanges stay.

    Grain:   one mask value per row of `observed` (exchange_id, time, record_hash, source_file,
             source_line); `names` are the files that source_file counts. `median` is the time from
             which none may be far, where that is known better than from these few rows.
    Order:   the mask has the rows' order; what is listed is sorted by file and line.
    Cost:    one hash of the ids, sorted; the ids themselves only where hashes are equal.

    Raises:
        NothingToRead: there is not one row.
    """
    if observed.is_empty():
        raise NothingToRead(", ".join(names), looked_for="not one record can be read")
    rows = observed.with_row_index(_ROW)
    centre = median or observed["time"].sort()[(observed.height - 1) // 2]
    far = (pl.col("time") - centre).abs() > pl.duration(days=limits.DAYS_FROM_MEDIAN_MAX)
    distant = rows.filter(far)
    near = rows.filter(~far) if distant.height else rows
    repeated = _repeated(near)
    order = ["exchange_id", "record_hash", "source_file", "source_line"]
    later = repeated.sort(order).filter(~pl.col("exchange_id").is_first_distinct())
    out = pl.concat([distant[_ROW], later[_ROW]])
    kept = pl.repeat(value=True, n=observed.height, eager=True).scatter(out, values=False)
    return Settled(
        kept.alias("kept"),
        _placed(distant, names).select(
            "file", "line", reason=pl.lit(FAR), raw=pl.lit(None, pl.String)
        ),
        _placed(later, names).select(DUPLICATE.keys()),
    )


def _repeated(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows whose id occurs more than once, in their order.

    Sorted hashes tell in a quarter of the time that nearly all ids are alone; the rest are compared
    as they are, so that two ids with one hash stay two ids.
    """
    hashes = rows["exchange_id"].hash()
    ascending = np.sort(hashes.to_numpy())
    met_again = ascending[1:][ascending[1:] == ascending[:-1]]
    near = rows.filter(hashes.is_in(pl.Series(met_again).implode()))
    return near.filter(pl.col("exchange_id").is_duplicated())


def settle_nothing() -> Settled:
    """Settle no exchange at all, where that is no fault: every record was refused.

    Grain:   empty tables.
    """
    empty = pl.DataFrame(schema={"file": pl.String(), "line": pl.Int64()})
    return Settled(
        pl.Series("kept", [], pl.Boolean),
        empty.with_columns(reason=pl.lit(FAR), raw=pl.lit(None, pl.String)),
        pl.DataFrame(schema=DUPLICATE),
    )


def _placed(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Name the file and the line of each row, in that order."""
    return (
        rows.sort("source_file", "source_line", "exchange_id")
        .with_columns(
            file=pl.col("source_file").replace_strict(
                dict(enumerate(names)), return_dtype=pl.String
            ),
            line="source_line",
        )
        .with_columns(pl.col("line").cast(pl.Int64))
    )


def settle_accounts(accounts: pl.DataFrame, *, key: PseudonymKey) -> pl.DataFrame:
    """Pseudonymise the accounts of a reading, one row each.

    Grain:   one REGISTER row per account. Nulls: an empty text is none. Order: by account id.
    """
    texts = [n for n, t in accounts.schema.items() if t == pl.String and n not in TIMES]
    plain = accounts.with_columns(
        pl.col("email_domain").str.to_lowercase(),
        pl.col(_AS_WORDS).str.strip_chars().str.to_lowercase(),
    )
    named = plain.with_columns(pl.when(pl.col(n) != "").then(n).alias(n) for n in texts)
    hashed = named.with_columns(
        pseudonymise_column(named[source], kind, key=key).alias(name)
        for name, (source, kind) in _HASHED.items()
    )
    one = _latest(hashed, key=key)
    return REGISTER.conform(one.with_columns(verify_organisations(one))).sort("account_id")


def _latest(accounts: pl.DataFrame, *, key: PseudonymKey) -> pl.DataFrame:
    """Keep of each account the row whose status changed last, else the smaller hash.

    Columns that came later decide last, so that without them the row stays that always stayed.
    """
    if accounts["account_id"].n_unique() == accounts.height:
        return accounts
    shared = [n for n in REGISTER.columns if n in accounts.columns and n not in REGISTER.later]
    hashes = hash_rows(accounts.select(shared), Name.RECORD, key=key)
    order = {"account_id": False, "status_changed_at": True, _HASH: False}
    order |= dict.fromkeys(REGISTER.later, False)
    ordered = accounts.with_columns(hashes.alias(_HASH)).sort(
        *order, descending=list(order.values()), nulls_last=True
    )
    return ordered.unique("account_id", keep="first", maintain_order=True).drop(_HASH)


def settle_releases(releases: pl.DataFrame) -> pl.DataFrame:
    """Keep of each model its first release.

    Grain:   one LAUNCH row per model. Order: by model.
    """
    first = releases.sort("model", "released_at").unique("model", keep="first", maintain_order=True)
    return LAUNCH.conform(first)
