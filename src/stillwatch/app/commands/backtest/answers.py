"""What is known of accounts afterwards, for a backtest to count against; never for a detector.

Two sources: the lab's truth (`truth/accounts.csv`: account_id, role; `fraud` is guilty, every other
role is innocent), and dispositions, an analyst's answers (CSV or JSON lines: account_id,
disposition; `fraudulent` or `innocent`, other words are no answer). The one module of the product
that may read the truth: a test holds every other to that, and the commands that find campaigns to
not importing this one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import polars as pl
import typer

from stillwatch.decide.backtest import ANSWER
from stillwatch.domain.errors import InputError

TruthDirectory = Annotated[
    Path | None,
    typer.Option("--truth", metavar="DIR", help="Truth of simulated traffic: DIR/accounts.csv."),
]
Dispositions = Annotated[
    Path | None,
    typer.Option(
        "--dispositions", metavar="FILE", help="Analysts' answers: account_id, disposition."
    ),
]
EXAMPLE: Final = "stillwatch backtest house.yaml --lake lake/ --daily --truth traffic/truth"
_FILE: Final = "accounts.csv"
_FOLDER: Final = "truth"
_GUILTY_ROLE: Final = "fraud"
_DISPOSITIONS: Final = {"innocent": True, "fraudulent": False}


def read_answers(simulated: Path | None, *, dispositions: Path | None) -> pl.DataFrame:
    """Read what is known of accounts; of both sources, dispositions come first.

    Grain:   one ANSWER row per account with an answer.

    Raises:
        InputError: a file is missing, no table, or lacks a column.
    """
    parts = [ANSWER.empty()]
    if dispositions is not None:
        parts.append(_read_dispositions(dispositions))
    if simulated is not None:
        parts.append(_read_roles(simulated))
    return pl.concat(parts).unique("account_id", keep="first", maintain_order=True)


def _read_roles(place: Path) -> pl.DataFrame:
    inside = place / _FOLDER / _FILE
    rows = _read(inside if inside.is_file() else place / _FILE, needs=("account_id", "role"))
    known = rows.drop_nulls(["account_id", "role"])
    return ANSWER.conform(known.with_columns(is_innocent=pl.col("role") != _GUILTY_ROLE))


def _read_dispositions(path: Path) -> pl.DataFrame:
    rows = _read(path, needs=("account_id", "disposition")).drop_nulls("account_id")
    word = pl.col("disposition").cast(pl.String).str.strip_chars().str.to_lowercase()
    known = rows.with_columns(
        is_innocent=word.replace_strict(
            list(_DISPOSITIONS), list(_DISPOSITIONS.values()), default=None, return_dtype=pl.Boolean
        ),
        role=word,
    )
    return ANSWER.conform(known.drop_nulls("is_innocent"))


def _read(path: Path, *, needs: tuple[str, ...]) -> pl.DataFrame:
    try:
        if path.suffix == ".csv":
            frame = pl.read_csv(path, infer_schema=False)
        else:
            schema = dict.fromkeys(needs, pl.String)
            frame = pl.read_ndjson(path, schema_overrides=schema)
    except (OSError, pl.exceptions.PolarsError) as wrong:
        message = f"{path} is no table: {str(wrong).splitlines()[0]}"
        raise InputError(message, hint=f"its columns are at least {', '.join(needs)}") from wrong
    lacking = [name for name in needs if name not in frame.columns]
    if lacking:
        message = f"{path} has no column {', '.join(lacking)}"
        raise InputError(message, hint=f"its columns are at least {', '.join(needs)}")
    return frame
