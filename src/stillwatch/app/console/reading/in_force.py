"""Which effects are in force now: the ledger's, where a service has one.

A result's own table says what the policy of its look would have done at once; where people decide,
what is in force is what they approved. Read again when the audit log has gone on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl

from stillwatch.app.console.reading.reading import Reading
from stillwatch.domain.results import DECISION
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.views import View

_COLUMNS: Final = ("decision_id", "account_id", "effect", "reason", "expires_at")


def follow_ledger(reading: Reading, ledger: Ledger, *, now: datetime) -> None:
    """Have a reading tell the effects that the ledger says are in force.

    Cost:    one small read; linear in accounts under a decision where the audit log has gone on.

    Raises:
        LedgerError: the ledger can't be read.
    """
    with ledger.read() as view:
        mark = str(view.find_head().entries)
        if mark != reading.mark:
            reading.enforce(_read(view, now), mark=mark)


def _read(view: View, now: datetime) -> pl.DataFrame:
    rows, after = [], ("", "")
    while True:
        page = view.list_effects_in_force(now=now, after=after)
        rows += [{name: getattr(one, name) for name in _COLUMNS} for one in page]
        if len(page) < LEDGER_PAGE_MAX:
            break
        after = (page[-1].account_id, page[-1].decision_id)
    frame = pl.DataFrame(rows, schema={name: DECISION.schema[name] for name in _COLUMNS})
    return DECISION.conform(frame.with_columns(basis=pl.lit("in the ledger")))
