"""Whose do the accounts of a group say that they are, and who pays? The register's word.

Used by judging: reads the register, gives two shares per group. A value that many strangers hold
(a public mail provider's domain) declares nobody's ownership. A card declares nobody either, but a
group that one card pays for may be one customer with several keys, and is compared with such.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from stillwatch.detect.traffic import I64

_ORGANISATION = "org_id"
_OWNERS = (_ORGANISATION, "email_domain_hash")
"""What says who somebody is. A card says who pays, and costs nobody a name: an operator who pays
for everything with one would be compared with customers who have signed for theirs."""
_STRANGERS_MAX = 0.005
"""Share of the accounts outside a group that may hold a value for it to declare an owner; more
may, where most of its holders are in the group: it is then a part of that owner's accounts."""
PAID_ACCOUNTS_MAX = 100
"""Accounts that one instrument pays for at most where they may be one customer's keys: two and a
half times the largest such customer of the lab. Above it, whoever let them sign up should know."""
_PAYMENT = "payment_hash"
UNKNOWN = float("nan")


class Owners:
    """The declared owners of every account of a run."""

    def __init__(self, register: pl.DataFrame, *, active: Sequence[str]) -> None:
        """Take the register's rows of accounts that sent anything."""
        known = register.join(pl.DataFrame({"account_id": list(active)}), on="account_id")
        self._columns = [c for c in _OWNERS if known[c].null_count() < len(known)]
        self._known = known.select("account_id", *self._columns)
        paying = known.select("account_id", _PAYMENT).drop_nulls()
        few = pl.len().over(_PAYMENT) <= PAID_ACCOUNTS_MAX
        self._paying = paying.with_columns(pl.when(few).then(_PAYMENT))
        self._everywhere = {
            c: known.drop_nulls(c).group_by(c).agg(pl.len().alias("everywhere"))
            for c in self._columns
        }

    def measure_share(self, members: Sequence[str]) -> float:
        """Give the largest share of a group under one declared owner.

        Units:   share of the members that the register knows; nan where it knows none of them.
        """
        own = self._known.join(pl.DataFrame({"account_id": list(members)}), on="account_id")
        if not len(own) or not self._columns:
            return UNKNOWN
        outside = max(len(self._known) - len(own), 1)
        best = 0
        for column in self._columns:
            held = own.drop_nulls(column).group_by(column).agg(pl.len().alias("inside"))
            strangers = pl.col("everywhere") - pl.col("inside")
            rare = held.join(self._everywhere[column], on=column).filter(
                (strangers <= _STRANGERS_MAX * outside) | (strangers <= pl.col("inside"))
            )
            most = rare["inside"].max()
            best = max(best, most if isinstance(most, int) else 0)
        return best / len(own)

    def measure_paid(self, members: Sequence[str]) -> float:
        """Give the largest share of a group that one instrument pays for, of few accounts in all.

        Units:   share of the members whose instrument is known; nan where none is, unless the group
                 is too large for any one customer's keys to be half of it.
        """
        own = self._paying.join(pl.DataFrame({"account_id": list(members)}), on="account_id")
        if not len(own):
            return 0.0 if len(members) > 2 * PAID_ACCOUNTS_MAX else UNKNOWN
        most = own.drop_nulls(_PAYMENT).group_by(_PAYMENT).len()["len"].max()
        return (most if isinstance(most, int) else 0) / len(own)

    def number(self, accounts: Sequence[str]) -> I64:
        """Number whose accounts are, by all that says it: organisation, mail domain, instrument.

        Grain:   a row for each of the three that the register has, a column for each account; -1
                 where nothing is known, and of a value that too many hold to be one customer's.
        """
        known = self._known.join(self._paying, on="account_id", how="left")
        most = {_ORGANISATION: len(known), _PAYMENT: PAID_ACCOUNTS_MAX}
        held = known.select(
            "account_id",
            *(
                pl.when(pl.len().over(column) <= most.get(column, _STRANGERS_MAX * len(known)))
                .then(pl.col(column).rank("dense").cast(pl.Int64))
                .alias(column)
                for column in (*self._columns, _PAYMENT)
            ),
        ).unique("account_id", keep="first", maintain_order=True)
        named = pl.DataFrame({"account_id": list(accounts)}, schema={"account_id": pl.String})
        found = named.join(held, on="account_id", how="left", maintain_order="left")
        return found.drop("account_id").fill_null(-1).to_numpy().T
