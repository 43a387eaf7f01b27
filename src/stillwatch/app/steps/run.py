"""What every step of one run needs, handed on as one value."""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.progress import Progress
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings


@dataclass(frozen=True)
class Run:
    """What every step of one run needs."""

    settings: Settings
    key: PseudonymKey
    ledger: RunLedger
    progress: Progress
    seed: int
