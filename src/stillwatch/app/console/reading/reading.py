"""One result in memory, for as long as it is the newest.

Small tables are read whole, once, when a page first asks for them; large ones (exchanges, evidence)
are scanned for the rows that a page needs. A result never changes, so that nothing has to be told
when it does: the newest is another one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar, cast

import polars as pl

from stillwatch.domain.errors import NotAResult
from stillwatch.domain.lake_tables import CONDUCT, HISTORY, TIE
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    DECISION,
    EVIDENCE,
    EXCHANGES_OUT,
    GROUPS_OUT,
    HARVEST,
    TEMPLATES_OUT,
)
from stillwatch.domain.schema import Table
from stillwatch.domain.tables import LAUNCH, REGISTER
from stillwatch.report.findings import Findings
from stillwatch.store.results import Result, file_of

Kept = TypeVar("Kept")
KEPT_MAX: Final = 64
"""Things made of a result that are kept: members, graph, drawings, data of some ten campaigns."""


class Reading:
    """A result as pages ask for it; its tables are frames of `domain/results.py`."""

    def __init__(self, result: Result) -> None:
        self.place = result.place
        self._result = result
        self._kept: dict[tuple[str, ...], Any] = {}
        self._making: dict[tuple[str, ...], Lock] = {}
        self._lock = Lock()
        self.run: dict[str, Any] = result.run()
        self.mark = ""
        self._effects: pl.DataFrame | None = None

    @cached_property
    def accounts(self) -> pl.DataFrame:
        """Give ACCOUNTS_OUT."""
        return self._result.table(ACCOUNTS_OUT)

    @cached_property
    def groups(self) -> pl.DataFrame:
        """Give GROUPS_OUT."""
        return self._result.table(GROUPS_OUT)

    @cached_property
    def campaigns(self) -> pl.DataFrame:
        """Give CAMPAIGNS_OUT."""
        return self._result.table(CAMPAIGNS_OUT)

    @cached_property
    def harvest(self) -> pl.DataFrame:
        """Give HARVEST; empty where an older result has none."""
        return self.table_or_none(HARVEST)

    @cached_property
    def templates(self) -> pl.DataFrame:
        """Give TEMPLATES_OUT; empty where an older result has none."""
        return self.table_or_none(TEMPLATES_OUT)

    @property
    def decisions(self) -> pl.DataFrame:
        """Give DECISION: the effects in force, as the ledger or else the result has them."""
        return self._own_effects if self._effects is None else self._effects

    @cached_property
    def _own_effects(self) -> pl.DataFrame:
        return self._result.table(DECISION)

    def enforce(self, effects: pl.DataFrame, *, mark: str) -> None:
        """Take DECISION from the ledger; `mark` says from which state of it."""
        self._effects = effects
        self.mark = mark

    @cached_property
    def evidence(self) -> pl.DataFrame:
        """Give EVIDENCE on groups; that on accounts is asked for one by one."""
        groups = self.groups.select(subject_id="group_id")
        campaigns = self.campaigns.select(subject_id="campaign_id")
        subjects = pl.concat([groups, campaigns]).unique()
        return self.scan(EVIDENCE).join(subjects.lazy(), on="subject_id", how="semi").collect()

    @cached_property
    def findings(self) -> Findings:
        """Give what the report's own renderers read, with the evidence on groups alone."""
        return Findings(
            accounts=self.accounts,
            groups=self.groups,
            campaigns=self.campaigns,
            evidence=self.evidence,
            harvest=self.harvest,
            templates=self.templates,
            decisions=self.decisions,
            run=self.run,
        )

    @cached_property
    def ties(self) -> pl.DataFrame:
        """Give TIE; empty where an older result has none."""
        return self.table_or_none(TIE)

    @cached_property
    def register(self) -> pl.DataFrame:
        """Give REGISTER of the accounts in tied groups; empty where there is none."""
        return self.table_or_none(REGISTER)

    @cached_property
    def launches(self) -> pl.DataFrame:
        """Give LAUNCH; empty where there is none."""
        return self.table_or_none(LAUNCH)

    @cached_property
    def history(self) -> pl.DataFrame:
        """Give HISTORY; empty for a scan, which has no look before it."""
        return self.table_or_none(HISTORY)

    def conduct_of(self, account_id: str) -> pl.DataFrame:
        """Give CONDUCT of one account in the order of time; empty where it was not kept."""
        if not self.path_of(CONDUCT).is_file():
            return CONDUCT.empty()
        return self.scan(CONDUCT).filter(pl.col("account_id") == account_id).collect()

    def evidence_on(self, subject_id: str) -> pl.DataFrame:
        """Give EVIDENCE on one account or group, the strongest first."""
        found = self.scan(EVIDENCE).filter(pl.col("subject_id") == subject_id).collect()
        return found.sort("weight_bits", "channel", descending=[True, False])

    def exchanges_of(self, account_id: str) -> pl.DataFrame:
        """Give EXCHANGES_OUT of one account; empty where it is in no campaign."""
        return self.scan(EXCHANGES_OUT).filter(pl.col("account_id") == account_id).collect()

    def scan(self, table: Table) -> pl.LazyFrame:
        """Look into a table of the result without reading it whole.

        Raises:
            NotAResult: its file is absent, or was cut off.
        """
        path = self.path_of(table)
        if not path.is_file():
            raise NotAResult(str(self.place), missing=path.name)
        frame = pl.scan_parquet(path)
        try:
            frame.collect_schema()
        except (pl.exceptions.PolarsError, OSError) as broken:
            raise NotAResult(str(self.place), missing=f"readable {path.name}") from broken
        return frame

    def remember(self, *key: str, make: Callable[[], Kept]) -> Kept:
        """Give what was made under a key, made once; the oldest goes when there are KEPT_MAX.

        Who asks for what another thread is making waits for that one. `make` may remember parts of
        its own under other keys.
        """
        with self._lock:
            if key in self._kept:
                return cast("Kept", self._kept[key])
            alone = self._making.setdefault(key, Lock())
        with alone:
            with self._lock:
                if key in self._kept:
                    return cast("Kept", self._kept[key])
            try:
                made = make()
                with self._lock:
                    while len(self._kept) >= KEPT_MAX:
                        self._kept.pop(next(iter(self._kept)))
                    self._kept[key] = made
                return made
            finally:  # what can't be made leaves no lock behind, whatever ids are asked for
                with self._lock:
                    self._making.pop(key, None)

    def path_of(self, table: Table) -> Path:
        """Give where a table rests."""
        return self.place / file_of(table)

    def table_or_none(self, table: Table) -> pl.DataFrame:
        """Give a table that older results lack; empty then."""
        if not self.path_of(table).is_file():
            return table.empty()
        return self._result.table(table)
