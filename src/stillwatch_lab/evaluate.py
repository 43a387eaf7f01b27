"""Evaluate a result against the truth: who was found, who was accused, and in how many pieces.

Reads a result directory's `accounts` and `exchanges` and a traffic directory's `truth/`; counts as
CONTRACT.md, section 4, says, and nothing else decides what a figure means. Absent: everything that
isn't counted there (intervals and calibration come with the full lab).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from stillwatch.domain.errors import InputError, NotAResult
from stillwatch.domain.results import VERDICTS

FOUND: Final = "fraudulent"
SUSPECTED: Final = ("fraudulent", "suspect")
GUILTY: Final = "fraud"
UNKNOWN: Final = "unknown"
"""Role of an account in a result that the truth doesn't name."""
MEMBERSHIP_MIN: Final = 0.5
"""Membership from which an exchange counts as found. CONTRACT.md, section 4."""


@dataclass(frozen=True, slots=True)
class CampaignScore:
    """How one true campaign was found."""

    campaign: str
    heads: int
    """Accounts of it that sent anything."""
    found: int
    recall: float | None
    recall_at_suspect: float | None
    purity: float | None
    """Of the accounts found under its main campaign id: the share that is of this campaign."""
    in_one_piece: float | None
    """The largest share of its found accounts that carry one campaign id."""
    pieces: int
    exchange_recall: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All counts. A ratio of nothing is None."""

    fraud_accounts: int
    account_recall: float | None
    account_recall_at_suspect: float | None
    called_fraudulent: int
    false_accounts: int
    false_share: float | None
    """False accounts over all that were called fraudulent."""
    false_by_role: dict[str, int]
    exchange_recall: float | None
    exchange_precision: float | None
    campaigns: tuple[CampaignScore, ...]
    verdicts_by_role: dict[str, dict[str, int]]

    def to_json(self) -> str:
        """Write the evaluation as one JSON object."""
        return json.dumps(asdict(self), indent=2)


def evaluate(result: Path, *, truth: Path) -> Evaluation:
    """Count a result directory against the truth of the traffic that it was made of.

    Raises:
        NotAResult: a file of the result is missing.
        InputError: a file of the truth is missing.
    """
    roles = _read_truth(truth / "accounts.csv")
    harvest = _read_truth(truth / "exchanges.csv").drop_nulls("campaign")
    accounts = _read_result(result, "accounts.parquet")
    exchanges = _read_result(result, "exchanges.parquet")
    judged = _join_verdicts(roles, accounts)
    found = exchanges.filter(pl.col("membership") >= MEMBERSHIP_MIN).select("exchange_id").unique()
    hits = harvest.join(found, on="exchange_id", how="semi")
    guilty = judged.filter(role=GUILTY)
    called = judged.filter(verdict=FOUND)
    false = called.filter(pl.col("role") != GUILTY)
    names = guilty["campaign"].drop_nulls().unique().sort().to_list()
    return Evaluation(
        fraud_accounts=guilty.height,
        account_recall=_ratio(guilty.filter(verdict=FOUND).height, guilty.height),
        account_recall_at_suspect=_ratio(_suspected(guilty), guilty.height),
        called_fraudulent=called.height,
        false_accounts=false.height,
        false_share=_ratio(false.height, called.height),
        false_by_role=_count_by(false, "role"),
        exchange_recall=_ratio(hits.height, harvest.height),
        exchange_precision=_ratio(hits.height, found.height),
        campaigns=tuple(_score_campaign(name, judged, harvest, hits) for name in names),
        verdicts_by_role={
            str(role): _count_by(rows, "verdict")
            for (role,), rows in sorted(judged.group_by("role"), key=str_key)
        },
    )


def str_key(group: tuple[tuple[Any, ...], pl.DataFrame]) -> str:
    """Sort groups by their name."""
    return str(group[0][0])


def _read_truth(path: Path) -> pl.DataFrame:
    if not path.is_file():
        message = f"{path} is missing"
        raise InputError(message, hint="`stillwatch simulate` writes it under DIR/truth")
    text = {"account_id": pl.String, "exchange_id": pl.String, "campaign": pl.String}
    header = pl.read_csv(path, n_rows=0, infer_schema=False).columns
    known = {name: kind for name, kind in text.items() if name in header}
    return pl.read_csv(path, schema_overrides=known, infer_schema_length=None)


def _read_result(result: Path, name: str) -> pl.DataFrame:
    if not (result / name).is_file():
        raise NotAResult(str(result), missing=name)
    return pl.read_parquet(result / name)


def _join_verdicts(roles: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Put truth and verdict side by side, for accounts that sent anything.

    Grain:   one row per account. An account of the truth that sent something (`exchanges` above 0,
             where the truth has that column) but is in no result counts as `clear`; without the
             column, the result says who sent anything.
    """
    judged = accounts.select("account_id", "verdict", found_id="campaign_id")
    sent = (
        pl.col("exchanges") > 0 if "exchanges" in roles.columns else pl.col("verdict").is_not_null()
    )
    joined = roles.join(judged, on="account_id", how="left").filter(
        sent | pl.col("verdict").is_not_null()
    )
    strangers = judged.join(roles, on="account_id", how="anti").with_columns(
        role=pl.lit(UNKNOWN), campaign=pl.lit(None, pl.String)
    )
    columns = ["account_id", "role", "campaign", "verdict", "found_id"]
    known = joined.select(columns).with_columns(pl.col("verdict").fill_null("clear"))
    return pl.concat([known, strangers.select(columns)], how="vertical_relaxed")


def _score_campaign(
    name: str, judged: pl.DataFrame, harvest: pl.DataFrame, hits: pl.DataFrame
) -> CampaignScore:
    heads = judged.filter(role=GUILTY, campaign=name)
    found = heads.filter(verdict=FOUND)
    pieces = found["found_id"].drop_nulls().value_counts(sort=True).sort(
        ["count", "found_id"], descending=[True, False]
    )  # fmt: skip
    main = pieces["found_id"][0] if pieces.height else None
    largest = int(pieces["count"][0]) if pieces.height else 0
    under_main = judged.filter(verdict=FOUND, found_id=main).height if main else 0
    return CampaignScore(
        campaign=name,
        heads=heads.height,
        found=found.height,
        recall=_ratio(found.height, heads.height),
        recall_at_suspect=_ratio(_suspected(heads), heads.height),
        purity=_ratio(largest, under_main),
        in_one_piece=_ratio(largest, found.height),
        pieces=pieces.height,
        exchange_recall=_ratio(
            hits.filter(campaign=name).height, harvest.filter(campaign=name).height
        ),
    )


def _suspected(accounts: pl.DataFrame) -> int:
    return accounts.filter(pl.col("verdict").is_in(SUSPECTED)).height


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _count_by(frame: pl.DataFrame, column: str) -> dict[str, int]:
    counts = dict(frame[column].value_counts().iter_rows())
    known = [*VERDICTS, *sorted(set(counts) - set(VERDICTS))]
    return {name: counts[name] for name in known if name in counts}
