"""Decisions in the making, and accounts that are let be: what `proposals` gives to others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stillwatch.app.enforce.from_looks.naming import case_id_of


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision in the making: all but its id, and with accounts that may still fall away."""

    campaign_id: str | None
    subject: tuple[str, str]
    """Kind and id of what it is about."""
    rule: str
    effect: str
    parameters: str
    people: int
    is_shared: bool
    expires_at: datetime
    basis: str
    account_ids: tuple[str, ...]

    @property
    def case_id(self) -> str | None:
        """The case of its campaign."""
        return None if self.campaign_id is None else case_id_of(self.campaign_id)


@dataclass(frozen=True, slots=True)
class KeptOff:
    """Accounts of a campaign that get nothing, and why."""

    campaign_id: str | None
    why: str
    account_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a policy wants of a look, and whom it lets be."""

    drafts: tuple[Draft, ...]
    kept_off: tuple[KeptOff, ...]
