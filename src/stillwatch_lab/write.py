"""Write a traffic directory: files as the contract has them, whole or not at all.

Takes frames from `simulate`; everything lands in a hidden directory beside the target, which takes
its name when the last file is closed. Truth goes under `truth/` and nowhere else.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import polars as pl

from stillwatch.domain.errors import InputError
from stillwatch.domain.tables import ACCOUNT
from stillwatch_lab.scene import instant

_TRUTH: Final = ("exchange_id", "campaign")
_PRICE_PER_TOKEN: Final = 6e-5
"""Currency units of a month's revenue for each output token of the run (a guess)."""


class Writer:
    """Collects a scenario's files; use it as a context."""

    def __init__(self, out: Path, *, file_format: str) -> None:
        self._out = out
        self._place = out.with_name(f".{out.name}.part")
        self._format = file_format
        self._register: list[pl.DataFrame] = []
        self._roles: list[pl.DataFrame] = []
        self._grants: list[dict[str, object]] = []
        self._harvest: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._files = 0
        self._exchanges = 0
        self._size = 0

    def __enter__(self) -> Self:
        if self._out.exists():
            message = f"{self._out} exists"
            raise InputError(message, hint="choose another --out, or remove it first")
        shutil.rmtree(self._place, ignore_errors=True)
        (self._place / "truth").mkdir(parents=True)
        (self._place / "truth" / "exchanges.csv").write_text(",".join(_TRUTH) + "\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            shutil.rmtree(self._place, ignore_errors=True)
            return
        self._write_accounts()
        self._write_records("permissions.jsonl", self._grants)
        self._size = sum(f.stat().st_size for f in self._place.rglob("*") if f.is_file())
        self._place.rename(self._out)

    def add_accounts(
        self, people: pl.DataFrame, names: pl.Series, *, grants: tuple[dict[str, object], ...]
    ) -> None:
        """Keep a cohort's rows for the register and for the truth."""
        self._register.append(_register_rows(people, names))
        heirs = people["replaces"]
        self._roles.append(
            people.select(
                names,
                "role",
                "campaign",
                names.gather(heirs).alias("replaces"),
                "group",
            )
        )
        self._grants.extend(grants)

    def write_exchanges(self, part: pl.DataFrame) -> None:
        """Write one file of exchanges, and its harvest into the truth."""
        exchanges = part.drop("campaign")
        name = self._place / f"exchanges-{self._files:04d}.{self._format}"
        if self._format == "jsonl":
            exchanges.write_ndjson(name)
        else:
            exchanges.write_parquet(name, compression="zstd", compression_level=1)
        harvest = part.select(_TRUTH).drop_nulls()
        with (self._place / "truth" / "exchanges.csv").open("ab") as truth:
            harvest.write_csv(truth, include_header=False)
        self._harvest.update(harvest["campaign"].to_list())
        senders = part["account_id"].value_counts()
        self._sent.update(dict(senders.iter_rows()))
        self._files += 1
        self._exchanges += part.height

    def write_releases(self, records: list[dict[str, str]]) -> None:
        """Write the model releases."""
        self._write_records("releases.jsonl", records)

    def totals(self) -> dict[str, Any]:
        """Give the counts of what was written."""
        roles = pl.concat(self._roles)
        campaigns = Counter(roles["campaign"].drop_nulls().to_list())
        return {
            "accounts": roles.height,
            "exchanges": self._exchanges,
            "campaigns": dict(campaigns),
            "harvest": dict(self._harvest),
            "files": self._files,
            "size_bytes": self._size,
        }

    def _write_accounts(self) -> None:
        register = pl.concat(self._register).sort("account_id")
        sent = pl.Series([self._sent[account] for account in register["account_id"].to_list()])
        register = register.with_columns((pl.col("revenue_30d") * sent).round(2))
        register.write_ndjson(self._place / "accounts.jsonl")
        roles = pl.concat(self._roles).sort("account_id")
        roles = roles.with_columns(sent.alias("exchanges"))
        roles.write_csv(self._place / "truth" / "accounts.csv")

    def _write_records(self, name: str, records: list[Any]) -> None:
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (self._place / name).write_text(lines)


def _register_rows(people: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """Bring a cohort to the contract's account record."""
    spelt = people.with_columns(
        names,
        pl.Series("created_at", [instant(at) for at in people["created_s"].to_list()]),
        pl.Series(
            "status_changed_at",
            [None if at is None else instant(at) for at in people["closed_s"].to_list()],
            dtype=pl.String,
        ),
        pl.when(pl.col("closed_s").is_null())
        .then(pl.lit("active"))
        .otherwise(pl.lit("terminated"))
        .alias("status"),
        (pl.col("answer_tokens") * _PRICE_PER_TOKEN).alias("revenue_30d"),  # of one exchange, yet
    )
    return ACCOUNT.conform(spelt)
