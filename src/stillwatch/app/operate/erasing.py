"""Erasing one person's data wherever it rests, with a receipt that doesn't name them.

What waits in a journal is in the lake before (the command sees to it). First what may refuse: the
ledger, where something is still to be done to the account. Then results, then the lake, with nobody
ingesting or looking. Killed anywhere, it is run again: what is gone is not found.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from stillwatch.app.operate.erased_results import Cleaning, clean_result, find_results, sum_counts
from stillwatch.app.operate.receipts import Person, Receipt
from stillwatch.app.steps.opening import lake_to_read, lake_to_rewrite
from stillwatch.domain.lake_tables import ACCOUNT_COLUMNS, EXCHANGE_COLUMNS, NOBODY
from stillwatch.domain.tables import OBSERVED, SYSTEM
from stillwatch.store.appends import count_appends
from stillwatch.store.lake import Lake
from stillwatch.store.ledger import Ledger
from stillwatch.store.upkeep import sweep_lake, thin_lake
from stillwatch.store.upkeep.thinning import FileRows

_WHY = "erasure"


@dataclass(frozen=True)
class Places:
    """Where to erase."""

    lake: Path | None = None
    ledger: Ledger | None = None
    results: Path | None = None
    journal: Path | None = None


@dataclass(frozen=True)
class _Traces:
    """What an exchange of the person leaves beside its own row."""

    exchange_ids: pl.Series
    system_hashes: pl.Series
    """System texts that nobody else's exchanges refer to."""


def erase_person(
    person: Person, places: Places, receipt: Receipt, *, actor: str, now: datetime
) -> Receipt:
    """Erase a person's data; of an account or an end user.

    Cost:    every file of the lake is looked at, and those that hold something written again.

    Raises:
        MoveRefused: the ledger still has something to do to the account; nothing was changed.
        StillwatchError: a place can't be read or written; run it again.
    """
    if places.ledger is not None:
        _erase_from_ledger(person, places.ledger, receipt, actor=actor, now=now)
    traces = _Traces(pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.Int64))
    if places.lake is not None:
        with lake_to_read(places.lake) as lake:
            traces = _find_traces(person, Lake(lake.place, up_to=lake.up_to))
            if lake.since and person.kind == "end_user":
                why = "under that key, which is not this one, they have another pseudonym"
                receipt.leave("exchanges under the pseudonym key before", why=why)
    _erase_from_results(person, places, receipt, traces)
    if places.lake is not None:
        traces = _erase_from_lake(person, places.lake, receipt)
        for table, why in sorted(NOBODY.items()):
            receipt.leave(f"lake and results: {table}", why=why)
        _erase_from_results(person, places, receipt, traces)  # of a look that has ended meanwhile
    elif places.results is not None:
        why = "without --lake it isn't known which are theirs"
        receipt.leave("results: exchanges outside of campaigns", why=why)
    if places.journal is not None:
        _tell_segments(places.journal, receipt)
    receipt.leave(
        "backups made before", why="they are not touched: let them expire, or delete them"
    )
    return receipt


def _erase_from_ledger(
    person: Person, ledger: Ledger, receipt: Receipt, *, actor: str, now: datetime
) -> None:
    if person.kind != "account":
        receipt.leave("ledger", why="it holds accounts and operators, and no end users")
        return
    if receipt.is_dry_run:
        with ledger.try_out(actor=actor, now=now) as change:
            rows = change.erase_account(person.id, tombstone=person.tombstone)
    else:
        with ledger.write(actor=actor, now=now) as change:
            rows = change.erase_account(person.id, tombstone=person.tombstone)
            facts = {"rows": rows, "subject": person.tombstone}
            change.note_upkeep("account.erase", receipt.receipt_id, facts)
    left = rows.pop("left", 0)
    receipt.ledger = {"rows": rows}
    receipt.leave("ledger: audit log", why="hashes and ids of rows; it names no account")
    if left:
        why = "the audit log holds these ids for ever; choose ids that are made of no account"
        receipt.leave(f"ledger: {left} ids of rows that contain the account's id", why=why)


