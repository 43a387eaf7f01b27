"""What every step of one run needs, handed on as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.progress import Progress
from stillwatch.decide.policy.model import Policy
from stillwatch.decide.policy.shipped import shipped_policy
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings

if TYPE_CHECKING:
    from stillwatch.detect.dispositions.answered import Answered  # brings every stage after


@dataclass(frozen=True)
class Run:
    """What every step of one run needs."""

    settings: Settings
    key: PseudonymKey
    ledger: RunLedger
    progress: Progress
    seed: int
    policy: Policy | None = None
    answered: Answered | None = None
    """What people have answered about groups; None where no ledger was named."""

    def rules(self) -> Policy:
        """Give the policy of the run: the one that was named, else the shipped one."""
        return self.policy or shipped_policy()
