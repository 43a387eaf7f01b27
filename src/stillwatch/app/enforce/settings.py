"""What an operator may set of enforcement: `STILLWATCH_ENFORCE_…`, read once at the start."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stillwatch.app.deliver.settings import channels_in_use, read_deliver_settings
from stillwatch.app.settings import read_section


@dataclass(frozen=True, slots=True)
class EnforceSettings:
    """All that may be set."""

    policy_name: str = "house"
    """Name of the ledger's policy that rules as soon as a version of it is active."""
    channels: str = ""
    """Channels of the outbox, with commas between, that get every effect which takes something;
    gateways need none: they follow what is in force. Empty = those for which deliveries are set
    up."""

    def channel_names(self) -> tuple[str, ...]:
        """Give the channels one by one."""
        return tuple(one for part in self.channels.split(",") if (one := part.strip()))


def read_enforce_settings() -> EnforceSettings:
    """Take what the environment sets, of deliveries too.

    Raises:
        SettingError: a variable names no setting, or has a value that it can't have.
    """
    settings: EnforceSettings = read_section("enforce", EnforceSettings())
    in_use = ",".join(channels_in_use(read_deliver_settings()))
    return replace(settings, channels=settings.channels or in_use)