def _erase_from_results(person: Person, places: Places, receipt: Receipt, traces: _Traces) -> None:
    """Erase from results: before the lake, which alone knows whose an exchange is, and after it."""
    if places.results is None:
        return
    cleaning = Cleaning(person, traces.exchange_ids, receipt.at, _WHY)
    found = find_results(places.results)
    each = [clean_result(one, cleaning, is_dry_run=receipt.is_dry_run) for one in found]
    if receipt.is_dry_run and receipt.results:
        return
    before = receipt.results or {"changed": 0, "rows": {}}
    receipt.results = {
        "results": len(each),
        "changed": before["changed"] + sum(1 for one in each if one),
        "rows": sum_counts([before["rows"], *each]),
    }


def _erase_from_lake(person: Person, place: Path, receipt: Receipt) -> _Traces:
    with lake_to_rewrite(place):
        lake = Lake(place, up_to=count_appends(place))
        traces = _find_traces(person, lake)

        def choose(file: FileRows) -> pl.Series | None:
            return _choose(file, person, traces)

        about = None if receipt.is_dry_run else {"why": _WHY, "receipt": receipt.receipt_id}
        thinned = thin_lake(lake, choose, at=receipt.at, about=about)
        receipt.lake = {"rows": thinned.sums(), "files": thinned.files}
        if not receipt.is_dry_run:
            for day in {day for days in thinned.rows.values() for day in days}:
                for kept in place.glob(f"kept/*/day={day}"):
                    shutil.rmtree(kept)
            shutil.rmtree(place / ".arriving", ignore_errors=True)
            swept = sweep_lake(place, waits=True)
            receipt.lake["files_deleted"] = swept.files if swept else 0
    return traces


def _find_traces(person: Person, lake: Lake) -> _Traces:
    rows = lake.scan(OBSERVED.name).select(
        "exchange_id", "system_hash", _is_of(person).fill_null(value=False).alias("is_of")
    )
    own = rows.filter("is_of").select("exchange_id", "system_hash").collect()
    texts = own.select("system_hash").drop_nulls().unique()
    others = rows.filter(~pl.col("is_of")).select("system_hash").unique().collect()
    return _Traces(
        own["exchange_id"], texts.join(others, on="system_hash", how="anti")["system_hash"]
    )


def _is_of(person: Person) -> pl.Expr:
    if person.kind == "account":
        return pl.col("account_id") == person.id
    return pl.col("end_user_hash") == person.end_user_hash


def _choose(file: FileRows, person: Person, traces: _Traces) -> pl.Series | None:
    """Choose rows by the columns that there are: an unknown table is looked at like any."""
    names = file.rows.collect_schema().names()
    asked: list[pl.Expr] = []
    if person.kind == "account":
        asked += [pl.col(name) == person.id for name in ACCOUNT_COLUMNS if name in names]
    elif "end_user_hash" in names:
        asked.append(pl.col("end_user_hash") == person.end_user_hash)
    ids = traces.exchange_ids.implode()
    asked += [pl.col(name).is_in(ids) for name in EXCHANGE_COLUMNS if name in names]
    if file.table == SYSTEM.name:
        asked.append(pl.col("system_hash").is_in(traces.system_hashes.implode()))
    if not asked:
        return None
    goes = pl.any_horizontal([one.fill_null(value=False) for one in asked]).alias("goes")
    return file.rows.select(goes).collect()["goes"]


def _tell_segments(journal: Path, receipt: Receipt) -> None:
    """Say what of a journal can't be looked into: it was committed before, as far as it goes."""
    from stillwatch.store.segments import SegmentFolder  # noqa: PLC0415  wants the extra `serve`

    folder = SegmentFolder(journal)
    waiting, damaged = len(folder.unfinished()) + len(folder.sealed()), len(folder.damaged())
    receipt.segments.update(waiting=waiting, damaged=damaged)
    if waiting:
        why = "the service writes them now: run this again in half a minute"
        receipt.leave(f"{waiting} segments of the journal", why=why)
    if damaged:
        why = "they are kept for a person: delete them by hand"
        receipt.leave(f"{damaged} damaged segments of the journal", why=why)
