"""What an operator may set of the management API and of appeals, and where things are.

Any field of ControlSettings is a variable (STILLWATCH_CONTROL_APPEAL_DAYS=14), read as a section
`control` by `app/settings.py`. Places are what the command line names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from stillwatch.domain.errors import SettingError
from stillwatch.domain.service_limits import BACKTEST_S_MAX, EFFECT_DAYS_MAX
from stillwatch.domain.settings import PolicySettings


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """All that may be set."""

    appeal_url_base: str = ""
    """Where customers reach `/appeals`, as `https://api.example/appeals`; empty = they are told no
    link, and appeal as `STILLWATCH_POLICY_APPEAL` says."""
    appeal_days: int = 14
    """Days within which an appeal is answered: reviewers have weekends, and an innocent customer
    must not wait for longer than for a suspicion to be looked at (`review_days`)."""
    backtest_s: float = 120.0
    """Seconds of a backtest that the service starts; service_limits.BACKTEST_S_MAX at most."""

    def check(self) -> ControlSettings:
        """Hold the settings to their bounds.

        Raises:
            SettingError: one is outside them.
        """
        if self.appeal_url_base and not self.appeal_url_base.startswith(("https://", "http://")):
            message = f"appeal_url_base is {self.appeal_url_base!r}"
            raise SettingError(message, hint="give an address: https://HOST/appeals")
        if not 1 <= self.appeal_days <= EFFECT_DAYS_MAX:
            message = f"appeal_days is {self.appeal_days}"
            raise SettingError(message, hint=f"it may be 1 to {EFFECT_DAYS_MAX}")
        if not 0 < self.backtest_s <= BACKTEST_S_MAX:
            message = f"backtest_s is {self.backtest_s}"
            raise SettingError(message, hint=f"it may be up to {BACKTEST_S_MAX:.0f}")
        return self


def _nowhere() -> Path | None:
    return None


@dataclass(frozen=True, slots=True)
class Places:
    """Where the management API finds what the ledger doesn't hold; what is absent stands aside."""

    newest: Callable[[], Path | None] = _nowhere
    """Names the newest result."""
    results: Path | None = None
    """Folder of results, for backtests and for the evidence of older decisions."""
    lake: Path | None = None
    """Lake, whose register says who is protected, and in which programme."""
    channels: tuple[str, ...] = ()
    """Channels of the outbox on which an approved decision is brought out."""
    policy_name: str = "house"
    """Name of the ledger's policy whose guards hold (`STILLWATCH_ENFORCE_POLICY_NAME`)."""
    policy: PolicySettings = field(default_factory=PolicySettings)
