"""What an operator may set of enforcement: `STILLWATCH_ENFORCE_…`, read once at the start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnforceSettings:
    """All that may be set."""

    policy_name: str = "house"
    """Name of the ledger's policy that rules as soon as a version of it is active."""
    channels: str = ""
    """Channels of the outbox, with commas between, that get every effect which takes something;
    gateways need none: they follow what is in force."""

    def channel_names(self) -> tuple[str, ...]:
        """Give the channels one by one."""
        return tuple(one for part in self.channels.split(",") if (one := part.strip()))
