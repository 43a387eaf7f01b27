"""Effects for batch consumers: claim, write a file, write what is in force, settle.

The folder is held alone for a round, so that names and contents have one order. A round that dies
between two steps is done again by the next: operations may come twice, under the same keys, and
what is in force is always read from the ledger anew.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from stillwatch.act.batch_files import write_effects_file, write_in_force_file
from stillwatch.act.effect_messages import write_in_force, write_items
from stillwatch.app.deliver.means import ACTOR, Means
from stillwatch.domain.service_limits import CLAIM_ROWS_MAX, DELIVERY_CLAIM_S, LEDGER_PAGE_MAX
from stillwatch.store.durable import try_to_hold
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.views import View

CHANNEL: Final = "file"
_FOLDER_RIGHTS: Final = 0o750
"""Rights of a folder that is made here: it names accounts, so it is for its owner and a group."""


class EffectsFiles:
    """What brings effects into one folder."""

    def __init__(self, ledger: Ledger, folder: Path, means: Means) -> None:
        self._ledger, self._folder, self._means = ledger, folder, means
        self._has_written = False

    def round(self) -> bool:
        """Write what is due; say whether more may wait. The first round writes what is in force.

        Raises:
            LedgerError: the ledger can't be read or written; what was written is written again.
            OSError: the folder can't be written; what was claimed is tried again after the claim.
        """
        now = self._means.now()
        with self._ledger.read() as view:
            if self._has_written and not view.has_due_effects(CHANNEL, now=now):
                return False
        self._folder.mkdir(mode=_FOLDER_RIGHTS, parents=True, exist_ok=True)
        held = try_to_hold(self._folder)
        if held is None:  # another deliverer writes
            return False
        try:
            return self._write(now)
        finally:
            os.close(held)

    def _write(self, now: datetime) -> bool:
        claim_id = self._means.new_id()
        until = now + timedelta(seconds=DELIVERY_CLAIM_S)
        with self._ledger.write(actor=ACTOR, now=now) as change:
            deliveries = change.claim_effects(claim_id, channel=CHANNEL, until=until)
        if deliveries:
            with self._ledger.read() as view:
                out = view.list_out_of_claim(claim_id)
            lines = [written for _, written in write_items(deliveries, out=out)]
            write_effects_file(self._folder, lines, now=now)
        self._write_in_force(now)
        with self._ledger.write(actor=ACTOR, now=self._means.now()) as change:
            change.note_delivered(claim_id)
        self._has_written = True
        return len(deliveries) == CLAIM_ROWS_MAX

    def _write_in_force(self, now: datetime) -> None:
        with self._ledger.read() as view:
            lines, version = _read_in_force(view), view.count_entries()
        write_in_force_file(self._folder, lines, version=version, now=now)


def _read_in_force(view: View) -> list[bytes]:
    lines: list[bytes] = []
    after = ("", "")
    while True:
        page = view.list_out(CHANNEL, after=after)
        lines += write_in_force(page)
        if len(page) < LEDGER_PAGE_MAX:
            return lines
        after = (page[-1].account_id, page[-1].decision_id)
