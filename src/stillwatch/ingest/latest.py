"""One row per account and per model: which of a reading's rows stays, pseudonymised.

The last step of `register`: checked `ACCOUNT` and `RELEASE` rows in, `REGISTER` and `LAUNCH` out.
Of two rows of one account the one whose status changed later stays, whichever file it stood in.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import ACCOUNT, LAUNCH, REGISTER
from stillwatch.ingest.pseudonymise import Name, hash_rows, pseudonymise_column
from stillwatch.ingest.records import TIMES
from stillwatch.ingest.snapshots import verify_organisations

_HASHED: Final = {
    "email_domain_hash": ("email_domain", Name.EMAIL_DOMAIN),
    "email_hash": ("email_hash", Name.EMAIL),
    "payment_hash": ("payment_fingerprint", Name.PAYMENT),
    "referrer_hash": ("referrer", Name.REFERRER),
}
_HASH: Final = "row_hash"


def settle_accounts(accounts: pl.DataFrame, *, key: PseudonymKey) -> pl.DataFrame:
    """Pseudonymise the accounts of a reading, one row each.

    Grain:   one REGISTER row per account. Nulls: an empty text is none. Order: by account id.
    """
    texts = [n for n, c in ACCOUNT.columns.items() if c.dtype == pl.String and n not in TIMES]
    named = accounts.with_columns(pl.when(pl.col(n) != "").then(n).alias(n) for n in texts)
    named = named.with_columns(pl.col("email_domain").str.to_lowercase())
    hashed = named.with_columns(
        pseudonymise_column(named[source], kind, key=key).alias(name)
        for name, (source, kind) in _HASHED.items()
    )
    one = _latest(hashed, key=key)
    return REGISTER.conform(one.with_columns(verify_organisations(one))).sort("account_id")


def _latest(accounts: pl.DataFrame, *, key: PseudonymKey) -> pl.DataFrame:
    """Keep of each account the row whose status changed last, else the smaller hash."""
    if accounts["account_id"].n_unique() == accounts.height:
        return accounts
    shared = [name for name in REGISTER.columns if name in accounts.columns]
    hashes = hash_rows(accounts.select(shared), Name.RECORD, key=key)
    ordered = accounts.with_columns(hashes.alias(_HASH)).sort(
        "account_id", "status_changed_at", _HASH, descending=[False, True, False], nulls_last=True
    )
    return ordered.unique("account_id", keep="first", maintain_order=True).drop(_HASH)


def settle_releases(releases: pl.DataFrame) -> pl.DataFrame:
    """Keep of each model its first release.

    Grain:   one LAUNCH row per model. Order: by model.
    """
    first = releases.sort("model", "released_at").unique("model", keep="first", maintain_order=True)
    return LAUNCH.conform(first)
