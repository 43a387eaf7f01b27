"""What *observe* tells beside `OBSERVED` and `TRAIT`: the template book, and requests that recur.

The tables of the template book say what templates there are, who sends them and how they are
spread, day by day; a `template_id` is 16 hexadecimal digits, and stays a template's own. `ECHO` and
`WATCHED` say which requests came again from another account: *link* and judging read them. No text,
and no hash that could be tested without the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from stillwatch.domain.schema import UTC_TIME, Column, Table

_S, _I, _F = pl.String, pl.Int64, pl.Float64
_ID: Final = Column(_S, "identifier: 16 hexadecimal digits", nullable=False)
_PLACE: Final = Column(_S, "where it stands", nullable=False, values=("system", "prompt"))

COVARIATES: Final = ("signup_age", "signup_week", "network", "payment", "country", "batch")
"""What the spread of a template's accounts is looked at in: older or younger than half of the
population, week of sign-up, main network, payment instrument, its country, day of sign-up and
country together (cards that were bought together)."""
READINGS: Final = ("public", "cohort", "mixed", "open")
"""What the spread says: as wide as the population, in one cohort, both, or too few accounts."""


def _c(dtype: pl.DataType | type[pl.DataType], says: str) -> Column:
    return Column(dtype, says)


def _r(dtype: pl.DataType | type[pl.DataType], says: str, *values: str) -> Column:
    return Column(dtype, says, nullable=False, values=values)


TEMPLATE_BOOK: Final = Table(
    "template_book",
    "one template that was seen and is not forgotten",
    {
        "template_id": _ID,
        "place": _PLACE,
        "hashes": _r(pl.List(_I), "its shingles, a bounded sample, ascending"),
        "weights": _r(pl.List(_F), "of each: share of its accounts that sent it, halved a day"),
        "first_seen_at": _r(UTC_TIME, "first exchange that carried it"),
        "last_seen_at": _r(UTC_TIME, "last exchange that carried it"),
        "days": _r(_I, "days on which it was seen"),
    },
)

TEMPLATE_COVER: Final = Table(
    "template_cover",
    "one exchange and one template that it carries",
    {
        "row": _r(_I, "the exchange's number in this run"),
        "account_id": _r(_S, "account"),
        "time": _r(UTC_TIME, "instant of the request"),
        "place": _PLACE,
        "template_id": _ID,
        "coverage": _r(_F, "share of the text's sketch that is the template's, in (0, 1]"),
    },
)

TEMPLATE_FIGURES: Final = Table(
    "template_figures",
    "one template and the accounts that sent it",
    {
        "template_id": _ID,
        "place": _PLACE,
        "accounts": _r(_I, "accounts that sent it"),
        "actors": _r(_I, "the same, accounts of one verified organisation counted once"),
        "exchanges": _r(_I, "exchanges that carry it"),
        "coverage": _r(_F, "mean share of an exchange's text that it covers"),
        "first_seen_at": _r(UTC_TIME, "first exchange of these that carried it"),
        "last_seen_at": _r(UTC_TIME, "last one"),
        "age_days": _c(_F, "median age of its accounts when they first sent it, in days"),
        "signups": _r(pl.List(_I), "accounts by week of sign-up, from the first such week"),
        "signups_from": _c(pl.Date, "Monday of that week"),
        "cohort_p_value": _c(_F, "as many random accounts sit as much in one cohort"),
        "public_p_value": _c(_F, "they sit in a cohort, or the old ones don't send it"),
        "reading": _r(_S, "what these two say", *READINGS),
        "public_name": _c(_S, "public text of the list that it is part of"),
        "public_share": _c(_F, "share of its shingles that the text has, as estimated"),
    },
)

TEMPLATE_SPREAD: Final = Table(
    "template_spread",
    "one template and one thing that accounts can have in common",
    {
        "template_id": _ID,
        "place": _PLACE,
        "covariate": _r(_S, "what is looked at", *COVARIATES),
        "known": _r(_I, "its actors of whom it is known"),
        "values": _r(_I, "different values that they have"),
        "effective": _r(_F, "effective number of values: 1 / sum of squared shares"),
        "effective_random": _r(_F, "the same of as many random actors, on average"),
        "effective_low": _r(_F, "least effective number that is in keeping, at 95 %"),
        "top_share": _r(_F, "share of the actors with the value that stands out most"),
        "top_share_random": _r(_F, "share of the population that has it"),
        "cohort_p_value": _r(_F, "random actors share one value as much as these"),
        "public_p_value": _r(_F, "these share values by a margin more than random ones"),
    },
)

_ACCOUNT: Final = Column(_S, "identifier", nullable=False)


def _said(dtype: pl.DataType | type[pl.DataType], says: str) -> Column:
    return Column(dtype, says, nullable=False)


ECHO: Final = Table(
    "echo",
    "one watched request that another account sent again within the hour",
    {
        "row": _said(pl.Int64, "the watched exchange, as the run numbers it"),
        "echo_row": _said(pl.Int64, "the exchange that repeats it"),
        "account_id": _ACCOUNT,
        "echo_account_id": _ACCOUNT,
        "is_refused": _said(pl.Boolean, "it was refused; else it is a control, which was answered"),
        "lag_s": _said(pl.Float64, "seconds between the two"),
        "shared": _said(pl.Int64, "hashes that both texts hold and hardly any other does"),
        "holders": _said(pl.Int64, "exchanges of the run that hold the rarest of them"),
        "is_elsewhere": Column(
            pl.Boolean, "it came from another subnet with another client; null where not logged"
        ),
    },
)

WATCHED: Final = Table(
    "watched",
    "how many requests of an account were watched",
    {
        "account_id": _ACCOUNT,
        "refused": _said(pl.Int64, "refused ones: all of them"),
        "answered": _said(pl.Int64, "answered ones: a sample, chosen by a hash"),
        "exchanges": _said(pl.Int64, "all exchanges of the account"),
    },
)


@dataclass(frozen=True)
class Echoes:
    """What came again, and what was watched."""

    found: pl.DataFrame
    """ECHO."""
    watched: pl.DataFrame
    """WATCHED."""

    @classmethod
    def none(cls) -> Echoes:
        """Say nothing: a log without refused requests."""
        return cls(ECHO.empty(), WATCHED.empty())


LISTED: Final = ("passage", "hash", "template", "place")


@dataclass(frozen=True)
class Passages:
    """The passages of a run, and who carries them: shingles of prompts, templates of system texts.

    Of (exchange, passage) a run has many times more rows than of anything else: eight bytes each.
    """

    carried: pl.DataFrame
    """(row, passage), both UInt32: one row per exchange, by the run's number of it, and passage."""
    listed: pl.DataFrame
    """LISTED, hashes Int64: one row per passage, sorted by hash and place; its number is its place
    here. The template of a system text is a passage with the template's own hash."""

    @classmethod
    def number(cls, carried: pl.DataFrame, listed: pl.DataFrame) -> Passages:
        """Number passages by their hashes, and leave out what no exchange carries.

        carried: `row` and `passage`, each passage by any number below the rows of `listed`.
        listed:  a row a passage, as LISTED but for the number, in the order of these numbers.
        Cost:    two looks at the rows of `carried`.
        """
        old = carried["passage"].to_numpy()
        new = np.zeros(max(len(listed), 1), np.uint32)
        new[old] = 1
        order = listed.with_row_index("old").filter(new[: len(listed)] > 0).sort("hash", "place")
        new[order["old"].to_numpy()] = np.arange(len(order), dtype=np.uint32)
        return cls(
            carried.select(pl.col("row").cast(pl.UInt32), pl.Series("passage", new[old])),
            order.drop("old").with_row_index("passage").select(LISTED),
        )

    def spell_out(self) -> pl.DataFrame:
        """Say of each row what its passage is.

        Grain:   one row per row of `carried`: row, hash, template, place.
        Cost:    a row takes five times as much as in `carried`.
        """
        return self.carried.join(self.listed, on="passage").drop("passage")
