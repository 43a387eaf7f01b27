"""What is known of accounts beside the ledger: the newest result, and the lake's register.

Both are read when somebody asks, in a thread, and kept until there is a newer one: a dry run of
20,000 accounts reads a result once. A service without a lake knows no programmes, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import polars as pl

from stillwatch.app.service.control.settings import Places
from stillwatch.decide.policy.subjects import SPARED, Known
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT
from stillwatch.domain.tables import REGISTER
from stillwatch.store.appends import count_appends
from stillwatch.store.lake import Lake
from stillwatch.store.ledger.questions.restraints import SparedAccount
from stillwatch.store.results import Result, read_result

_NO_RESULT = "no result: nobody knows what these accounts sent, or what share of traffic they are"
_NO_REGISTER = "no register: programmes, protected accounts and revenue are unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known, and where it comes from."""

    known: Known
    result: str | None
    """Name of the result."""
    remarks: tuple[str, ...]

    def with_spared(self, spared: Iterable[SparedAccount]) -> Standing:
        """Say besides who was let go, and when."""
        rows = [(one.account_id, one.at) for one in spared]
        frame = pl.DataFrame(rows, schema=SPARED, orient="row")
        return replace(self, known=replace(self.known, spared=frame))


class Knowledge:
    """Reads what is known, once as long as nothing is newer."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._lock = Lock()
        self._of: tuple[Path | None, int] | None = None
        self._standing: Standing | None = None

    def read(self) -> Standing:
        """Give what is known now.

        Raises:
            NotAResult, LakeError: it can't be read.
        """
        with self._lock:
            newest, appends = self.places.newest(), self._appends()
            if self._standing is None or (newest, appends) != self._of:
                self._standing = self._read(newest, has_register=appends > 0)
                self._of = newest, appends
            return self._standing

    def find_result(self, name: str) -> Result | None:
        """Open the result of a name, else the newest.

        Nulls:   None where there is none at all.

        Raises:
            NotAResult: it is incomplete.
        """
        folder = self.places.results
        if folder is not None and name and Path(name).name == name and (folder / name).is_dir():
            return read_result(folder / name)
        newest = self.places.newest()
        return None if newest is None else read_result(newest)

    def _appends(self) -> int:
        lake = self.places.lake
        return count_appends(lake) if lake is not None and lake.is_dir() else 0

    def _read(self, newest: Path | None, *, has_register: bool) -> Standing:
        remarks = [] if newest else [_NO_RESULT]
        accounts, campaigns = ACCOUNTS_OUT.empty(), CAMPAIGNS_OUT.empty()
        if newest is not None:
            result = read_result(newest)
            accounts, campaigns = result.table(ACCOUNTS_OUT), result.table(CAMPAIGNS_OUT)
        register = self._register() if has_register else REGISTER.empty()
        if register.is_empty():
            remarks.append(_NO_REGISTER)
        known = Known(accounts, campaigns, register)
        return Standing(known, newest.name if newest else None, tuple(remarks))

    def _register(self) -> pl.DataFrame:
        from stillwatch.app.steps.window import read_snapshot  # noqa: PLC0415  brings every stage

        assert self.places.lake is not None  # noqa: S101  its appends were counted
        return read_snapshot(Lake(self.places.lake)).register
