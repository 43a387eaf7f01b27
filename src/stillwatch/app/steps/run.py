"""What every step of one run needs, handed on as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.progress import Progress
from stillwatch.app.requests import Beforehand
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
    beforehand: Beforehand | None = None

    @property
    def answered(self) -> Answered | None:
        """What people have answered about groups; None where no ledger was named."""
        return self.beforehand.answered if self.beforehand else None

    def rules(self) -> Policy:
        """Give the policy of the run: the one that was named, else the shipped one."""
        return self.policy or shipped_policy()

    def tell_policy(self) -> dict[str, Any]:
        """Say which policy it is, and where it comes from, for `run.json`."""
        told = self.beforehand
        if told is None:
            origin = "shipped" if self.policy is None else "file"
            return {"policy": self.rules().name, "from": origin, "version": None}
        return {
            "policy": self.rules().name,
            "from": told.policy_from,
            "version": told.policy_id,
            "as_of_entry": told.as_of,
        }
