"""One incident as tables: what the result says and what the truth says, side by side.

Reads a result directory's `accounts`, `exchanges` and `campaigns` and a traffic directory's
`truth/`; gives a `Case`. The one idea: the only module that opens a file for counting, so that
everything behind it is tried on tables made by hand. Absent: any count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.domain.errors import InputError, NotAResult

UNKNOWN: Final = "unknown"
"""Role of an account in a result that the truth doesn't name."""
_TRUE_WORDS: Final = ("true", "1", "yes")
_TEXT: Final[tuple[str, ...]] = (
    "account_id",
    "exchange_id",
    "role",
    "campaign",
    "replaces",
    "group",
    "pivots",
)
"""Columns of the truth that are text, whatever they look like."""
_ACCOUNTS: Final = {
    "account_id": pl.String,
    "verdict": pl.String,
    "campaign_id": pl.String,
    "probability": pl.Float64,
    "predecessor_account_id": pl.String,
    "group_id": pl.String,
}
_ROLES: Final = {
    "account_id": pl.String,
    "role": pl.String,
    "campaign": pl.String,
    "replaces": pl.String,
    "group": pl.String,
}
_EXCHANGES: Final = {
    "exchange_id": pl.String,
    "account_id": pl.String,
    "campaign_id": pl.String,
    "membership": pl.Float64,
}
_CAMPAIGNS: Final = {"campaign_id": pl.String, "pivot_q_value": pl.Float64}


@dataclass(frozen=True, slots=True)
class Case:
    """One incident: a result beside its truth."""

    incident: str
    judged: pl.DataFrame
    """One account that sent anything: account_id, role, campaign, replaces, group, verdict,
    probability, found_id (its campaign in the result), predecessor_account_id and group_id (of
    tied accounts, in the result; `group` is the truth's)."""
    harvest: pl.DataFrame
    """One exchange that the truth calls harvest: exchange_id, campaign."""
    exchanges: pl.DataFrame
    """One exchange of the result: exchange_id, account_id, campaign_id, membership."""
    found: pl.DataFrame
    """One campaign of the result: campaign_id, pivot_q_value."""
    knows_successors: bool
    turned: dict[str, bool]
    """True campaigns of which the truth says whether they turned to a release."""


def read_case(result: Path, *, truth: Path, incident: str | None = None) -> Case:
    """Read a result and its truth.

    Raises:
        NotAResult: a file of the result is missing.
        InputError: a file of the truth is missing or lacks a column.
    """
    roles = _read_truth(truth / "accounts.csv", needs=("account_id", "role", "campaign"))
    harvest = _read_truth(truth / "exchanges.csv", needs=("exchange_id", "campaign"))
    return make_case(
        incident or result.resolve().name,
        roles=roles,
        harvest=harvest,
        accounts=_read_result(result, "accounts.parquet"),
        exchanges=_read_result(result, "exchanges.parquet"),
        campaigns=_read_campaigns(result / "campaigns.parquet"),
        turned=_read_turned(truth / "campaigns.csv"),
    )


def make_case(  # noqa: PLR0913  a table each
    incident: str,
    *,
    roles: pl.DataFrame,
    harvest: pl.DataFrame,
    accounts: pl.DataFrame,
    exchanges: pl.DataFrame,
    campaigns: pl.DataFrame | None = None,
    turned: dict[str, bool] | None = None,
) -> Case:
    """Put the tables of a truth and of a result side by side.

    Nulls:   a column that a table lacks is null, and what rests on it is not scored.
    """
    return Case(
        incident=incident,
        judged=_join_verdicts(roles, _conform(accounts, _ACCOUNTS)),
        harvest=harvest.select(pl.col("exchange_id", "campaign").cast(pl.String))
        .drop_nulls()
        .unique("exchange_id", keep="first", maintain_order=True),
        exchanges=_conform(exchanges, _EXCHANGES).unique(
            "exchange_id", keep="first", maintain_order=True
        ),
        found=_conform(pl.DataFrame() if campaigns is None else campaigns, _CAMPAIGNS),
        knows_successors="replaces" in roles.columns,
        turned=turned or {},
    )


def _conform(frame: pl.DataFrame, schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    if not frame.width:
        return pl.DataFrame(schema=schema)
    return frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
    )


def _read_truth(path: Path, *, needs: tuple[str, ...]) -> pl.DataFrame:
    if not path.is_file():
        message = f"{path} is missing"
        raise InputError(message, hint="`stillwatch simulate` writes it under DIR/truth")
    try:
        header = pl.read_csv(path, n_rows=0, infer_schema=False).columns
        known = {name: pl.String for name in _TEXT if name in header}
        frame = pl.read_csv(path, schema_overrides=known, infer_schema_length=None)
    except pl.exceptions.PolarsError as wrong:
        message = f"{path} is no CSV table: {str(wrong).splitlines()[0]}"
        raise InputError(message) from wrong
    lacking = [name for name in needs if name not in header]
    if lacking:
        message = f"{path} has no column {', '.join(lacking)}"
        raise InputError(message, hint=f"its columns are at least {', '.join(needs)}")
    return frame.with_columns(pl.col(pl.String).replace("", None))  # some writers quote nothing


def _read_turned(path: Path) -> dict[str, bool]:
    """Read who turned to a release; a truth without the file says nothing about it."""
    if not path.is_file():
        return {}
    rows = _read_truth(path, needs=("campaign", "pivots")).select("campaign", "pivots").drop_nulls()
    return {name: word.strip().lower() in _TRUE_WORDS for name, word in rows.iter_rows()}


def _read_result(result: Path, name: str) -> pl.DataFrame:
    if not (result / name).is_file():
        raise NotAResult(str(result), missing=name)
    return pl.read_parquet(result / name)


def _read_campaigns(path: Path) -> pl.DataFrame | None:
    return pl.read_parquet(path) if path.is_file() else None


def _join_verdicts(roles: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Put truth and verdict side by side, for accounts that sent anything.

    Grain:   one row per account. An account of the truth that sent something (`exchanges` above 0,
             where the truth has that column) but is in no result counts as `clear`; without the
             column, the result says who sent anything.
    """
    said = accounts.rename({"campaign_id": "found_id"})
    was_judged = pl.col("verdict").is_not_null()
    sent = pl.col("sent") > 0 if "exchanges" in roles.columns else was_judged
    counts = [pl.col("exchanges").alias("sent")] if "exchanges" in roles.columns else []
    known = _conform(roles, _ROLES).with_columns(roles.select(counts))
    joined = known.join(said, on="account_id", how="left").filter(sent | was_judged)
    strangers = said.join(known, on="account_id", how="anti").with_columns(role=pl.lit(UNKNOWN))
    both = pl.concat([joined.drop("sent", strict=False), strangers], how="diagonal")
    return both.with_columns(
        pl.col("verdict").fill_null("clear"), pl.col("role").fill_null(UNKNOWN)
    )
