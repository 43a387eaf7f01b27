"""Where effects and notices go: the operator's word alone, never anything that data brings.

    STILLWATCH_DELIVER_WEBHOOK_URL=https://accounts.internal/stillwatch, …   any field below

Secrets are given in a file that its owner alone may read, one a line, or in the environment; they
are never shown. An address is taken as it is, be it of a private network: the account service
usually is in one. Plain HTTP is for this machine, or for who says `allow_plain_http`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from stillwatch.app.settings import PREFIX, read_section
from stillwatch.domain.errors import SettingError
from stillwatch.domain.service_limits import WEBHOOK_S_MAX

SECTION: Final = "deliver"
PERSONAL: Final = "mail:"
"""How the sink of one follower's mail begins; the rest is the follower's name."""
_FORMATS: Final = ("full", "text")


@dataclass(frozen=True, slots=True)
class DeliverSettings:
    """All that may be set; an address that is empty is a channel that isn't there."""

    webhook_url: str = ""
    """Where effects go: the provider's account service."""
    webhook_secrets: str = field(default="", repr=False)
    """`whsec_…`, several between spaces: all of them sign."""
    webhook_secrets_file: str = ""
    files: str = ""
    """Folder for batch consumers."""
    notice_url: str = ""
    notice_secrets: str = field(default="", repr=False)
    notice_secrets_file: str = ""
    notice_format: str = "full"
    """`text` = nothing but a text, for a chat that refuses what it doesn't know."""
    ca_file: str = ""
    """Certificates to trust instead of the system's, for all of them."""
    timeout_s: float = 10.0
    """Seconds of a connection, and again of an exchange over it."""
    allow_plain_http: bool = False
    mail_to: str = ""
    """Addresses, between commas."""
    mail_followers_file: str = ""
    """Who follows cases, and their own addresses: `user address`, one a line."""
    mail_from: str = ""
    mail_host: str = ""
    mail_port: int = 587
    mail_security: str = "starttls"
    """`starttls`, `tls`, or `none` on this machine."""
    mail_user: str = ""
    mail_password: str = field(default="", repr=False)
    mail_password_file: str = ""
    link_base: str = ""
    """Where the console is, for links in notices."""
    notices_per_minute: float = 4.0
    """Messages to each sink; what comes in between is told together."""
    appeal_hours: float = 48.0
    """Hours before its deadline at which an appeal without an answer is told."""
    audit_hours: float = 24.0
    """Hours between two verifications of the audit log; 0 = none here."""

    @property
    def is_in_use(self) -> bool:
        """Say whether anything is brought anywhere."""
        return any(
            (self.webhook_url, self.files, self.notice_url, self.mail_to, self.mail_followers_file)
        )


def read_deliver_settings(environment: Mapping[str, str] = os.environ) -> DeliverSettings:
    """Take what the environment sets.

    Raises:
        SettingError: a variable names no setting, or has a value that it can't have.
    """
    settings: DeliverSettings = read_section(SECTION, DeliverSettings(), environment)
    if settings.notice_format not in _FORMATS:
        raise refused(setting="notice_format", says="is neither full nor text")
    if not 0 < settings.timeout_s <= WEBHOOK_S_MAX:
        raise refused(setting="timeout_s", says=f"is not between 0 and {WEBHOOK_S_MAX:g}")
    if settings.notices_per_minute <= 0:
        raise refused(setting="notices_per_minute", says="is no rate above 0")
    if settings.link_base and urlsplit(settings.link_base).scheme not in ("http", "https"):
        raise refused(setting="link_base", says="is no http:// or https:// address")
    return settings


def channels_in_use(settings: DeliverSettings) -> tuple[str, ...]:
    """Name the channels for `enqueue_effects`: those from which somebody brings effects out."""
    there = (("webhook", settings.webhook_url), ("file", settings.files))
    return tuple(channel for channel, place in there if place)


def refused(*, setting: str, says: str) -> SettingError:
    """Word why a setting can't be as it is; what it holds is not repeated."""
    variable = f"{PREFIX}{SECTION.upper()}_{setting.upper()}"
    return SettingError(f"{variable} {says}", hint="docs/operate/delivery.md has all settings")
